"""`reproduce`: runs the paper's experiments, and those beyond it, and records them."""

import argparse
import os
import re

from dlgmm_core.checks import COUNT, Check, ConfigError
from dlgmm_core.commands.columns import aligned
from dlgmm_core.commands.folder import require_no_file
from dlgmm_core.commands.kept import true_of
from dlgmm_core.experiments.reproduce import Protocol, reproduce
from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.experiments.table import select
from dlgmm_core.options import add_device, add_folder
from dlgmm_core.runtime.device import choose_device
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS

__all__ = ["describe", "run"]

_IMAGES = Check("a whole number above 1", lambda value: value > 1)
_ADDRESS = re.compile(r"((tcp|tls|wss?|ucxx?)://)?(\[[0-9a-fA-F:.%]+\]|[^\s/:@\[\]]+):(?P<port>[0-9]{1,5})/?")


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 1 <= int(found["port"]) <= 65_535


_SCHEDULER = Check("the address that `dask scheduler` prints, such as tcp://10.0.0.1:8786", _is_address)


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="recipes or names of experiments, * and ? stand for anything; default: all",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="experiments run at a time; default: %(default)s"
    )
    parser.add_argument(
        "--backend",
        choices=["local", "dask"],
        default="local",
        help="processes of this machine, or the workers of a Dask cluster; default: %(default)s",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="address of the Dask cluster, such as tcp://10.0.0.1:8786"
    )
    parser.add_argument(
        "--images",
        type=int,
        default=Protocol().images,
        help="test images of -log p(x) at S = 5000; S = 50 always takes all; default: %(default)s",
    )
    parser.add_argument(
        "--list", action="store_true", help="name the experiments and do nothing; of the options, --only alone matters"
    )
    add_device(parser)
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Runs the experiments that are not recorded yet, or lists all; either way all options are checked.

    Raises:
        ConfigError, ClusterError, DataError, EvaluationError, StorageError, TrainingError: as they happen; what was
            finished is kept.
    """
    experiments = select(options.only)
    COUNT.require("--jobs", options.jobs)
    _IMAGES.require("--images", options.images)
    if (options.backend == "dask") != bool(options.scheduler):
        raise ConfigError("--backend dask and --scheduler ADDRESS go together: give both, or neither.")
    if options.scheduler:
        _SCHEDULER.require("--scheduler", options.scheduler)
    require_no_file(options.checkpoints)
    protocol = Protocol(images=options.images, device=choose_device(options.device))
    if options.list:
        print(*aligned([(each.name, each.recipe, each.train.dataset) for each in experiments]), sep="\n")
        return 0
    # else the process that cleans up after a second Ctrl-C warns that there was something to clean up
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    folders = [options.checkpoints / each.name for each in experiments]
    with true_of(folders, (TRAINING, WEIGHTS), "Stopped before the end of any first epoch: nothing is kept."):
        reproduce(experiments, options.checkpoints, protocol, options.jobs, options.scheduler)
    print(f"{options.checkpoints / RESULTS}: written.")
    return 0
