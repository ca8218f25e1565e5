"""Options of `train` for data of one's own: where they lie, under which name they are kept, and how they are read."""

import argparse

from dlgmm_core.checks import SEED, ConfigError
from dlgmm_core.commands.misuse import as_misuse
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.data.own import Reading, keep_own, name_of, read_own, require_name, require_reading, require_source
from dlgmm_core.data.splits import SHARES
from dlgmm_core.data.suspicious import warnings_of
from dlgmm_core.options import path
from dlgmm_core.runtime.streams import say
from dlgmm_core.runtime.wording import counted

__all__ = ["add_own_data", "name_own_data", "read_own_data"]

_NAMES = ("data_name", "image_size", "split", "split_seed", "threshold")


def add_own_data(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    own = parser.add_argument_group("data of one's own")
    own.add_argument(
        "--data",
        type=path,
        metavar="PATH",
        help="an .npz, .csv or .zip file, or a folder of images, which is read once and kept under a name",
    )
    own.add_argument("--data-name", metavar="NAME", help="name of the data set; default: that of the file or folder")
    own.add_argument(
        "--image-size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="height and width that images are scaled to; of a .csv file, those they have",
    )
    own.add_argument(
        "--split",
        type=float,
        nargs=3,
        metavar=("TRAIN", "VALID", "TEST"),
        help=f"shares of the three parts, unless they are given; default: {' '.join(map(str, SHARES))}",
    )
    own.add_argument("--split-seed", type=int, metavar="SEED", help="seed of that split; default: 0")
    own.add_argument(
        "--threshold",
        action="store_true",
        default=None,
        help="ink is what is at least half of the full level, in place of a draw by grey levels",
    )


def name_own_data(options: argparse.Namespace) -> None:
    """Sets `options.dataset` to the name of the data set of one's own, if there is one.

    Raises:
        ConfigError: for options that do not go together or cannot be met, an invalid name, and no file to be read.
    """
    if options.data is None:
        for name in _NAMES:
            if getattr(options, name) is not None:
                raise ConfigError(f"--{name.replace('_', '-')} is for data of your own: give --data, too.")
        return
    if options.dataset is not None:
        raise ConfigError(
            "--dataset names a data set that is there already, and --data a new one: give one of the two."
        )
    if options.split_seed is not None:
        SEED.require("--split-seed", options.split_seed)
    name = name_of(options.data) if options.data_name is None else options.data_name
    if name in DATASETS:
        raise ConfigError(f"{name} is the name of a published data set: choose another one by --data-name.")
    with as_misuse():
        require_name(name)
        require_reading(options.data, _reading(options))
        if not options.resume:  # else it was read when the run began
            require_source(options.data)
    options.dataset = name


def read_own_data(options: argparse.Namespace) -> None:
    """Reads the data set, keeps it under its name, and says what it has.

    Raises:
        ConfigError: for a file or folder that cannot be read, or not so, and a name that another data set has.
        StorageError: if it cannot be kept.
    """
    with as_misuse():
        dataset = read_own(options.data, options.dataset, _reading(options))
        kept = keep_own(dataset)
    height, width = dataset.shape
    classes = counted(len(dataset.class_names), "class", "classes") if dataset.class_names else "no labels"
    say(
        f"{kept}: {len(dataset.train):,} training, {len(dataset.valid):,} validation and {len(dataset.test):,} test"
        f" images of {height} x {width} pixels, {classes}."
    )
    for warning in warnings_of(dataset):
        say(warning)


def _reading(options: argparse.Namespace) -> Reading:
    size, shares = options.image_size, options.split or SHARES
    return Reading(
        size=None if size is None else (size[0], size[1]),
        shares=(shares[0], shares[1], shares[2]),
        seed=options.split_seed or 0,
        threshold=bool(options.threshold),
    )
