"""Removal of a folder of checkpoints: nobody ever finds half of one."""

import os
import shutil
import tempfile
from pathlib import Path

from dlgmm_core.runtime.files import unwritable

__all__ = ["remove_folder"]


def remove_folder(folder: Path) -> None:
    """Removes a folder, if it is there: first from where checkpoints are looked for, then from the disk.

    Raises:
        StorageError: if it cannot be moved away; it is whole then.
    """
    away: str | None = None
    try:
        # no checkpoint is looked for in a folder's subfolders
        away = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.deleted.")
        os.rename(folder, os.path.join(away, folder.name))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        if away is not None:
            shutil.rmtree(away, ignore_errors=True)
