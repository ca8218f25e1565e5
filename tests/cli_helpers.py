"""What tests of the command line share: how a command is given, and how its complaint is read."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.data.datasets import DATASETS, Dataset, DatasetFamily
from tests.experiment_helpers import blobs, use_toy_data

TINY = ("--hidden", "4", "--code-dim", "2", "--batch-size", "50", "--device", "cpu")


def tiny_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every data set is a few hundred images; the handlers that `main` sets are put back."""
    use_toy_data(monkeypatch)
    with handlers_kept():
        yield


def omniglot_can_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few images stand for Omniglot, which is not on this computer until it is asked for."""

    def load() -> Dataset:
        return Dataset("omniglot", blobs(0, 60), blobs(1, 20), blobs(2, 10), ("a",))

    monkeypatch.delenv("DLGMM_DOWNLOAD", raising=False)
    monkeypatch.setitem(DATASETS, "omniglot", DatasetFamily("Omniglot", load, lambda: False))


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Puts back afterwards how this process answers signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(folder: Path, *arguments: str) -> int:
    return cli.main([*arguments, "--checkpoints", str(folder)])


def train(folder: Path, model: str, *more: str) -> int:
    return run(folder, "train", model, *TINY, *more)


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on stderr: one line, `error: …`."""
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and lines[0].endswith(".")
    return lines[0].removeprefix("error: ")
