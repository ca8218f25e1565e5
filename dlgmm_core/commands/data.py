"""`data`: lists data sets, describes one, and fetches those that are not in the package."""

import argparse

from dlgmm_core.commands.columns import aligned
from dlgmm_core.commands.misuse import as_misuse
from dlgmm_core.data.datasets import DATASETS, load_dataset, own_datasets, require_data, require_known, shape_of
from dlgmm_core.data.own import find_own
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.runtime.wording import size_words

__all__ = ["describe", "run"]


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the three actions with their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="a line for each data set: what it is, where it is from, and its licence")
    show = actions.add_parser("show", help="what a data set has; it is read, so it must be on this computer")
    show.add_argument("name", metavar="NAME", help="as `data list` names it")
    get = actions.add_parser("get", help="fetch published data sets that are missing, and read them once")
    get.add_argument("names", nargs="+", choices=DATASETS, metavar="NAME", help=", ".join(DATASETS))


def run(options: argparse.Namespace) -> int:
    """Does what is asked.

    Raises:
        ConfigError: for an unknown name.
        DataError: if files are missing, damaged, or cannot be downloaded.
    """
    match options.action:
        case "list":
            _list()
        case "show":
            _show(options.name)
        case _:
            _get(options.names)
    return 0


def _list() -> None:
    rows = [
        (
            name,
            "here" if family.is_local() else "missing",
            _size(family.shape),
            f"{family.source}; licence: {family.licence}",
        )
        for name, family in DATASETS.items()
    ]
    print(*aligned([*rows, *map(_own_row, own_datasets())]), sep="\n")


def _own_row(name: str) -> tuple[str, str, str, str]:
    try:
        state, size = "here", _size(shape_of(name))
    except DataError:
        state, size = "damaged", ""
    return name, state, size, f"your own, {find_own(name)}"


def _size(shape: tuple[int, int]) -> str:
    height, width = shape
    return f"{height:>3} x {width}"


def _show(name: str) -> None:
    """Prints all of a data set, or how to download it first."""
    with as_misuse():
        require_known(name)
    family = DATASETS.get(name)
    if family is not None:
        print(f"{name}: {family.label}, {family.source}; licence: {family.licence}")
        if not family.is_local():
            require_data(name)  # which says what else it takes where nothing may be downloaded
            print(f"It is not on this computer: fetch it by: {PROGRAM} data get {name}")
            return
    path = find_own(name) if family is None else None
    if path is not None:
        print(f"{name}: your own, {path}, {size_words(path.stat().st_size)}")
    found = load_dataset(name)
    height, width = found.shape
    print(f"images: {len(found.train):,} training, {len(found.valid):,} validation, {len(found.test):,} test")
    print(f"pixels: {height} x {width}, {100 * found.train.binary.mean():.1f} % ink")
    print(f"classes: {', '.join(found.class_names) or 'no labels'}")
    print(f"digest: {found.digest}")


def _get(names: list[str]) -> None:
    """Reads each, which downloads what is missing, unless `$DLGMM_DOWNLOAD` forbids it."""
    for name in names:
        found = load_dataset(name)
        print(
            f"{name}: {len(found.train):,} training, {len(found.valid):,} validation and {len(found.test):,} test"
            " images."
        )
