"""Random numbers that depend on a seed alone, even if other threads draw at the same time.

torch.distributions draws from the global random state. `seeded` seeds that state for a block and
restores it afterwards, so that block and surroundings do not affect each other; a lock keeps threads
(the app's visitors) from drawing inside each other's blocks.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["seeded"]

_lock = threading.RLock()


@contextmanager
def seeded(device: str | torch.device, *seed: int) -> Iterator[None]:
    """Makes draws inside the block depend on `seed` alone, whole numbers hashed together."""
    device = torch.device(device)
    # fork_rng always saves the CPU's state; `devices` names further accelerators
    devices, kind = ([], "cuda") if device.type == "cpu" else ([device.index or 0], device.type)
    # torch.manual_seed looks for every kind of accelerator, and records a stack trace each time
    plant = torch.default_generator.manual_seed if device.type == "cpu" else torch.manual_seed
    with _lock, torch.random.fork_rng(devices=devices, device_type=kind):
        plant(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]))
        yield
