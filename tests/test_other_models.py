"""A further model is a builder and a row: two that are not in the table go through everything; so do other shapes."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgmm_core.__main__ import main
from dlgmm_core.analysis.inspection import inspect_image
from dlgmm_core.analysis.tsne import fit_tsne
from dlgmm_core.checks import ConfigError
from dlgmm_core.commands.table import build_parser
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.metrics import measure
from dlgmm_core.evaluate.plane_grid import has_plane
from dlgmm_core.experiments.fast_table import fast_recipe
from dlgmm_core.model.models import MODELS, build_model, is_stick
from dlgmm_core.model.objectives import BOUNDS, elbo, iwae_bound
from dlgmm_core.options import model_config
from dlgmm_core.store.checkpoints import load_checkpoint, read_checkpoint, read_metrics
from dlgmm_core.store.tsne_map import ProjectionConfig, has_map, load_map, save_map
from dlgmm_core.train.mixture_start import is_start, require_start
from dlgmm_core.train.training import TrainingRun, fit
from tests.app_helpers import PAGES, Manager, begun, open_page, press, selected, start, turn_to
from tests.cli_helpers import TINY, run, tiny_world
from tests.experiment_helpers import toy_dataset
from tests.latent_helpers import open_maps
from tests.other_models import OTHER_MODELS
from ui import loaders
from ui.digit.answer import VIEWS
from ui.serving.encoders import encoder_address
from ui.training import expected
from ui.training.presets import BY_HAND

NAMED = set(MODELS)  # before further ones are registered
NAMES = pytest.mark.parametrize("name", list(OTHER_MODELS))


def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The two rows, and a few hundred images behind every data set's name."""
    for name, family in OTHER_MODELS.items():
        monkeypatch.setitem(MODELS, name, family)
    yield from tiny_world(monkeypatch)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from register(monkeypatch)


@NAMES
def test_bounds_of_another_model_lie_below_log_p_and_iwae_between(name: str) -> None:
    model = build_model(ModelConfig(name, 3, hidden=8, image_shape=(2, 2))).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
        x = torch.bernoulli(torch.full((6, 4), 0.5, dtype=torch.float64))
        code = model.prior().sample(torch.Size([200_000]))  # (S, 1, D)
        log_p = model.likelihood(code).log_prob(x).exp().mean(0).log()
        for bound in BOUNDS:
            assert (elbo(model, x, bound, 2000) < log_p + 0.01).all(), bound
        # a normal proposal under heavier tails: weights of no finite variance, and so no error bars
        iwae = iwae_bound(model, x, 20_000)
        assert (iwae < log_p + 0.05).all() and (iwae > elbo(model, x, "marginal", 2000)).all()
        assert (iwae - log_p).abs().median() < 0.05


def test_mixtures_start_from_a_gauss_vae_by_its_row_and_from_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "own-gauss-vae", replace(MODELS["gauss-vae"], label="Own"))
    mixture = ModelConfig("dlgmm", 3, 2, (0.0, 0.0), (1.0, 1.0), prior_components="diagonal")
    assert [name for name in MODELS if is_start(ModelConfig(name, 3))] == ["gauss-vae", "own-gauss-vae"]
    require_start(mixture, ModelConfig("own-gauss-vae", 3))
    for name in OTHER_MODELS:
        with pytest.raises(ConfigError, match="A start must be a Gauss-VAE"):
            require_start(mixture, ModelConfig(name, 3))
    assert not is_start(ModelConfig("gauss-vae", 3, layers=2))


