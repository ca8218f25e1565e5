"""What an error says can be done about it, does mend it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch

from dlgmm_core.commands import train as training
from dlgmm_core.store.checkpoints import METRICS, PER_IMAGE, TRAINING, TSNE, WEIGHTS
from dlgmm_core.store.files import read_tensors, write_tensors
from tests.cli_helpers import error_of, run, tiny_world

NAME = "mnist-gauss-vae"
TRAIN = ("train", "gauss-vae", "--hidden", "4", "--code-dim", "2", "--batch-size", "50", "--device", "cpu", "--epochs")
TRAIN_AGAIN = (*TRAIN, "2")
RESUME = (*TRAIN, "2", "--resume")
EVALUATE = ("evaluate", NAME, "--samples", "2", "--device", "cpu")
MAP = ("map", NAME, "--perplexity", "5", "--iterations", "10", "--device", "cpu")

Change = Callable[[Path], object]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of checkpoints with a run that has ended, and with one that was interrupted."""
    roots = {name: tmp_path_factory.mktemp(name) for name in ("ended", "begun")}
    with pytest.MonkeyPatch.context() as patch:
        for _ in tiny_world(patch):
            assert run(roots["ended"], *TRAIN, "1") == 0
            begin(patch, roots["begun"])
    return roots


def begin(patch: pytest.MonkeyPatch, root: Path) -> None:
    """Ctrl-C after the first epoch."""
    fit = training.fit

    def interrupted(*arguments: object) -> Iterator[object]:
        yield next(fit(*arguments))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    patch.setattr(training, "fit", interrupted)
    assert run(root, *TRAIN, "2") == 130


def garbage(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes(b"{")


def shortened(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-100])


def not_finite(name: str) -> Change:
    def change(folder: Path) -> None:
        tensors, header = read_tensors(folder / name)
        first = next(iter(tensors))
        write_tensors(folder / name, {**tensors, first: torch.full_like(tensors[first], torch.nan)}, header)

    return change


def of_another_program(name: str) -> Change:
    return lambda folder: safetensors.torch.save_file({"x": torch.zeros(1)}, folder / name)


def unfit(folder: Path) -> None:
    tensors, header = read_tensors(folder / WEIGHTS)
    write_tensors(folder / WEIGHTS, {"x": next(iter(tensors.values()))}, header)


def nothing(folder: Path) -> None:
    pass


def removed(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


CASES = {
    "metrics": ("ended", garbage(METRICS), EVALUATE, "remove it, and run evaluate again", removed(METRICS), EVALUATE),
    "every image": (
        *("ended", lambda folder: (folder / PER_IMAGE).mkdir(), EVALUATE),
        *("remove it, and run evaluate again", lambda folder: (folder / PER_IMAGE).rmdir(), EVALUATE),
    ),
    "map": (
        *("ended", lambda folder: (folder / TSNE).mkdir(), MAP),
        *("remove it, and run map again", lambda folder: (folder / TSNE).rmdir(), MAP),
    ),
    **{
        f"weights, {what}": ("ended", change, EVALUATE, "or remove the folder", shutil.rmtree, TRAIN_AGAIN)
        for what, change in {
            "shortened": shortened(WEIGHTS),
            "not finite": not_finite(WEIGHTS),
            "not the model's": unfit,
        }.items()
    },
    "weights, missing": ("ended", removed(WEIGHTS), EVALUATE, "train again, or remove", nothing, TRAIN_AGAIN),
    "weights of another program": (
        *("ended", of_another_program(WEIGHTS), EVALUATE),
        *("remove it from the folder", removed(WEIGHTS), TRAIN_AGAIN),
    ),
    **{
        f"state, {what}, {cure}": ("begun", change, RESUME, words, mend, then)
        for what, change in {"shortened": shortened(TRAINING), "not finite": not_finite(TRAINING)}.items()
        for cure, words, mend, then in (
            ("ended", "remove this file to end the run with its best epoch so far", removed(TRAINING), EVALUATE),
            ("again", "or the folder to train again", shutil.rmtree, TRAIN_AGAIN),
        )
    },
    "state, resumed": ("begun", nothing, TRAIN_AGAIN, "go on with --resume", nothing, RESUME),
    "state, renamed": (
        *("begun", nothing, TRAIN_AGAIN, "choose another --name", nothing),
        (*TRAIN_AGAIN, "--name", "other"),
    ),
    "checkpoint, removed": ("ended", nothing, TRAIN_AGAIN, "or remove the folder", shutil.rmtree, TRAIN_AGAIN),
    "checkpoint, not there": ("ended", shutil.rmtree, EVALUATE, "or train it first", nothing, TRAIN_AGAIN),
    "other options": (*("begun", nothing, (*RESUME, "--seed", "1"), "leave that option out", nothing, RESUME),),
}


@pytest.mark.parametrize("case", CASES)
def test_the_cure_that_an_error_names_works(
    case: str, folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, damage, command, words, cure, then = CASES[case]
    root = tmp_path / "checkpoints"
    shutil.copytree(folders[state], root)
    damage(root / NAME)
    capsys.readouterr()
    assert run(root, *command) in (1, 2)
    assert words in error_of(capsys)
    cure(root / NAME)
    assert run(root, *then) == 0, capsys.readouterr().err
