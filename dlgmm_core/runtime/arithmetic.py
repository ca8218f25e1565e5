"""Numbers below 1e-38, which cost much and mean nothing here.

A trained decoder is so sure of dark pixels that their odds, and the gradients that follow, are subnormal:
numbers too small for all digits, which processors compute many times slower. A good DLDPMM was trained
three times as slowly for it as an untrained one. Rounded to zero they cost what others do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["subnormals_as_zero"]


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """Within it this thread, and all that it starts, have no subnormal numbers, where the processor can do so.

    Torch's threads begin with the first large computation, and those that there are already stay as they are:
    so a process enters this first. A library does not do it for its callers, who may have use for such numbers.
    """
    before = _rounds_to_zero()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def _rounds_to_zero() -> bool:
    return torch.full((), torch.finfo(torch.float32).tiny).div(2).item() == 0
