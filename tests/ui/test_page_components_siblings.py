"""Below the components of a mixture: the same model, trained with other priors."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.results import write_results
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import Checkpoint, read_checkpoint, save_checkpoint
from tests.app_helpers import pictures
from tests.components_helpers import open_components

pytestmark = pytest.mark.usefixtures("repository")


@pytest.fixture
def family(own_checkpoints: Path) -> list[Checkpoint]:
    """A mixture, its siblings in the order of their means, and others that only look like siblings."""
    first = ModelConfig("dlgmm", 3, 3, (-1.5, 0.0, 1.5), (1.0,) * 3, hidden=4)
    recipe = TrainConfig(max_epochs=60)
    others = {
        "wide": (replace(first, prior_means=(-3.0, 0.0, 3.0)), recipe),
        "narrow": (replace(first, prior_means=(0.0, 0.0, 0.0)), recipe),
        "a-sparse-one": (replace(first, concentration=2.5), recipe),
        "same": (first, recipe),
        "longer": (replace(first, prior_means=(0.0, 0.0, 0.0)), replace(recipe, max_epochs=61)),
        "linear": (replace(first, prior_means=(0.0, 0.0, 0.0), encoder_activation="linear"), recipe),
        "larger": (replace(first, prior_means=(0.0, 0.0, 0.0), hidden=5), recipe),
        "process": (replace(first, prior_means=(0.0, 0.0, 0.0), model="dldpmm"), recipe),
        "fewer": (replace(first, prior_means=(0.0, 0.0), prior_scales=(1.0, 1.0), num_components=2), recipe),
    }
    for name, (model, train) in {"first": (first, recipe), **others}.items():
        save_checkpoint(own_checkpoints / name, build_model(model).state_dict(), model, train, 3, -123.4)
    return [read_checkpoint(own_checkpoints / name) for name in ("first", "narrow", "wide", "a-sparse-one")]


def listed(at: AppTest) -> list[str]:
    """The lines of text about siblings."""
    return [text.value for text in at.markdown if text.value.startswith("**Means")]


def test_siblings_are_the_same_network_under_other_priors(family: list[Checkpoint]) -> None:
    widget = open_components()
    widget.chooses("first")
    assert [header.value for header in widget.at.header] == ["The same model, trained with other priors"]
    assert listed(widget.at) == [
        "**Means 0, 0, 0**, α = 1  \n−log p(x) not recorded",
        "**Means −3, 0, 3**, α = 1  \n−log p(x) not recorded",
        "**Means −1.5, 0, 1.5**, α = 2.5  \n−log p(x) not recorded",
    ]
    before = pictures(widget.at)
    assert len(before) == len(set(before)) == 3
    widget.moves((0.0, 1.0, 2.0), (1.0,) * 3)
    assert pictures(widget.at) == before
    widget.says(seed=1)
    assert not set(pictures(widget.at)) & set(before)
    widget.chooses("process")  # which has none
    assert not widget.at.header and not pictures(widget.at)


def test_a_sibling_carries_the_likelihood_that_is_recorded(family: list[Checkpoint], own_checkpoints: Path) -> None:
    needed: dict[str, Any] = {"model": "dlgmm", "dataset": "mnist", "code_dim": 3, "knn": {}}

    def row(name: str, dataset: str, size: str, value: float) -> dict[str, Any]:
        nll = {size: {"value": value, "ci95": 0.456, "ess": 9.0, "images": 100}}
        return {"recipe": "figure-2", "checkpoint": name, "eval_dataset": dataset, "nll": nll, **needed}

    rows = [
        {**needed, "recipe": "baseline", "model": "raw-pixels", "eval_dataset": "mnist"},
        row("narrow", "binarized-mnist", "5000", 1.0),
        row("narrow", "mnist", "5000", 98.765),
        row("wide", "binarized-mnist", "5000", 2.0),
        row("a-sparse-one", "mnist", "50", 3.0),
    ]
    write_results(own_checkpoints, rows)
    widget = open_components()
    widget.chooses("first")
    assert [text.partition("  \n")[2] for text in listed(widget.at)] == [
        "−log p(x) 98.77 ± 0.46 nats (S = 5000)",
        "−log p(x) not recorded",
        "−log p(x) not recorded",
    ]
