"""`train`: what it makes, what it refuses, and with which words."""

import argparse
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from dlgmm_core import __main__ as cli
from dlgmm_core.commands.table import build_parser
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.evaluate.gaussian_mixtures import STARTS
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import MODELS
from dlgmm_core.options import Parser, add_configuration
from dlgmm_core.runtime.program import command_on
from dlgmm_core.store.checkpoints import HISTORY, WEIGHTS, read_checkpoint
from dlgmm_core.store.history import read_history
from tests.cli_helpers import error_of, tiny_world, train
from ui.training.progress import fitted_share, starting_bound


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


@pytest.mark.parametrize("model", MODELS)
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
    command = command_on(tmp_path, "evaluate", f"mnist-{model}")
    assert out == f"{folder}: trained. Measure it with: {command}\n"
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


def test_options_beyond_the_papers_recipe_become_the_configuration(tmp_path: Path) -> None:
    options = ("--bound", "iwae", "--samples", "3", "--schedule", "cosine", "--data-bias", "--precision", "bfloat16")
    assert (
        train(
            tmp_path,
            "dlgmm",
            *options,
            "--encoder-activation",
            "linear",
            "--prior-components",
            "diagonal",
            "--epochs",
            "1",
        )
        == 0
    )
    checkpoint = read_checkpoint(tmp_path / "mnist-dlgmm")
    recipe = checkpoint.train_config
    assert (recipe.bound, recipe.num_samples, recipe.schedule) == ("iwae", 3, "cosine")
    assert (recipe.data_bias, recipe.precision) == (True, "bfloat16")
    assert (
        checkpoint.model_config.encoder_activation == "linear"
        and checkpoint.model_config.prior_components == "diagonal"
    )


def test_every_number_is_taken_in_any_spelling() -> None:
    parser = build_parser()
    actions = {flag: action for flag, action in train_options().items() if action.type is float}
    assert set(actions) == {"--prior-means", "--prior-scales", "--alpha", "--learning-rate"}
    spellings = ["-1e-05", "-.5", "-1.", "-1E+3", "+2", "1e-3", "-0", "-inf", "-nan"]
    for flag, action in actions.items():
        for words in [spellings] if action.nargs else [[word] for word in spellings]:
            found = getattr(parser.parse_args(["train", "dlgmm", flag, *words, "--seed", "3"]), action.dest)
            assert repr(found) == repr([float(w) for w in words] if action.nargs else float(words[0]))
    assert parser.parse_args(["map", "one", "--perplexity", "-1e1"]).perplexity == -10.0
    assert parser.parse_args(["train", "dlgmm", "--epochs", "-5"]).max_epochs == -5


def train_options() -> dict[str, argparse.Action]:
    parser = Parser()
    for kind in (ModelConfig, TrainConfig):
        add_configuration(parser, kind)
    return {flag: action for action in parser._actions for flag in action.option_strings}


def test_every_field_is_an_option_with_its_help_but_the_shape_of_images_and_contexts() -> None:
    fields_known = {f.name for kind in (ModelConfig, TrainConfig) for f in fields(kind)}
    by_field = {action.dest: action for action in train_options().values()}
    assert fields_known - by_field.keys() == {
        "model",  # which is given by its place
        "image_shape",
        "contexts",
        "gate_units",
    }
    assert all(by_field[name].help for name in fields_known & by_field.keys())


@pytest.mark.parametrize("model", MODELS)
def test_without_options_a_model_and_its_training_are_the_papers(model: str, tmp_path: Path) -> None:
    assert cli.main(["train", model, "--epochs", "1", "--device", "cpu", "--checkpoints", str(tmp_path)]) == 0
    checkpoint = read_checkpoint(tmp_path / f"mnist-{model}")
    assert checkpoint.model_config == paper_model(model)
    assert checkpoint.train_config == TrainConfig(max_epochs=1)


