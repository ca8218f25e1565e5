"""Options for a file that a command writes where its user says, and what may lie there before."""

import argparse
import os
from pathlib import Path

from dlgmm_core.checks import require
from dlgmm_core.options import path
from dlgmm_core.runtime.files import require_writable

__all__ = ["add_output", "require_output"]


def add_output(parser: argparse.ArgumentParser, ending: str, meaning: str, required: bool = False) -> None:
    """The options `--output` and `--replace`.

    Args:
        parser: gets them.
        ending: of the file's name, such as ".html".
        meaning: what the file is of.
        required: whether there is no other place for it.
    """
    words = f"{ending} file {meaning}"
    parser.add_argument("-o", "--output", type=path, required=required, metavar="FILE", help=words)
    parser.add_argument("--replace", action="store_true", help="replace that file if it exists")


def require_output(output: Path, ending: str, replace: bool) -> None:
    """Checks, before any work, that the file can be written, and that nothing is lost that was not to be replaced.

    Args:
        output: the file.
        ending: which its name must have, since there is one format.
        replace: whether there may be one already.

    Raises:
        ConfigError: for another ending, if there is no folder for it, or something in its place.
        StorageError: if the folder cannot be written.
    """
    require(not output.is_dir(), f"{output} is a folder: name a file in it by --output.")
    sentence = f"{output} does not end in {ending}, the only format: choose another --output."
    require(output.suffix.lower() == ending, sentence)
    require(output.parent.is_dir(), f"There is no folder {output.parent}: make it first, or choose another --output.")
    if os.path.lexists(output):
        require(output.is_file(), f"{output} is not a regular file: choose another --output.")
        require(replace, f"{output} exists: add --replace, or choose another --output.")
    require_writable(output.parent)
