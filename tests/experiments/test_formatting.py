"""A recorded row in words: what is known is said with its interval, what is not is a dash."""

from dataclasses import replace
from typing import Any

import pytest

from dlgmm_core.config import TrainConfig
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.experiments.rows import Row
from dlgmm_core.runtime.records import from_json
from dlgmm_core.store.figures import Figures


def row(**changes: Any) -> Row:
    """A row of DLGMM on the paper's test set, by the paper's recipe; changes as they stand in JSON."""
    fields = {
        "model": "dlgmm",
        "dataset": "mnist",
        "eval_dataset": "binarized-mnist",
        "recipe": "paper",
        "code_dim": 25,
        "seed": 0,
        "epochs": 174,
        "seconds": 5400,
        "stopped": "patience",
        "elbo": {"bound": "eq1", "value": -99.564, "ci95": 0.4},
        "nll": {"50": {"value": 93.037, "ci95": 0.456, "ess": 3.6}},
        "knn": {"sample": {str(k): {"error": 5.0 + k / 100, "ci95": 0.449} for k in (3, 5, 10)}},
        "paired": paired(334, 255, 0.00129),
        "architecture": paper_model("dlgmm").to_dict(),
        "training": TrainConfig().to_dict(),
    }
    return from_json(Row, fields | changes)


def paired(first: int, second: int, p_value: float) -> dict[str, Any]:
    test = {"only_first_wrong": first, "only_second_wrong": second, "p_value": p_value}
    return {"rival": "mnist-gauss-vae", "rival_weights": "0", "sample": {"5": test}, "mean": {}}


BASELINE = Row(model="pca-25", dataset="mnist", eval_dataset="mnist", recipe="baseline", code_dim=25, figures=Figures())


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
    assert (formatting.hours(row()), formatting.binarization(row())) == ("1.50", "fixed")


@pytest.mark.parametrize(
    ("value", "ci95", "said"),
    [
        (-3283734.3, 3867989.01, "(3.3 ± 3.9)·10⁶"),
        (-6532.3, 7910.48, "(6.5 ± 7.9)·10³"),
        (-6532.3, 30000.0, "(0.7 ± 3.0)·10⁴"),
        (0.4, 0.5, "−0.4 ± 0.5"),
        (-6532.3, 6532.2, "6,532.30"),
    ],
)
def test_a_bound_whose_interval_is_as_large_as_itself_is_told_to_two_digits(
    value: float, ci95: float, said: str
) -> None:
    assert formatting.minus_elbo(row(elbo={"bound": "marginal", "value": value, "ci95": ci95})) == said


def test_the_layer_that_makes_such_a_bound_has_no_figure() -> None:
    layers = [{"divergence": each, "active": 1, "knn": {}} for each in (15.63, 6448.2)]
    known = {"bound": "marginal", "value": -6532.3, "ci95": 80.0}
    said = [formatting.divergences(row(layers=layers, elbo=elbo)) for elbo in (known, known | {"ci95": 7910.48}, None)]
    assert said == ["15.6 / 6,448.2", f"15.6 / {formatting.MOST}", "15.6 / 6,448.2"]
    assert formatting.divergences(row()) == formatting.NONE


def test_a_recipe_says_what_its_models_differ_in() -> None:
    two = paper_model("dlgmm", layers=2, components_below=(2,)).to_dict()
    long = TrainConfig(max_epochs=300).to_dict()
    said = {
        formatting.recipe(row(recipe="clusters", num_components=10)): "clusters, K = 10",
        formatting.recipe(row(recipe="layers", architecture=two, training=long)): "layers, K = 3 and 2, 300 epochs",
        formatting.recipe(row(recipe="strata", num_components=3, seed=1)): "strata, M = 3, seed 1",
        formatting.recipe(row(recipe="strata", training=TrainConfig(decoded=2).to_dict())): "strata, M = 2",
    }
    assert list(said) == list(said.values())


def test_what_was_not_measured_is_a_dash() -> None:
    said = [
        formatting.nll(row(), 5000),
        formatting.nll(None, 50),
        formatting.effective_samples(row(), 5000),
        formatting.knn_error(row(), "mean", 5),
        formatting.paired(BASELINE, "sample", 5),
        formatting.papers_nll(BASELINE),
        *(words(BASELINE) for words in (formatting.minus_elbo, formatting.epochs, formatting.hours)),
        formatting.binarization(BASELINE),
    ]
    assert said == [formatting.NONE] * 10


@pytest.mark.parametrize("recipe", ["paper", "replica"])
def test_the_papers_figures_are_shown_for_its_recipes(recipe: str) -> None:
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
def test_the_papers_figures_are_not_shown_for_other_recipes_or_sizes(other: Row) -> None:
    assert formatting.papers_nll(other) == formatting.NONE
    assert set(formatting.papers_knn_errors(other).values()) == {formatting.NONE}


def test_a_run_that_was_cut_off_says_so_and_one_by_a_finished_schedule_does_not() -> None:
    cosine = replace(TrainConfig(), schedule="cosine").to_dict()
    assert formatting.epochs(row()) == "174"
    assert formatting.epochs(row(stopped="epochs")) == "174, cut off"
    assert formatting.epochs(row(stopped="epochs", training=cosine)) == "174"


def test_a_seed_is_named_unless_it_is_the_first() -> None:
    assert formatting.recipe(row(seed=2)) == "paper, seed 2"


def test_a_small_p_value_is_bounded_rather_than_rounded_to_nothing() -> None:
    assert formatting.paired(row(paired=paired(90, 9, 3e-17)), "sample", 5) == "90 : 9, p < 0.0001"


def test_baselines_have_names() -> None:
    assert [formatting.label(replace(BASELINE, model=name)) for name in ("raw-pixels", "pca-25")] == [
        "raw pixels",
        "PCA",
    ]
