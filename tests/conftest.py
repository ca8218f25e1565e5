"""The environment of all tests; their fixtures are in `fixtures.py`, for the processes that run tests."""

import gc
import os

import pytest

# One thread a pool, in processes that tests start, too: on few cores, threads of several wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"
# Workers of pytest-xdist warn where a text file is opened without an encoding (see `pytest_configure`); programs that
# tests start do not: other packages do so, and what a program says is compared.
os.environ.pop("PYTHONWARNDEFAULTENCODING", None)
os.environ.pop("DLGMM_CHECKPOINTS", None)  # the tests are of the repository's own
# Modules are compiled once: each worker, and each program that tests start, would compile all of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Gives fixtures to a process that runs tests; one that only hands them out to others would load PyTorch first."""
    if config.getoption("numprocesses") and not config.getoption("collectonly"):
        # Python asks once, when a worker starts
        os.environ["PYTHONWARNDEFAULTENCODING"] = "1"
    else:
        gc.disable()  # until all tests are collected: what is made so far is no garbage
        config.pluginmanager.import_plugin("tests.fixtures")
