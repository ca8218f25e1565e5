"""Subnormal numbers are zero for those who ask, in the threads that they start, and for nobody else."""

from threading import Thread

import pytest
import torch

from dlgmm_core.runtime.arithmetic import subnormals_as_zero

pytestmark = pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot do otherwise")


def halved() -> float:
    return torch.full((), torch.finfo(torch.float32).tiny).div(2).item()


def test_subnormals_are_zero_inside_and_themselves_outside() -> None:
    assert halved() > 0
    with subnormals_as_zero():
        assert halved() == 0
        with subnormals_as_zero():
            assert halved() == 0
        assert halved() == 0, "the outer one has not ended"
    assert halved() > 0


def test_an_error_ends_it_too() -> None:
    with pytest.raises(KeyError), subnormals_as_zero():
        raise KeyError
    assert halved() > 0


def test_threads_started_inside_compute_alike() -> None:
    found: list[float] = []
    with subnormals_as_zero():
        thread = Thread(target=lambda: found.append(halved()))
        thread.start()
        thread.join()
    assert found == [0]
