"""Memory that arrays have let go of, as the system sees it."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries give memory back of their own accord"
)

# Twenty arrays of 10 MB, after a larger one was let go of, with something small kept between any two.
ARRAYS_COME_AND_GO = """
import re
from pathlib import Path

import numpy as np

from dlgmm_core.runtime.memory import give_memory_back

def megabytes():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

{first}
np.ones(30 * 2**17).sum()
before = megabytes()
large, small = [], []
for _ in range(20):
    large.append(np.ones(10 * 2**17))
    small.append(bytearray(400_000))  # which no gap in the heap holds
full = megabytes()
large.clear()
print(full - before, megabytes() - before)
"""

# A training step's arrays, made and let go of again and again.
STEPS = """
import resource

import numpy as np

from dlgmm_core.runtime.memory import keep_memory

def step():
    arrays = [np.ones(3 * 2**17) for _ in range(8)]

{first}
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 20)
"""


def printed(script: str, first: str) -> list[float]:
    """The numbers that a script prints in a process of its own, with a call before its work."""
    code = [sys.executable, "-c", script.format(first=first)]
    return [
        float(word)
        for word in subprocess.run(code, cwd=ROOT, capture_output=True, text=True, encoding="utf-8").stdout.split()
    ]


def test_arrays_let_go_of_give_their_memory_back() -> None:
    def left(first: str) -> float:
        taken, kept = printed(ARRAYS_COME_AND_GO, first)
        assert taken > 190
        return kept

    assert left("give_memory_back()") < 20
    assert left("") > 100, "the system does so by itself: the function may go"


def test_arrays_of_every_step_find_the_memory_of_the_last_ones() -> None:
    (kept,), (without,) = printed(STEPS, "keep_memory()"), printed(STEPS, "")
    assert kept < 5
    assert without > 500, "the system does so by itself: the function may go"
