"""What a teacher sets for a class: whether others may train, and what all see at first.

Only where the environment names a password is there a teacher; without one, the settings do not apply.
"""

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from dlgmm_core.runtime.files import StorageError, write_atomically
from dlgmm_core.store.files import is_file, read_json

__all__ = [
    "ClassSettings",
    "class_settings",
    "enter",
    "has_teacher",
    "is_teacher",
    "leave",
    "save_class_settings",
]

PASSWORD = "DLGMM_TEACHER_PASSWORD"
FILE = "class.json"
_HERE = "teacher"  # in the session's state: whether the password was right
_REMEDY = "set it again on the page Train, or remove it"


@dataclass(frozen=True)
class ClassSettings:
    """A teacher's settings.

    Attributes:
        locked: whether only the teacher may train.
        dataset: that visitors see first; empty for the usual one.
        checkpoints: names of those that visitors compare first; none for the usual ones.
    """

    locked: bool = False
    dataset: str = ""
    checkpoints: tuple[str, ...] = ()


def has_teacher() -> bool:
    """Whether the environment names a password."""
    return bool(os.environ.get(PASSWORD, "").strip())


def is_teacher() -> bool:
    """Whether the visitor has entered the password since the page was loaded."""
    return has_teacher() and st.session_state.get(_HERE) is True


def enter(password: str) -> bool:
    """Lets the teacher in, and returns whether the password was right; it takes the same time for every wrong one."""
    given, right = (
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (password, os.environ[PASSWORD])
    )
    st.session_state[_HERE] = hmac.compare_digest(given, right)
    return is_teacher()


def leave() -> None:
    """Makes the teacher a visitor again."""
    st.session_state.pop(_HERE, None)


def class_settings(folder: Path) -> ClassSettings:
    """The settings that are stored in the folder of checkpoints; read again only when they have changed.

    Raises:
        StorageError: if the file is damaged.
    """
    path = folder / FILE
    if not has_teacher() or not is_file(path, _REMEDY):
        return ClassSettings()
    found = os.stat(path)
    return _read(path, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=2)
def _read(path: Path, stamp: tuple[int, int, int]) -> ClassSettings:
    content = read_json(path, _REMEDY)
    try:
        locked, dataset, checkpoints = content["locked"], content["dataset"], content["checkpoints"]
        if type(locked) is not bool or type(dataset) is not str or not all(type(c) is str for c in checkpoints):
            raise ValueError
        return ClassSettings(locked, dataset, tuple(checkpoints))
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path} is damaged (it contains no settings of a class): {_REMEDY}.") from error


def save_class_settings(folder: Path, settings: ClassSettings) -> None:
    """Stores the settings; they outlive the server.

    Raises:
        StorageError: if they cannot be written.
    """
    write_atomically(folder / FILE, (json.dumps(asdict(settings), indent=2) + "\n").encode())