@NAMES
def test_another_model_goes_through_every_command(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--name", "other", *TINY, "--epochs", "2")
    begun = TrainingRun.start(ModelConfig(name, 2, hidden=4), TrainConfig(batch_size=50, max_epochs=2), "cpu")
    next(fit(begun, toy_dataset("mnist")))
    begun.save(tmp_path / "other")
    assert run(tmp_path, "train", name, *options, "--resume") == 0
    assert read_checkpoint(tmp_path / "other").model_config.model == name
    assert run(tmp_path, "train", name, "--name", "fast", *TINY, "--epochs", "1", "--recipe", "fast") == 0
    fast = read_checkpoint(tmp_path / "fast").train_config
    assert fast == replace(fast_recipe("gauss-vae"), max_epochs=1, batch_size=50)
    assert run(tmp_path, "evaluate", "other", "--samples", "2", "5", "--device", "cpu") == 0
    checkpoint = read_checkpoint(tmp_path / "other")
    figures = read_metrics(checkpoint)["test"]["mnist"]
    assert set(figures["nll"]) == {"2", "5"} and has_map(checkpoint)
    assert run(tmp_path, "map", "other", "--perplexity", "5", "--iterations", "20", "--device", "cpu") == 0
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    assert OTHER_MODELS[name].label in capsys.readouterr().out
    assert run(tmp_path, "reproduce", "--list") == 0
    assert "mnist-dlgmm" in capsys.readouterr().out
    assert main(["data", "list"]) == main(["data", "show", "mnist"]) == 0
    assert capsys.readouterr().err == ""
    page = tmp_path / "page.html"
    assert run(tmp_path, "export-html", "--checkpoint", "other", "--output", str(page)) == 2
    said = f"error: No browser can run other, a {OTHER_MODELS[name].label}: choose another model"
    assert capsys.readouterr().err.startswith(said) and not page.exists()


def test_a_plane_is_of_known_nodes_and_a_triangle_of_a_broken_stick() -> None:
    known = {
        name: {size for size in (2, 3, 4) if has_plane(ModelConfig(name, size))} for name in (*OTHER_MODELS, *NAMED)
    }
    assert known == {
        "logistic-normal-vae": set(),  # for want of a stick
        "student-vae": set(),  # for want of nodes
        "sb-vae": {3},
        "gauss-vae": {2},
        "dlgmm": {2},
        "dldpmm": {2},
    }
    assert [name for name in MODELS if is_stick(ModelConfig(name, 3))] == ["sb-vae"]
    prior = OTHER_MODELS["logistic-normal-vae"].build(ModelConfig("logistic-normal-vae", 3)).prior()
    nodes, weights = prior.quadrature(20)
    drawn = prior.sample(torch.Size([200_000])).mean((0, 1))
    torch.testing.assert_close((weights[..., None] * nodes.code).sum((0, 1, 2)), drawn, atol=3e-3, rtol=0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and measured checkpoint of each."""
    folder = tmp_path_factory.mktemp("others")
    with pytest.MonkeyPatch.context() as patch:
        for _ in register(patch):
            for name in OTHER_MODELS:
                assert run(folder, "train", name, "--name", name, *TINY, "--code-dim", "3", "--epochs", "1") == 0
                assert run(folder, "evaluate", name, "--samples", "2", "--device", "cpu") == 0
    return folder


@pytest.fixture
def others(measured: Path, own_checkpoints: Path) -> Path:
    """These in the app's folder."""
    shutil.copytree(measured, own_checkpoints, dirs_exist_ok=True)
    return own_checkpoints


def test_every_page_shows_other_models(others: Path, fresh_data: None) -> None:
    for page in PAGES:
        at = open_page(page)
        assert not at.exception and not at.error, page
    words = " ".join(element.value for element in open_page("overview").markdown)
    for family in OTHER_MODELS.values():
        assert family.sentence in words
    for name in OTHER_MODELS:
        at = open_page("digit", **{"digit_checkpoint": name, "digit-checkpoint": name})
        text = json.dumps([element.value for element in (*at.markdown, *at.caption)], ensure_ascii=False)
        assert "Gauss-VAE" not in text and not at.exception and not at.error
        assert encoder_address(read_checkpoint(others / name)) is None  # whose scripts would take it for another model


def test_a_code_that_sums_to_one_is_no_stick_unless_it_is_broken(others: Path, fresh_data: None) -> None:
    assert run(others, "train", "sb-vae", "--name", "broken", *TINY, "--code-dim", "3", "--epochs", "1") == 0
    assert run(others, "evaluate", "broken", "--samples", "2", "--device", "cpu") == 0
    drawn = [json.loads(each.proto.json) for each in open_page("overview").main.get("bidi_component")]
    assert {each["words"]: each["axis"] for each in drawn if "pieces" in each} == {
        "Prior of SB-VAE: mean pieces of the stick": "share of the stick",
        "Prior of Logistic-normal VAE: mean pieces of the code": "share of the code",
    }
    path = open_maps(maps="broken,logistic-normal-vae", image="1,2").path
    stick, other = path["models"]
    assert stick["words"] == "The code is the stick; its largest pieces:" and stick["shares"] is not None
    assert other["words"] == "This prior has no components to move between." and other["shares"] is None
    shown = [c.name for c in loaders.checkpoints() if has_plane(c.model_config)]
    assert shown == ["broken"] and json.loads(open_page("plane").main.get("bidi_component")[0].proto.json)["triangle"]


def test_every_view_of_a_digit_shows_other_models(others: Path, fresh_data: None) -> None:
    for name in OTHER_MODELS:
        for view in VIEWS:
            at = open_page("digit", **{"digit-checkpoint": name, "digit-view": view})
            assert at.session_state["digit-view"] == view and not at.exception and not at.error, (name, view)


def test_the_page_train_starts_other_models_and_shows_their_runs(
    fresh_data: None, own_checkpoints: Path, manager: Manager, alice: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expected, "seconds_per_epoch", lambda model, train, images, valid: 12.0)
    for name in OTHER_MODELS:
        at = turn_to(start(), "train").radio(key="train-preset").set_value(BY_HAND).run()
        press(at.selectbox(key="train-model").set_value(name).run(), "Start training")
        _, verb, arguments = manager.started[-1]
        assert model_config(build_parser().parse_args([verb, *arguments])).model == name
        unfinished = TrainingRun.start(ModelConfig(name, 2, hidden=4), TrainConfig(batch_size=50, max_epochs=2))
        next(fit(unfinished, toy_dataset("mnist")))
        unfinished.save(begun(own_checkpoints, f"own-{name}"))
        at = open_page("train", train_run=f"own-{name}")
        assert not at.exception and not at.error and at.info[0].value == f"own-{name} is paused after epoch 1."
        press(at, "Keep")
        assert not at.exception and not at.error
        assert at.success[0].value.startswith(f"own-{name} has ended") and f"own-{name}" in selected(at).options


# --- images of another shape -----------------------------------------------------------------------


@pytest.fixture
def crosses() -> Dataset:
    """240 images of 20 x 24 pixels: bars that lie, stand or cross."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 240)
    grey = np.full((240, 20, 24), 20, np.uint8)
    for image, label in zip(grey, labels, strict=True):
        if label != 1:
            image[(row := rng.integers(2, 16)) : row + 3] = 230
        if label != 0:
            image[:, (column := rng.integers(2, 20)) : column + 3] = 230
    flat = grey.reshape(240, -1)
    whole = Split(flat, (rng.random(flat.shape) < flat / 255).astype(np.uint8), labels.astype(np.int64))
    return Dataset("crosses", whole[:120], whole[120:150], whole[150:], ("lying", "standing", "crossed"), (20, 24))


@pytest.mark.parametrize(("body", "depth", "epochs"), [("conv", 1, 10), ("dense", 2, 20)])
def test_images_of_another_shape_are_trained_on_kept_measured_and_mapped(
    body: str, depth: int, epochs: int, crosses: Dataset, tmp_path: Path
) -> None:
    config = ModelConfig(
        "dlgmm", 3, 2, (-1.0, 1.0), (1.0, 1.0), 1.0, 32, (20, 24), body=body, depth=depth, prior_components="full"
    )
    # "mnist" because a checkpoint names a data set that the table has
    run = TrainingRun.start(config, TrainConfig(max_epochs=epochs, batch_size=10, learning_rate=5e-3, data_bias=True))
    history = list(fit(run, crosses))
    assert history[-1].best_valid_bound > history[0].valid_bound + 10
    run.save(tmp_path / "other")
    model, checkpoint = load_checkpoint(tmp_path / "other")
    assert checkpoint.model_config == config
    figures = measure(model, crosses, "eq1", [2, 5])
    elbo_found = figures.figures.elbo
    assert elbo_found is not None and elbo_found.value == pytest.approx(history[-1].best_valid_bound, abs=40)
    report = inspect_image(model, crosses.test.binary[0], 50)
    assert report.reconstructions.shape == (2, 480) and np.isfinite(report.log_p)
    settings = ProjectionConfig(perplexity=5, iterations=20)
    save_map(checkpoint, fit_tsne(encode(model, crosses.test.binary), settings), settings)
    stored = load_map(checkpoint, 90)
    assert stored is not None and stored[0].shape == (90, 2)


def test_a_model_for_other_shapes_is_refused_in_one_sentence(crosses: Dataset) -> None:
    run = TrainingRun.start(ModelConfig("gauss-vae", 2, hidden=4), TrainConfig(max_epochs=1))
    with pytest.raises(DataError, match="The model is for images of 28 x 28 pixels, and those of crosses have 20 x 24"):
        next(fit(run, crosses))
    with pytest.raises(DataError, match="20 x 24"):
        measure(run.model, crosses, "eq1", [2])
    assert replace(crosses, shape=(28, 28)).shape == (28, 28)
