"""Settings for how freed memory is reused or returned to the system, with the GNU C library.

By default, the library returns freed arrays of a megabyte to the system, so that new ones need freshly zeroed
pages; larger arrays may be kept for ever. Neither suits this program. Every training step allocates arrays of the
same sizes, and would spend an eighth of its time on fresh pages. A server that occasionally needs an array of
30 MB should return the memory afterwards.
"""

import ctypes
from contextlib import suppress

__all__ = ["give_memory_back", "keep_memory", "trim_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h
MB = 1 << 20
KEEPING = {_M_MMAP_THRESHOLD: 32 * MB, _M_TRIM_THRESHOLD: 256 * MB}  # 32 MB is the library's maximum
GIVING_BACK = {_M_MMAP_THRESHOLD: 8 * MB, _M_TRIM_THRESHOLD: 32 * MB, _M_ARENA_MAX: 2}


def keep_memory() -> None:
    """Keeps the freed memory of arrays up to 32 MB, 256 MB in all, in this process for reuse."""
    _tune(KEEPING)


def give_memory_back() -> None:
    """Returns freed arrays of 8 MB and more at once, and keeps at most 32 MB of smaller ones in each of two heaps.

    By default, threads have heaps of their own, up to eight per core, so memory freed in one is not reused by the
    others. And after an array of up to 32 MB was freed, later ones of that size are allocated in the heaps, which
    shrink only from their ends.
    """
    _tune(GIVING_BACK)


def trim_memory() -> None:
    """Returns unused memory of the heaps to the system now."""
    _call("malloc_trim", 0)


def _tune(settings: dict[int, int]) -> None:
    for parameter, value in settings.items():
        _call("mallopt", parameter, value)


def _call(function: str, *arguments: int) -> None:
    with suppress(OSError, AttributeError):  # another C library
        getattr(ctypes.CDLL("libc.so.6"), function)(*arguments)
