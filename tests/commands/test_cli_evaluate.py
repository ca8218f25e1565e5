"""`evaluate`: the figures and the map it leaves, and what it refuses."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
import torch

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.evaluate.clustering import clustering
from dlgmm_core.evaluate.likelihood import EvaluationError, mean_elbo
from dlgmm_core.evaluate.per_image import DRAWS, per_image
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.records import to_json
from dlgmm_core.store.checkpoints import (
    METRICS,
    PER_IMAGE,
    TSNE,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_checkpoint,
)
from dlgmm_core.store.per_image import load_per_image
from dlgmm_core.store.tsne_map import ProjectionConfig, has_map, load_map
from tests.cli_helpers import error_of, run, tiny_world, train
from tests.experiment_helpers import toy_dataset


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


def test_evaluation_writes_figures_and_a_map_and_prints_the_likelihood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "dlgmm", "--epochs", "2") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "20", "--seed", "3", "--device", "cpu") == 0
    checkpoint = read_checkpoint(tmp_path / "mnist-dlgmm")
    figures = read_metrics(checkpoint)["test"]
    assert list(figures) == ["mnist"] and list(figures["mnist"]["nll"]) == ["5", "20"]
    stored = load_map(checkpoint, 130)
    assert stored is not None and stored[0].shape == (130, 2) and stored[1] == ProjectionConfig(seed=3)
    every = load_per_image(checkpoint, 130)
    assert every is not None and (every.num_samples, every.seed) == (DRAWS, 3)
    model, images = load_checkpoint(checkpoint.folder)[0], toy_dataset("mnist").test
    known = clustering(model, images.binary, images.labels, per_image(model, images.binary, seed=3))
    assert figures["mnist"]["clustering"] == to_json(known)
    nll = figures["mnist"]["nll"]
    assert capsys.readouterr().out == "".join(
        f"mnist-dlgmm: -log p(x) = {nll[s]['value']:.2f} ± {nll[s]['ci95']:.2f} nats on mnist (S={s})\n"
        for s in ("5", "20")
    )

    # A map of these weights stays, whatever its settings; a damaged one is made anew.
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "--device", "cpu") == 0
    assert load_map(checkpoint, 130)[1].seed == 3  # type: ignore[index]
    (checkpoint.folder / TSNE).write_bytes(b"damaged")
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "--device", "cpu") == 0
    assert load_map(checkpoint, 130)[1].seed == 0  # type: ignore[index]
    figures = read_metrics(checkpoint)["test"]
    capsys.readouterr()

    # Another test set is added beside the first, and makes no map.
    for name in (TSNE, PER_IMAGE):
        (checkpoint.folder / name).unlink()
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "--dataset", "omniglot", "--device", "cpu") == 0
    assert read_metrics(checkpoint)["test"]["mnist"] == figures["mnist"]
    assert set(read_metrics(checkpoint)["test"]) == {"mnist", "omniglot"}
    assert not has_map(checkpoint) and load_per_image(checkpoint, 130) is None


def test_a_model_of_the_iwae_bound_is_measured_with_an_elbo(tmp_path: Path) -> None:
    assert train(tmp_path, "dlgmm", "--epochs", "1", "--bound", "iwae") == 0
    assert run(tmp_path, "evaluate", "mnist-dlgmm", "--samples", "5", "--device", "cpu") == 0
    model, checkpoint = load_checkpoint(tmp_path / "mnist-dlgmm")
    expected = mean_elbo(model, toy_dataset("mnist").test.binary, "marginal")
    assert read_metrics(checkpoint)["test"]["mnist"]["elbo"] == {"bound": "marginal", **asdict(expected)}


def test_codes_of_two_numbers_are_also_measured_on_a_grid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlaneGrid, "of", partial(PlaneGrid.of, size=40))
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--code-dim", "2") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-gauss-vae", "--samples", "5", "--exact", "--device", "cpu") == 0
    assert capsys.readouterr().out.endswith("nats on mnist (on a grid)\n")
    assert list(read_metrics(read_checkpoint(tmp_path / "mnist-gauss-vae"))["test"]["mnist"]["nll"]) == ["5", "exact"]

    assert train(tmp_path, "sb-vae", "--epochs", "1", "--code-dim", "4") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-sb-vae", "--exact", "--device", "cpu") == 2
    assert "--exact" in error_of(capsys)
    assert not (tmp_path / "mnist-sb-vae" / METRICS).exists()


def test_several_checkpoints_are_measured_in_turn_if_all_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "last"):
        assert train(tmp_path, "gauss-vae", "--epochs", "1", "--name", name) == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "first", "nobody", "last", "--samples", "5", "--device", "cpu") == 2
    assert error_of(capsys).startswith(f"There is no checkpoint {tmp_path / 'nobody'}: choose one that `list` names")
    assert not (tmp_path / "first" / METRICS).exists()
    assert run(tmp_path, "evaluate", "first", "last", "--samples", "5", "--device", "cpu") == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["first", "last"]
    assert (tmp_path / "first" / METRICS).exists() and (tmp_path / "last" / METRICS).exists()


def test_what_another_seed_replaces_is_said_and_so_is_which_of_several_cannot_be_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1", "--name", "one") == 0
    assert run(tmp_path, "evaluate", "one", "--samples", "5", "8", "--seed", "1", "--device", "cpu") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "one", "--samples", "20", "--seed", "2", "--device", "cpu") == 0
    assert "Figures by the seed 1 (S = 5, S = 8) are replaced: evaluate with that seed" in capsys.readouterr().err
    assert list(read_metrics(read_checkpoint(tmp_path / "one"))["test"]["mnist"]["nll"]) == ["20"]

    def fail(*_: object, **__: object) -> None:
        raise EvaluationError("An importance weight is not a finite number.")

    monkeypatch.setattr("dlgmm_core.commands.evaluate.measure", fail)
    assert run(tmp_path, "evaluate", "one", "--samples", "20", "--device", "cpu") == 1
    assert "error: one cannot be measured. An importance weight" in capsys.readouterr().err


def test_a_checkpoint_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "evaluate", "nobody") == 2
    assert "nobody" in error_of(capsys)


def test_a_name_that_is_nearly_one_that_is_there_is_answered_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mnist-dlgmm", "mnist-sb-vae"):
        (tmp_path / name).mkdir()
    (tmp_path / "mnist-dlgn").write_text("no folder", encoding="utf-8")
    output = ("--output", str(tmp_path / "x.html"))
    for command in (
        ("evaluate", "mnist-dlgm"),
        ("map", "mnist-dlgm"),
        ("export-html", "--checkpoint", "mnist-dlgm", *output),
        ("train", "dlgmm", "--name", "new", "--prior-components", "full", "--start-from", "mnist-dlgm"),
    ):
        assert run(tmp_path, *command) == 2
        assert error_of(capsys) == (
            f"There is no checkpoint {tmp_path / 'mnist-dlgm'}: did you mean mnist-dlgmm? Else choose one that `list`"
            " names, or train it first."
        )
    assert run(tmp_path, "evaluate", "omniglot-gauss-vae") == 2
    assert "did you mean" not in error_of(capsys)


@pytest.mark.parametrize(
    "options",
    [
        ("--samples", "0"),
        ("--samples", "50", "-5"),
        ("--samples", "9999999999999"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
    ],
)
def test_senseless_measurements_are_refused_and_leave_no_figures(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    capsys.readouterr()
    assert run(tmp_path, "evaluate", "mnist-gauss-vae", *options, "--device", "cpu") == 2
    assert options[0] in error_of(capsys)
    assert not (tmp_path / "mnist-gauss-vae" / METRICS).exists()


def test_a_collapsed_model_is_measured_and_one_sentence_says_that_it_has_no_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ModelConfig("gauss-vae", 2, hidden=4)
    weights = {name: torch.zeros_like(weight) for name, weight in build_model(config).state_dict().items()}
    save_checkpoint(tmp_path / "flat", weights, config, TrainConfig(), 1, -1.0)
    assert run(tmp_path, "evaluate", "flat", "--samples", "5", "--device", "cpu") == 0
    assert "flat: no map. All codes are equal" in capsys.readouterr().err
    checkpoint = read_checkpoint(tmp_path / "flat")
    assert set(read_metrics(checkpoint)["test"]["mnist"]) >= {"elbo", "nll", "knn"} and not has_map(checkpoint)
    assert run(tmp_path, "map", "flat", "--device", "cpu") == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: All codes are equal")