@pytest.mark.parametrize(
    ("model", "options", "word"),
    [
        ("dlgmm", ("--code-dim", "0"), "--code-dim"),
        ("dlgmm", ("--hidden", "-3"), "--hidden must"),
        ("dlgmm", ("--components", "-1"), "--components must"),
        ("dlgmm", ("--components", "0"), "--components must"),
        ("dlgmm", ("--components", "1000000000000"), "--components must"),
        ("dlgmm", ("--samples", "9999999999999"), "--samples must"),
        ("gauss-vae", ("--samples", "1000000"), "--components x --samples x --batch-size must be"),
        ("dlgmm", ("--components", "50", "--samples", "401"), "--components x --samples x --batch-size must be"),
        ("dlgmm", ("--seed", "4294967296"), "--seed must"),
        ("dlgmm", ("--depth", "0"), "--depth"),
        ("dlgmm", ("--components", "2", "--prior-means", "0", "1", "2"), "--prior-means must"),
        ("dlgmm", ("--prior-means", "0", "nan", "1"), "--prior-means must"),
        ("dlgmm", ("--prior-means", "0", "inf"), "--prior-means must"),
        ("dlgmm", ("--prior-scales", "1", "0", "1"), "--prior-scales must"),
        ("dlgmm", ("--prior-means", "0", "1", "--prior-scales", "1", "1", "1"), "--prior-scales must"),
        ("dlgmm", ("--alpha", "0"), "--alpha must"),
        ("gauss-vae", ("--components", "3"), "no components"),
        ("sb-vae", ("--code-dim", "1"), "--code-dim"),
        ("gauss-vae", ("--epochs", "0"), "--epochs must"),
        ("gauss-vae", ("--patience", "0"), "patience"),
        ("gauss-vae", ("--batch-size", "0"), "--batch-size must"),
        ("gauss-vae", ("--samples", "0"), "--samples must"),
        ("gauss-vae", ("--learning-rate", "-1"), "--learning-rate must"),
        ("gauss-vae", ("--seed", "-1"), "--seed must"),
        ("gauss-vae", ("--name", "../x"), "is not a valid checkpoint name"),
    ],
)
def test_senseless_options_are_one_sentence_and_exit_code_two(
    model: str, options: tuple[str, ...], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, model, *options) == 2
    assert word in error_of(capsys)
    assert not list(tmp_path.iterdir())


def test_there_is_nothing_to_resume_before_a_run_has_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "gauss-vae", "--resume") == 2
    assert "so it cannot be resumed" in error_of(capsys)
    assert not list(tmp_path.iterdir())


def test_a_start_that_does_not_fit_is_refused_before_the_data_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--name", "start") == 0
    monkeypatch.setattr("dlgmm_core.commands.train.load_dataset", None)
    learnt = ("--components", "2", "--prior-components", "diagonal")
    refused = {
        ("--start-from", "nowhere", *learnt): f"There is no checkpoint {tmp_path / 'nowhere'}",
        ("--start-from", "../start", *learnt): "is not a valid checkpoint name",
        ("--start-from", "start", *learnt, "--code-dim", "3"): "A start must be a Gauss-VAE",
        ("--start-from", "start"): "is for a mixture whose --prior-components are",
    }
    for options, words in refused.items():
        capsys.readouterr()
        assert train(tmp_path, "dlgmm", *options) == 2
        assert words in error_of(capsys)
        assert not (tmp_path / "mnist-dlgmm").exists()


def test_a_start_is_told_with_its_bound_and_how_far_the_fit_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--name", "start") == 0
    learnt = ("--components", "2", "--prior-components", "diagonal", "--start-from", "start", "--epochs", "1")
    assert train(tmp_path, "dlgmm", *learnt) == 0
    told = capsys.readouterr().err
    bound = starting_bound(told)  # as the page of training reads it
    assert bound is not None and -784 < bound < 0
    assert fitted_share(told) == (STARTS - 1) / STARTS


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "gauss-vae", "--device", "cuda") == 2
    assert "no cuda device" in error_of(capsys)


def test_a_checkpoint_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    before = (tmp_path / "mnist-gauss-vae" / WEIGHTS).read_bytes()
    capsys.readouterr()
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--seed", "1") == 2
    assert "exists already" in error_of(capsys)
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--resume") == 2
    assert "has ended or never started" in error_of(capsys)
    assert (tmp_path / "mnist-gauss-vae" / WEIGHTS).read_bytes() == before
