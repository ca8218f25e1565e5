"""`map`: computes the t-SNE map of the test set's codes again, with other settings."""

import argparse
from dataclasses import replace

from dlgmm_core.analysis.tsne import fit_tsne
from dlgmm_core.checks import ConfigError, require
from dlgmm_core.commands.folder import stored_folder
from dlgmm_core.commands.output import add_output, require_output
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.options import add_context, add_device, add_folder, context_of
from dlgmm_core.runtime.device import choose_device
from dlgmm_core.runtime.files import require_writable
from dlgmm_core.runtime.progress import Progress
from dlgmm_core.runtime.wording import counted
from dlgmm_core.store.checkpoints import TSNE, load_checkpoint
from dlgmm_core.store.files import is_file
from dlgmm_core.store.tsne_map import MAP_AGAIN, ProjectionConfig, is_no_map, save_map, usual_perplexity

__all__ = ["describe", "run"]

_ENDING = ".safetensors"


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    usual = ProjectionConfig()
    parser.add_argument("name", metavar="NAME", help="a checkpoint, as `list` names it")
    parser.add_argument(
        "--perplexity",
        type=float,
        help=f"effective neighbours; default: {usual.perplexity:g}, or fewer for few test images",
    )
    parser.add_argument(
        "--iterations", type=int, default=usual.iterations, help="iterations of t-SNE; default: %(default)s"
    )
    parser.add_argument(
        "--seed", type=int, default=usual.seed, help="seed of the initial positions; default: %(default)s"
    )
    parser.add_argument(
        "--layer",
        type=int,
        default=1,
        metavar="L",
        help="layer whose codes are mapped, in a model of several; one below the first needs --output;"
        " default: %(default)s",
    )
    add_output(parser, _ENDING, "of the map; default: that in the folder of the checkpoint, which is replaced")
    add_context(parser)
    add_device(parser)
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Computes and stores the map.

    Raises:
        ConfigError, DataError, StorageError: as they happen; the old map is kept then.
    """
    settings = ProjectionConfig(
        ProjectionConfig.perplexity if options.perplexity is None else options.perplexity,
        options.iterations,
        options.seed,
    )
    folder = stored_folder(options.checkpoints, options.name)
    model, checkpoint = load_checkpoint(folder, choose_device(options.device))
    _require_layer(options, model.config.layers)
    context = context_of(options, checkpoint)
    if context is not None and options.output is None:
        raise ConfigError("The map in the checkpoint's folder is that of the model's own prior: give --output.")
    if options.output is None:
        is_file(folder / TSNE, MAP_AGAIN)
        require_writable(folder)
    else:
        require_output(options.output, _ENDING, options.replace)
        require(
            not is_no_map(options.output),
            f"{options.output} is a file of a checkpoint, and no map: choose another --output.",
        )
    dataset = load_dataset(checkpoint.train_config.dataset)
    dataset.require_digest(checkpoint.data, checkpoint.name)
    dataset.require_shape(model.config.image_shape)
    images = dataset.test.binary
    if options.perplexity is None:
        settings = replace(settings, perplexity=usual_perplexity(len(images)))
    try:
        settings.check(len(images))
    except ConfigError as error:
        raise ConfigError(f"{options.name}: {error.args[0]}") from error
    codes = encode(model.at(context), images, layer=options.layer - 1)
    with Progress(options.name) as progress:
        coordinates = fit_tsne(codes, settings, progress=progress.show)
    save_map(checkpoint, coordinates, settings, options.output)
    print(
        f"{options.name}: mapped with perplexity {settings.perplexity:g}, {counted(settings.iterations, 'iteration')},"
        f" seed {settings.seed}: {options.output or folder / TSNE}"
    )
    return 0


def _require_layer(options: argparse.Namespace, layers: int) -> None:
    """Checks `--layer`: the map in the checkpoint's folder is that of the first, with which pages place new codes.

    Raises:
        ConfigError: if there is no such layer, or its map would take the first's place.
    """
    if not 1 <= options.layer <= layers:
        raise ConfigError(
            f"{options.name} has {counted(layers, 'layer')}, and no layer {options.layer}: "
            + ("leave out --layer." if layers == 1 else f"choose a --layer from 1 to {layers}.")
        )
    if options.layer > 1 and options.output is None:
        raise ConfigError("The map in the checkpoint's folder is that of layer 1: give --output for another layer.")
