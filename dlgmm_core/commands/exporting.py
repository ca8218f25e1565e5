"""`export-html`: writes models as one HTML file, which needs no server."""

import argparse

from dlgmm_core.commands.folder import stored_folder
from dlgmm_core.commands.output import add_output, require_output
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.options import add_folder
from dlgmm_core.runtime.files import write_atomically
from dlgmm_core.runtime.wording import size_words
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import contents_of, require_exportable
from dlgmm_core.takeaway.page import page_bytes, require_page

__all__ = ["describe", "run"]

_ENDING = ".html"


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--checkpoint",
        nargs="+",
        metavar="NAME",
        default=["mnist-dlgmm-fig2"],
        help="models of the file, as `list` names them; default: that of the paper's figure 2",
    )
    add_output(parser, _ENDING, "of the page, such as demo.html", required=True)
    parser.add_argument("--link", metavar="URL", help="address that the page links to, such as an app or a course")
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the file.

    Raises:
        ConfigError, DataError, StorageError: as they happen; nothing is written then.
    """
    names = list(dict.fromkeys(options.checkpoint))
    folders = [stored_folder(options.checkpoints, name) for name in names]
    require_page(len(names), options.link)
    require_output(options.output, _ENDING, options.replace)
    found = [load_checkpoint(folder) for folder in folders]
    for _, checkpoint in found:
        require_exportable(checkpoint.model_config, checkpoint.name)
    datasets = {name: load_dataset(name) for name in {c.train_config.dataset for _, c in found}}
    models = [contents_of(model, c, datasets[c.train_config.dataset]) for model, c in found]
    content = page_bytes(models, options.link)
    write_atomically(options.output, content)
    print(f"{options.output}: {', '.join(names)}, {size_words(len(content))}. It opens in a browser, without a server.")
    return 0
