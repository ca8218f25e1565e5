"""A disk that is full or may not be written: one sentence, the last good checkpoint whole, nothing left beside it."""

import errno
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dlgmm_core.commands import reproduce
from dlgmm_core.commands import train as training
from dlgmm_core.experiments import reproduce as reproducing
from dlgmm_core.runtime import progress
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS
from dlgmm_core.train.training import TrainingRun, fit
from tests.cli_helpers import run as run_cli
from tests.cli_helpers import tiny_world, train
from tests.disk_helpers import full_disk, read_only_disk
from tests.experiment_helpers import PLAIN, contents, trained, use_toy_experiments
from tests.fuzz_helpers import assert_one_sentence
from tests.kill_helpers import MODEL, assert_same_end, epochs, go_on, images, watched, whole_epochs

# --- a save, refused at any point ----------------------------------------------------------------


@contextmanager
def refused(number: int, at: int) -> Iterator[list[OSError]]:
    """Within it that change of a file is refused, and those before and after it are not; what has been refused."""
    passed, errors = itertools.count(1), []

    def refuse() -> None:
        if next(passed) == at:
            errors.append(OSError(number, os.strerror(number)))
            raise errors[0]

    with watched(refuse):
        yield errors


@pytest.mark.parametrize("last", [False, True], ids=["on its way", "at its end"])
def test_a_save_refused_at_any_point_keeps_the_last_epoch_and_leaves_no_litter(last: bool, tmp_path: Path) -> None:
    config, whole, begun = epochs(2 if last else 3), tmp_path / "whole", tmp_path / "begun"
    go_on(whole, config)
    run = TrainingRun.start(MODEL, config)
    next(fit(run, images()))
    run.save(begun)
    files = {path.name for path in begun.iterdir()}
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        shutil.copytree(begun, folder)
        run = TrainingRun.load(folder)
        next(fit(run, images()))
        refusal: StorageError | None = None
        try:
            with refused(errno.ENOSPC, at) as errors:
                run.save(folder)
        except StorageError as error:
            refusal = error
        if not errors:
            break
        if refusal is None:  # the folder is there, whether it may be made or not
            continue
        assert_one_sentence(refusal)
        assert str(folder) in str(refusal) and os.strerror(errno.ENOSPC) in str(refusal)
        assert {path.name for path in folder.iterdir()} == files
        assert whole_epochs(folder)[TRAINING] in (1, 2)
        go_on(folder, config)
        assert_same_end(folder, whole)
    assert at > 2 * 5  # of at least two files: opened, half written, synchronised, opened to all, moved


# --- the command line ----------------------------------------------------------------------------


DISKS = {"File too large": full_disk, "Read-only file system": read_only_disk}
MAP = ("map", "mnist-gauss-vae", "--perplexity", "5", "--iterations", "1")
COMMANDS: dict[str, Callable[[Path], int]] = {
    "train": lambda root: train(root, "gauss-vae", "--epochs", "2", "--name", "new"),
    "go on": lambda root: train(root, "gauss-vae", "--epochs", "2", "--name", "begun", "--resume"),
    "evaluate": lambda root: run_cli(root, "evaluate", "mnist-gauss-vae", "--samples", "2"),
    "map": lambda root: run_cli(root, *MAP),
    "reproduce": lambda root: run_cli(root, "reproduce", "--only", "plain", "--jobs", "1", "--images", "10"),
}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a map, and a run after its first epoch."""
    root = tmp_path_factory.mktemp("checkpoints")
    with pytest.MonkeyPatch.context() as patch:
        for _ in tiny_world(patch):
            assert train(root, "gauss-vae", "--epochs", "1") == 0
            assert run_cli(root, *MAP) == 0
            patch.setattr(training, "fit", lambda *arguments: itertools.islice(fit(*arguments), 1))
            assert train(root, "gauss-vae", "--epochs", "2", "--name", "begun") == 0
    return root


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_toy_experiments(monkeypatch)
    monkeypatch.setattr(reproduce, "select", lambda names: [PLAIN])
    monkeypatch.setattr(reproducing, "baseline_rows", lambda dataset: [])
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)  # of all work there is a line
    yield from tiny_world(monkeypatch)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("reason", DISKS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_cannot_write_says_so_in_a_sentence_and_harms_nothing(
    command: str, reason: str, checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "checkpoints"
    shutil.copytree(checkpoints, root)
    before = contents(root)
    with DISKS[reason]():
        code = COMMANDS[command](root)
    said = capsys.readouterr().err.rstrip().splitlines()
    assert code == 1 and said[-1].startswith(f"error: {root}") and said[-1].endswith("what was saved before is kept.")
    assert f"cannot be written ({reason}): " in said[-1] and "Traceback" not in "".join(said)
    left = contents(root)
    if reason == "Read-only file system":
        assert left == before
        assert not any("%" in line for line in said) or command == "reproduce"  # nor is any work done
    assert {name: left.get(name) for name in before} == before and not any(".safetensors." in name for name in left)
    assert COMMANDS[command](root) == 0


@pytest.mark.usefixtures("quick")
def test_a_record_that_cannot_be_written_is_written_by_the_next_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(PLAIN, tmp_path / "plain")
    original = reproducing._measure

    def then_full(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        limits.enter_context(full_disk())

    with ExitStack() as limits, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproducing, "_measure", then_full)
        assert COMMANDS["reproduce"](tmp_path) == 1
    assert "results.json cannot be written (File too large)" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"plain"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(reproducing, "measure")  # what was measured is on the disk
        assert COMMANDS["reproduce"](tmp_path) == 0
    assert (tmp_path / "results.json").exists() and (tmp_path / "plain" / WEIGHTS).exists()
