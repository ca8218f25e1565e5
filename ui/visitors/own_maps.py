"""Maps that visitors have computed for themselves: files in the cache, which the pages of no other visitor show.

They are a few for each visitor and a few hundred in all, of 100 KB each: the oldest make room for new ones.
"""

from contextlib import suppress
from pathlib import Path

from dlgmm_core.runtime.files import unwritable
from dlgmm_core.runtime.folders import cache_folder
from dlgmm_core.store.checkpoints import Checkpoint

__all__ = ["MOST", "MOST_EACH", "make_room", "own_map", "own_maps_of"]

MOST_EACH, MOST = 8, 200  # of one visitor, and of all


def _folder() -> Path:
    return cache_folder() / "own-maps"


def own_map(checkpoint: Checkpoint, visitor: str) -> Path:
    """Where the visitor's own map of exactly these weights lies, if there is one.

    Args:
        checkpoint: whose map it is.
        visitor: the digest of the visitor.
    """
    return _folder() / visitor / _name(checkpoint)


def own_maps_of(checkpoint: Checkpoint) -> list[Path]:
    """The maps of all visitors, of exactly these weights."""
    return list(_folder().glob(f"*/{_name(checkpoint)}"))


def make_room(visitor: str) -> None:
    """Removes the oldest maps, the visitor's first, and makes the visitor's folder, so that there may be one more.

    Raises:
        StorageError: if it cannot be made.
    """
    try:
        (_folder() / visitor).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(_folder() / visitor, error) from error
    for pattern, most in ((f"{visitor}/*.safetensors", MOST_EACH), ("*/*.safetensors", MOST)):
        maps = sorted(_folder().glob(pattern), key=_age)
        for path in maps[: max(0, len(maps) - most + 1)]:
            with suppress(OSError):
                path.unlink()


def _age(path: Path) -> int:
    with suppress(OSError):  # just removed
        return path.stat().st_mtime_ns
    return 0


def _name(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.name}-{checkpoint.digest}.safetensors"
