"""Options for a file that a command writes where its user says, and what may lie there before."""

import argparse
import os
from pathlib import Path

from dlgmm_core.checks import require
from dlgmm_core.options import path
from dlgmm_core.runtime.files import require_writable

__all__ = ["add_output", "require_output"]


def add_output(parser: argparse.ArgumentParser, meaning: str, required: bool = False) -> None:
    """The options `--output` and `--replace`.

    Args:
        parser: gets them.
        meaning: what the file is of.
        required: whether there is no other place for it.
    """
    parser.add_argument("-o", "--output", type=path, required=required, metavar="FILE", help=meaning)
    parser.add_argument("--replace", action="store_true", help="replace that file if it exists")


def require_output(output: Path, replace: bool) -> None:
    """Checks, before any work, that the file can be written, and that nothing is lost that was not to be replaced.

    Raises:
        ConfigError: if there is no folder for it, or something in its place.
        StorageError: if the folder cannot be written.
    """
    require(not output.is_dir(), f"{output} is a folder: name a file in it by --output.")
    require(output.parent.is_dir(), f"There is no folder {output.parent}: make it first, or choose another --output.")
    if os.path.lexists(output):
        require(output.is_file(), f"{output} is not a regular file: choose another --output.")
        require(replace, f"{output} exists: choose another --output, or add --replace.")
    require_writable(output.parent)
