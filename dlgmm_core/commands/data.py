"""`data`: fetches data sets that may not be shipped, and reads them once."""

import argparse
import os

from dlgmm_core.data.datasets import DATASETS, load_dataset
from dlgmm_core.data.sources import DOWNLOAD

__all__ = ["describe", "run"]


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("names", nargs="+", choices=DATASETS, metavar="NAME", help=", ".join(DATASETS))


def run(options: argparse.Namespace) -> int:
    """Downloads what is missing, whatever `$DLGMM_DOWNLOAD` says: it was asked for.

    Raises:
        DataError: if files are damaged, or cannot be downloaded.
    """
    os.environ[DOWNLOAD] = "1"
    for name in options.names:
        found = load_dataset(name)
        print(
            f"{name}: {len(found.train):,} training, {len(found.valid):,} validation and {len(found.test):,} test"
            " images."
        )
    return 0
