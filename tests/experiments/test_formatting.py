"""A recorded row in words: what is known is said with its interval, what is not is a dash."""

from dataclasses import replace
from typing import Any

import pytest

from dlgmm_core.config import TrainConfig
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.results import Row
from dlgmm_core.experiments.table import paper_model


def row(**changes: Any) -> Row:
    """A row of DLGMM on the paper's test set, by the paper's recipe."""
    train = TrainConfig()
    return {
        "model": "dlgmm",
        "eval_dataset": "binarized-mnist",
        "recipe": "paper",
        "seed": 0,
        "epochs": 174,
        "stopped": "patience",
        "elbo": {"bound": "eq1", "value": -99.564, "ci95": 0.4},
        "nll": {"50": {"value": 93.037, "ci95": 0.456, "ess": 3.6}},
        "knn": {"sample": {str(k): {"error": 5.0 + k / 100, "ci95": 0.449} for k in (3, 5, 10)}},
        "paired": {"sample": {"5": {"only_first_wrong": 334, "only_second_wrong": 255, "p_value": 0.00129}}},
        "architecture": paper_model("dlgmm").to_dict(),
        "training": train.to_dict(),
    } | changes


def test_figures_are_rounded_and_carry_their_interval() -> None:
    assert (formatting.label(row()), formatting.recipe(row()), formatting.minus_elbo(row())) == (
        "DLGMM",
        "paper",
        "99.56",
    )
    assert formatting.nll(row(), 50) == "93.04 ± 0.46"
    assert formatting.effective_samples(row(), 50) == "4"
    assert formatting.knn_error(row(), "sample", 5) == "5.05 ± 0.45"
    assert formatting.paired(row(), "sample", 5) == "334 : 255, p = 0.0013"


def test_what_was_not_measured_is_a_dash() -> None:
    unpaired = {name: value for name, value in row().items() if name != "paired"}
    said = [
        formatting.nll(row(), 5000),
        formatting.nll(None, 50),
        formatting.effective_samples(row(), 5000),
        formatting.knn_error(row(), "mean", 5),
        formatting.paired(unpaired, "sample", 5),
    ]
    assert said == [formatting.NONE] * 5


@pytest.mark.parametrize("recipe", ["paper", "replica"])
def test_the_papers_figures_stand_beside_its_recipes(recipe: str) -> None:
    assert formatting.papers_nll(row(recipe=recipe)) == "96.50"
    assert formatting.papers_knn_errors(row(recipe=recipe)) == {3: "9.14", 5: "8.38", 10: "8.42"}


@pytest.mark.parametrize(
    "other",
    [
        row(recipe="tuned"),
        row(recipe="code-size", architecture=paper_model("dlgmm", 50).to_dict()),
        row(architecture=paper_model("dlgmm", 5).to_dict()),
    ],
)
def test_the_papers_figures_stand_beside_no_other_recipe_or_size(other: Row) -> None:
    assert formatting.papers_nll(other) == formatting.NONE
    assert set(formatting.papers_knn_errors(other).values()) == {formatting.NONE}


def test_a_run_that_was_ended_says_so_and_a_walked_schedule_does_not() -> None:
    cosine = replace(TrainConfig(), schedule="cosine").to_dict()
    assert formatting.epochs(row()) == "174"
    assert formatting.epochs(row(stopped="epochs")) == "174, cut off"
    assert formatting.epochs(row(stopped="epochs", training=cosine)) == "174"


def test_a_seed_is_named_unless_it_is_the_first() -> None:
    assert formatting.recipe(row(seed=2)) == "paper, seed 2"


def test_a_small_p_value_is_bounded_rather_than_rounded_to_nothing() -> None:
    test = {"only_first_wrong": 90, "only_second_wrong": 9, "p_value": 3e-17}
    assert formatting.paired(row(paired={"sample": {"5": test}}), "sample", 5) == "90 : 9, p < 0.0001"


def test_baselines_have_names_and_no_recipe_of_the_paper() -> None:
    assert [formatting.label({"model": name}) for name in ("raw-pixels", "pca-25")] == ["raw pixels", "PCA"]
