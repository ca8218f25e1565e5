"""The command line: what it makes, what it refuses, and with which words and exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgmm_core import __main__ as cli
from dlgmm_core.checkpoints import (
    HISTORY,
    METRICS,
    TRAINING,
    WEIGHTS,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
)
from dlgmm_core.data import Dataset, Split
from dlgmm_core.projection import ProjectionConfig, fit_tsne, load_map
from dlgmm_core.training import TrainingRun, read_history

ROOT = Path(__file__).resolve().parent.parent
TINY = ("--hidden", "4", "--code-dim", "2", "--batch-size", "50", "--device", "cpu")


def blobs(seed: int, size: int) -> Split:
    """Three classes of ink that differ in where most of it lies."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size)
    grey = (rng.random((size, 784)) * np.where(np.arange(784) // 262 == labels[:, None], 255, 60)).astype(np.uint8)
    return Split(grey, (rng.random(grey.shape) < grey / 255).astype(np.uint8), labels)


@pytest.fixture(autouse=True)
def quick_data(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every data set is a few hundred images; the handler that `main` sets is put back."""
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(cli, "fit_tsne", partial(fit_tsne, jobs=1))  # threads in plenty make a map of 130 points slow
    monkeypatch.setattr(
        cli, "load_dataset", lambda name: Dataset(name, blobs(0, 200), blobs(1, 50), blobs(2, 130), tuple("abc"))
    )
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


# --- train ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gauss-vae", "sb-vae", "dlgmm", "dldpmm"])
def test_training_leaves_a_checkpoint_and_its_history(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, model, "--epochs", "2") == 0
    folder = tmp_path / f"mnist-{model}"
    assert {file.name for file in folder.iterdir()} == {WEIGHTS, HISTORY}
    checkpoint = read_checkpoint(folder)
    history = read_history(folder)
    assert [entry.epoch for entry in history] == [1, 2]
    assert checkpoint.valid_bound == history[-1].best_valid_bound
    out, err = capsys.readouterr()
    assert out == f"{folder}: trained. Measure it with: python -m dlgmm_core evaluate mnist-{model}\n"
    assert "epoch    1" in err and "epoch    2" in err and "nats" in err


def test_options_become_the_configuration(tmp_path: Path) -> None:
    options = (
        *("--name", "mine", "--dataset", "omniglot", "--binarization", "dynamic", "--bound", "marginal"),
        *("--prior-means", "-1.5", "0", "1.5", "--prior-scales", "0.5", "1", "2", "--alpha", "3", "--samples", "2"),
        *("--learning-rate", "0.01", "--epochs", "1", "--patience", "7", "--seed", "5"),
    )
    assert train(tmp_path, "dlgmm", *options) == 0
    checkpoint = read_checkpoint(tmp_path / "mine")
    model, recipe = checkpoint.model_config, checkpoint.train_config
    assert (model.model, model.num_components, model.code_dim, model.hidden) == ("dlgmm", 3, 2, 4)
    assert (model.prior_means, model.prior_scales, model.concentration) == ((-1.5, 0.0, 1.5), (0.5, 1.0, 2.0), 3.0)
    assert (recipe.dataset, recipe.binarization, recipe.bound) == ("omniglot", "dynamic", "marginal")
    assert (recipe.num_samples, recipe.learning_rate, recipe.batch_size) == (2, 0.01, 50)
    assert (recipe.max_epochs, recipe.patience, recipe.seed) == (1, 7, 5)


def test_without_options_a_model_is_the_papers(tmp_path: Path) -> None:
    assert train(tmp_path, "dldpmm", "--epochs", "1") == 0
    config = read_checkpoint(tmp_path / "mnist-dldpmm").model_config
    assert (config.num_components, config.prior_means, config.concentration) == (17, (0.0,) * 17, 1.0)


@pytest.mark.parametrize(
    ("model", "options", "word"),
    [
        ("dlgmm", ("--code-dim", "0"), "code_dim"),
        ("dlgmm", ("--hidden", "-3"), "hidden"),
        ("dlgmm", ("--components", "-1"), "num_components"),
        ("dlgmm", ("--components", "0"), "num_components"),
        ("dlgmm", ("--components", "2", "--prior-means", "0", "1", "2"), "prior_means"),
        ("dlgmm", ("--prior-means", "0", "nan", "1"), "prior_means"),
        ("dlgmm", ("--prior-means", "0", "inf"), "prior_means"),
        ("dlgmm", ("--prior-scales", "1", "0", "1"), "prior_scales"),
        ("dlgmm", ("--prior-means", "0", "1", "--prior-scales", "1", "1", "1"), "prior_scales"),
        ("dlgmm", ("--alpha", "0"), "concentration"),
        ("gauss-vae", ("--components", "3"), "no components"),
        ("sb-vae", ("--code-dim", "1"), "code_dim"),
        ("gauss-vae", ("--epochs", "0"), "max_epochs"),
        ("gauss-vae", ("--patience", "0"), "patience"),
        ("gauss-vae", ("--batch-size", "0"), "batch_size"),
        ("gauss-vae", ("--samples", "0"), "num_samples"),
        ("gauss-vae", ("--learning-rate", "-1"), "learning_rate"),
        ("gauss-vae", ("--seed", "-1"), "seed"),
        ("gauss-vae", ("--resume",), "nothing to resume"),
    ],
)
def test_senseless_options_are_one_sentence_and_exit_code_one(
    model: str, options: tuple[str, ...], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, model, *options) == 1
    assert word in error_of(capsys)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "vae"],
        ["train", "dlgmm", "--bound", "tight"],
        ["train", "dlgmm", "--dataset", "cifar"],
        ["train", "dlgmm", "--epochs", "many"],
        ["train"],
        ["fit", "dlgmm"],
        [],
        ["evaluate"],
    ],
)
def test_misuse_is_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main(arguments)
    assert ending.value.code == 2
    assert "usage: python -m dlgmm_core" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "gauss-vae", "--device", "cuda") == 1
    assert "no cuda device" in error_of(capsys)


def test_a_checkpoint_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    before = (tmp_path / "mnist-gauss-vae" / WEIGHTS).read_bytes()
    capsys.readouterr()
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--seed", "1") == 1
    assert "exists already" in error_of(capsys)
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--resume") == 1
    assert "has ended or never began" in error_of(capsys)
    assert (tmp_path / "mnist-gauss-vae" / WEIGHTS).read_bytes() == before


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at the first step after so many epochs."""
    real = cli.fit

    def fit(run: TrainingRun, dataset: Dataset, on_step: object) -> Iterator[object]:
        def step(number: int, steps: int) -> None:
            if len(run.history) == epochs:
                raise KeyboardInterrupt

        return real(run, dataset, step)

    monkeypatch.setattr(cli, "fit", fit)


def test_an_interrupted_run_resumes_to_the_very_weights_of_an_uninterrupted_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--epochs", "4", "--bound", "mixture")
    assert train(tmp_path / "whole", "dlgmm", *options) == 0
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(2, patch)
        capsys.readouterr()
        assert train(tmp_path / "parts", "dlgmm", *options) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped. What was finished is kept."
    folder = tmp_path / "parts" / "mnist-dlgmm"
    assert (folder / TRAINING).exists() and len(read_history(folder)) == 2
    assert train(tmp_path / "parts", "dlgmm", *options, "--resume") == 0
    assert not (folder / TRAINING).exists()
    assert (folder / WEIGHTS).read_bytes() == (tmp_path / "whole" / "mnist-dlgmm" / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (("--seed", "1"), "seed = 0, not 1"),
        (("--bound", "eq1"), "bound = mixture, not eq1"),
        (("--alpha", "2"), "concentration"),
        (("--prior-means", "1", "2", "3"), "prior_means"),
        (("--epochs", "9"), "max_epochs = 4, not 9"),
    ],
)
def test_a_run_is_resumed_with_its_own_options_only(
    changed: tuple[str, ...],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--epochs", "4", "--bound", "mixture")
    interrupt_after(1, monkeypatch)
    assert train(tmp_path, "dlgmm", *options) == 130
    capsys.readouterr()
    before = (tmp_path / "mnist-dlgmm" / TRAINING).read_bytes()
    assert train(tmp_path, "dlgmm", *options, *changed, "--resume") == 1
    assert word in error_of(capsys)
    assert (tmp_path / "mnist-dlgmm" / TRAINING).read_bytes() == before
    # nor is it begun again from scratch
    assert train(tmp_path, "dlgmm", *options) == 1
    assert "--resume" in error_of(capsys)


def test_a_polite_kill_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dlgmm_core", "train", "gauss-vae", "--hidden", "4", "--code-dim", "2"]
    command += ["--batch-size", "2000", "--epochs", "900", "--patience", "900", "--checkpoints", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    folder = tmp_path / "mnist-gauss-vae"
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
    try:
        for _ in range(600):
            if (folder / HISTORY).exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        process.terminate()
        code = process.wait(20)
    finally:
        process.kill()
        process.wait()
    said = (tmp_path / "errors").read_text()
    assert code == 130 and said.rstrip().endswith("Stopped. What was finished is kept.") and "Traceback" not in said
    resumable = TrainingRun.load(folder)
    assert len(resumable.history) >= 1 and not resumable.finished
    load_checkpoint(folder)


# --- evaluate ------------------------------------------------------------------------------------


def test_evaluation_writes_figures_and_a_map_and_prints_the_likelihood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "dlgmm", "--epochs", "2") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "20", "--seed", "3", "--device", "cpu") == 0
    checkpoint = read_checkpoint(tmp_path / "mnist-dlgmm")
    figures = read_metrics(checkpoint)["test"]
    assert list(figures) == ["mnist"] and list(figures["mnist"]["nll"]) == ["5", "20"]
    stored = load_map(checkpoint)
    assert stored is not None and stored[0].shape == (130, 2) and stored[1] == ProjectionConfig(seed=3)
    nll = figures["mnist"]["nll"]
    assert capsys.readouterr().out == "".join(
        f"mnist-dlgmm: -log p(x) = {nll[s]['value']:.2f} ± {nll[s]['ci95']:.2f} nats on mnist (S={s})\n"
        for s in ("5", "20")
    )

    # Another test set is added beside the first, and makes no map.
    (checkpoint.folder / "tsne.safetensors").unlink()
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "--dataset", "omniglot", "--device", "cpu") == 0
    assert read_metrics(checkpoint)["test"]["mnist"] == figures["mnist"]
    assert set(read_metrics(checkpoint)["test"]) == {"mnist", "omniglot"}
    assert load_map(checkpoint) is None


def test_a_checkpoint_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "evaluate", "nobody") == 1
    assert "nobody" in error_of(capsys)


