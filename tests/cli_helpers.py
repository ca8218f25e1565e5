"""What tests of the command line share: how a command is given, and how its complaint is read."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.analysis.tsne import fit_tsne
from tests.experiment_helpers import use_toy_data

TINY = ("--hidden", "4", "--code-dim", "2", "--batch-size", "50", "--device", "cpu")


def tiny_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every data set is a few hundred images; the handler that `main` sets is put back."""
    handler = signal.getsignal(signal.SIGTERM)
    use_toy_data(monkeypatch)
    monkeypatch.setattr(cli, "fit_tsne", partial(fit_tsne, jobs=1))  # threads in plenty make a map of 130 points slow
    yield
    signal.signal(signal.SIGTERM, handler)


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
