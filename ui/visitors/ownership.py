"""Whose a checkpoint is: the note beside a visitor's run names its owner, and tells whether it is published.

A checkpoint without a note was trained on the command line, or came with the program: all visitors see it.
"""

import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from dlgmm_core.runtime.files import StorageError, write_atomically
from dlgmm_core.store.files import is_file, read_json
from ui.visitors.visitor import asking

__all__ = ["NOTE", "Note", "is_mine", "is_visible", "note_of", "write_note"]

NOTE = "run.json"


@dataclass(frozen=True)
class Note:
    """What is noted of a visitor's run.

    Attributes:
        owner: the digest of the visitor who started it; empty if the note cannot be read.
        arguments: of the command `train`.
        published: whether all visitors see its checkpoint.
    """

    owner: str
    arguments: tuple[str, ...] = ()
    published: bool = False


def note_of(folder: Path) -> Note | None:
    """The note in a folder of checkpoints; None if there is none. Read again only when it has changed."""
    try:
        found = os.stat(f"{folder}/{NOTE}")  # every run of a page asks, so no Path
    except OSError:
        return None
    return _read(folder, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=1000)
def _read(folder: Path, stamp: tuple[int, int, int]) -> Note:
    try:
        if not is_file(folder / NOTE, ""):
            return Note("")
        content = read_json(folder / NOTE, "")
        arguments = tuple(map(str, content["arguments"]))
        return Note(str(content["owner"]), arguments, content.get("published") is True)
    except (AttributeError, KeyError, StorageError, TypeError):
        return Note("")  # nobody's: what may be private is not shown


def write_note(folder: Path, note: Note) -> None:
    """Writes the note of a run.

    Raises:
        StorageError: if it cannot be written.
    """
    write_atomically(folder / NOTE, json.dumps(asdict(note)).encode())


def is_mine(folder: Path) -> bool:
    """Whether the folder is of a run of the visitor whose page is running."""
    note = note_of(folder)
    return note is not None and note.owner != "" and note.owner == asking()


def is_visible(folder: Path) -> bool:
    """Whether that visitor may see what is in the folder."""
    note = note_of(folder)
    return note is None or note.published or is_mine(folder)