@pytest.mark.parametrize("options", [("--samples", "0"), ("--samples", "50", "-5"), ("--seed", "-1")])
def test_senseless_measurements_are_refused_and_leave_no_figures(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-gauss-vae", *options, "--device", "cpu") == 1
    assert options[0] in error_of(capsys)
    assert not (tmp_path / "mnist-gauss-vae" / METRICS).exists()


# --- list ----------------------------------------------------------------------------------------


def test_a_list_shows_every_checkpoint_and_what_is_wrong_with_a_broken_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "dlgmm", "--epochs", "1", "--name", "good") == 0
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / WEIGHTS).write_bytes(b"nothing of the kind")
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / METRICS).write_text(json.dumps({}))
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    bad, good, lost = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"bad +BROKEN +\S*/bad/{WEIGHTS} is damaged \(.*\): restore it, or remove the folder\.", bad)
    assert re.fullmatch(rf"lost +BROKEN +\S*/lost/{WEIGHTS} is missing: train again, or remove the folder\.", lost)
    bound = read_checkpoint(tmp_path / "good").valid_bound
    assert good.split() == ["good", "DLGMM", "mnist", "D=2", "K=3", "epoch", "1", "eq1", f"{bound:.2f}", "nats"]


def test_a_list_of_nothing_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "nowhere", "list") == 0
    assert capsys.readouterr().out == ""
