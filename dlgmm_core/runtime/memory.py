"""What becomes of memory that arrays have let go of, where the C library is GNU's.

Left alone, it adapts to what it sees: arrays of a megabyte go back to the system as soon as they are let go
of, and the next ones are zeroed pages again; larger ones may be kept for ever. Neither is what we want. In
training every step makes the arrays that the last one has dropped, and would spend an eighth of its time on pages.
A server meets an array of 30 MB once a minute, and should be as small as before when it is gone.
"""

import ctypes
from contextlib import suppress

__all__ = ["give_memory_back", "keep_memory", "trim_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h
MB = 1 << 20
KEEPING = {_M_MMAP_THRESHOLD: 32 * MB, _M_TRIM_THRESHOLD: 256 * MB}  # the first is the most that the library takes
GIVING_BACK = {_M_MMAP_THRESHOLD: 8 * MB, _M_TRIM_THRESHOLD: 32 * MB, _M_ARENA_MAX: 2}


def keep_memory() -> None:
    """Memory of arrays up to 32 MB, 256 MB in all, waits in this process for its next use."""
    _tune(KEEPING)


def give_memory_back() -> None:
    """Arrays of 8 MB and more go back at once; of smaller ones 32 MB may wait, in each of two heaps.

    The library would give each thread a heap of its own, up to eight a core: what one has let go of lies idle there
    while others ask for more. And once an array of up to 32 MB has been let go of, it would keep all further ones
    of that size in the heaps, which shrink only from their ends.
    """
    _tune(GIVING_BACK)


def trim_memory() -> None:
    """What the heaps hold and nobody uses goes back now."""
    _call("malloc_trim", 0)


def _tune(settings: dict[int, int]) -> None:
    for parameter, value in settings.items():
        _call("mallopt", parameter, value)


def _call(function: str, *arguments: int) -> None:
    with suppress(OSError, AttributeError):  # another C library
        getattr(ctypes.CDLL("libc.so.6"), function)(*arguments)
