"""A server downloads data sets only if its administrator says so."""

import os
import sys

from dlgmm_core.data.sources import DOWNLOAD, DataError, may_download

__all__ = ["refuse_downloads"]


def refuse_downloads() -> None:
    """Unless the environment allows it, nothing is downloaded in this process or in the jobs that it starts.

    It ends the program with one sentence if the variable is invalid.
    """
    if not os.environ.get(DOWNLOAD, "").strip():
        os.environ[DOWNLOAD] = "0"
    try:
        may_download()
    except DataError as error:
        sys.exit(str(error))
