"""Names of checkpoints, which are names of folders on every system, and parts of addresses."""

import re
from contextlib import suppress
from pathlib import Path

from dlgmm_core.store.files import CheckpointError

__all__ = ["checkpoint_folder", "require_valid"]

# Valid in a URL and on every file system, without escaping; Windows drops a dot at the end, and reserves some words.
_NAME = re.compile(r"(?!.*\.$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def checkpoint_folder(root: Path, name: str) -> Path:
    """The folder of the checkpoint of that name; it may not exist.

    Raises:
        CheckpointError: if the name is invalid, for example a path, or a folder's name in upper or lower case, which
            on some systems is the same name.
    """
    require_valid(name)
    with suppress(OSError):  # whoever reads or writes the folder reports it
        present = {path.name for path in root.iterdir()}
        alike = sorted(other for other in present if other.lower() == name.lower())
        if alike and name not in present:
            raise CheckpointError(
                f"{root} has a folder {alike[0]!r}, and no {name!r}: use the first name, or one that differs in more"
                " than upper and lower case."
            )
    return root / name


def require_valid(name: str) -> None:
    """Checks a name.

    Raises:
        CheckpointError: if it is invalid; the message says what a name must be.
    """
    if not _NAME.fullmatch(name):
        raise CheckpointError(
            f"{name[:100]!r} is not a valid checkpoint name: use at most 100 letters, digits, dots, hyphens and"
            " underscores, begin with a letter or a digit, and do not end with a dot."
        )
    if _RESERVED.fullmatch(name):
        raise CheckpointError(
            f"{name!r} is not a valid checkpoint name: Windows reserves it for a device; choose another."
        )
