"""The table of experiments: it is the paper's, every row can be run, and rows that are compared are comparable."""

import itertools
import runpy
from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pytest

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.experiments import table
from dlgmm_core.experiments.clustering_table import BASELINE_SIZES, CLUSTERS_BY
from dlgmm_core.experiments.experiment import SHORT, Experiment, paper_model
from dlgmm_core.experiments.table import EXPERIMENTS, INGREDIENTS, RECIPES, select
from dlgmm_core.model.models import MODELS
from dlgmm_core.train.training import TrainingRun

ALL = list(EXPERIMENTS.values())
# What a model of many components may be given less of than its baseline.
AFFORDED = {
    "paper": {"precision", "max_epochs"},
    "replica": {"max_epochs"},
    "tuned": {"num_samples", "max_epochs", "patience"},
    "code-size": set[str](),
    "layers": {"num_samples", "decoded", "max_epochs", "patience"},
    "fast": {"batch_size", "decoded", "learning_rate", "max_epochs", "patience"},
    "digits": set[str](),
}


def of(recipe: str) -> list[Experiment]:
    return [e for e in ALL if e.recipe == recipe]


def changed(old: TrainConfig | ModelConfig, new: TrainConfig | ModelConfig) -> dict[str, Any]:
    """The fields of `new` in which it differs."""
    return {name: value for name, value in asdict(new).items() if value != asdict(old)[name]}


# --- every row -----------------------------------------------------------------------------------


def test_every_experiment_is_filed_under_its_name_and_can_be_a_folder() -> None:
    # were two called the same, the second would have taken the first one's place: so count them by recipe
    counts = {"paper": 18, "replica": 2, "tuned": 19, "ingredient": len(INGREDIENTS), "code-size": 10, "figure-2": 6}
    counts |= {"clusters": 13, "clusters-deep": 6, "clusters-by": len(CLUSTERS_BY)}
    counts |= {"strata": 3, "layers": 31, "amortised": 5, "plane": 4, "fast": 12, "digits": 5}
    assert {recipe: len(of(recipe)) for recipe in RECIPES} == counts
    assert all(name == e.name and name.replace("-", "").replace(".", "").isalnum() for name, e in EXPERIMENTS.items())


def test_no_two_experiments_are_the_same_training_and_no_recipe_is_called_as_one() -> None:
    assert len({(e.model, e.train) for e in ALL}) == len(ALL)
    assert not set(RECIPES) & set(EXPERIMENTS)  # `--only` takes either


def test_every_experiment_can_be_started() -> None:
    for e in ALL:
        run = TrainingRun.start(e.model, e.train)
        assert (run.model.config, run.config) == (e.model, e.train), e.name


def test_every_experiment_is_measured_on_the_test_set_of_what_it_learnt() -> None:
    for e in ALL:
        assert e.train.dataset in e.eval_datasets and set(e.eval_datasets) <= set(DATASETS), e.name
        assert len(set(e.eval_datasets)) == len(e.eval_datasets), e.name


def test_a_baseline_is_the_gauss_vae_that_a_mixture_starts_from_or_differs_from_in_the_model_alone() -> None:
    compared = [(e, e.baseline) for e in ALL if e.baseline is not None]
    assert {e.recipe for e, _ in compared} == {*AFFORDED, "clusters", "clusters-deep"}
    for e, name in compared:
        assert MODELS[e.model.model].has_components, e.name
        baseline = EXPERIMENTS[name]
        assert baseline.model.model == "gauss-vae", e.name
        for field in ("code_dims", "hidden", "depth", "encoder_activation", "skip"):
            assert getattr(baseline.model, field) == getattr(e.model, field), e.name
        if e.train.start_from:
            assert e.train.start_from == name and baseline.train.seed == e.train.seed, e.name
        else:
            assert baseline.recipe == e.recipe and set(changed(e.train, baseline.train)) <= AFFORDED[e.recipe], e.name
        assert set(e.eval_datasets) <= set(baseline.eval_datasets), e.name


def test_every_mixture_of_a_recipe_that_compares_models_has_a_baseline() -> None:
    for e in ALL:
        alone = ("ingredient", "figure-2", "clusters-by", "strata", "amortised", "plane")
        expected = MODELS[e.model.model].has_components and e.recipe not in alone
        assert (e.baseline is not None) == expected, e.name


def test_the_time_of_a_run_is_estimated_by_its_schedule() -> None:
    by_patience = replace(EXPERIMENTS["mnist-dlgmm"], train=TrainConfig(max_epochs=1000))
    assert by_patience.expected_epochs == 200
    assert replace(by_patience, train=TrainConfig(max_epochs=40)).expected_epochs == 40
    assert replace(by_patience, train=TrainConfig(max_epochs=400, schedule="cosine")).expected_epochs == 400


# --- the paper's ---------------------------------------------------------------------------------


def test_the_paper_has_four_models_on_two_data_sets_and_seeds_where_they_are_compared() -> None:
    runs = {(e.model.model, e.train.dataset, e.train.seed) for e in of("paper")}
    on_both = {(model, dataset, 0) for model in MODELS for dataset in ("mnist", "omniglot")}
    compared = {"mnist": ("gauss-vae", "dlgmm"), "omniglot": ("gauss-vae", "dlgmm", "dldpmm")}
    repeated = {(model, dataset, seed) for dataset, models in compared.items() for model in models for seed in (1, 2)}
    assert runs == on_both | repeated


def test_the_paper_rows_are_its_architecture_bound_and_optimiser() -> None:
    for e in of("paper"):
        assert e.model == paper_model(e.model.model), e.name
        free = changed(TrainConfig(), e.train)
        assert set(free) <= {"dataset", "seed", "precision"}, e.name
        assert (e.train.bound, e.train.learning_rate, e.train.batch_size) == ("eq1", 3e-4, 100), e.name
        assert e.train.max_epochs == 1000  # more than any took until it stopped
        if e.model.model != "dldpmm":  # which would take hours more
            assert e.train.precision == "float32", e.name


def test_the_papers_models_have_its_sizes_and_priors() -> None:
    sizes = dict.fromkeys(MODELS, (25, 500, 784, "relu"))
    assert {
        name: (m.code_dim, m.hidden, m.data_dim, m.encoder_activation) for name in MODELS for m in [paper_model(name)]
    } == sizes
    priors = {"gauss-vae": (1, 1.0), "sb-vae": (1, 5.0), "dlgmm": (3, 1.0), "dldpmm": (17, 1.0)}
    for name, (components, concentration) in priors.items():
        config = paper_model(name)
        assert (config.num_components, config.concentration) == (components, concentration)
        assert (config.prior_means, config.prior_scales) == ((0.0,) * components, (1.0,) * components)


def test_a_paper_row_is_called_as_train_calls_its_checkpoint_with_the_seed_added_and_the_first_is_mapped() -> None:
    for e in of("paper"):
        assert e.mapped == (e.train.seed == 0), e.name
        suffix = f"-seed{e.train.seed}" if e.train.seed else ""
        assert e.name == f"{e.train.dataset}-{e.model.model}{suffix}"


# --- beyond it -----------------------------------------------------------------------------------


def test_the_replica_lacks_nothing_but_the_encoders_activation() -> None:
    assert {e.model.model for e in of("replica")} == {"gauss-vae", "dlgmm"}
    for e in of("replica"):
        assert e.model == paper_model(e.model.model, encoder_activation="linear")
        assert set(changed(EXPERIMENTS[f"mnist-{e.model.model}"].train, e.train)) <= {"max_epochs"}


def test_the_tuned_rows_have_the_papers_architecture() -> None:
    tuned = of("tuned")
    assert {(e.train.dataset, e.model.model) for e in tuned} == {(d, m) for d in ("mnist", "omniglot") for m in MODELS}
    for e in tuned:
        paper = EXPERIMENTS[f"{e.train.dataset}-{e.model.model}"]
        assert replace(e.model, prior_components="fixed") == paper.model and e.eval_datasets == paper.eval_datasets
        assert (e.model.prior_components == "diagonal") == MODELS[e.model.model].has_components
        assert e.name == f"{paper.name}-tuned" + (f"-seed{e.train.seed}" if e.train.seed else "")
        assert e.baseline is None or EXPERIMENTS[e.baseline].train.seed == e.train.seed
        assert e.train.bound == "iwae" and e.train.schedule == "cosine" and e.train.data_bias
        assert e.train.patience == e.train.max_epochs == 120  # a cosine is walked to its end


def test_the_tuned_models_that_are_compared_have_several_seeds_and_decode_about_equally_often() -> None:
    decodings = {e.model.model: e.model.num_components * e.train.num_samples for e in of("tuned")}
    assert decodings == {"gauss-vae": 5, "sb-vae": 5, "dlgmm": 6, "dldpmm": 17}
    seeds = {
        dataset: Counter(e.model.model for e in of("tuned") if e.train.dataset == dataset)
        for dataset in ("mnist", "omniglot")
    }
    assert seeds["mnist"] == {"gauss-vae": 3, "sb-vae": 1, "dlgmm": 2, "dldpmm": 3}
    assert seeds["omniglot"] == {"gauss-vae": 3, "sb-vae": 1, "dlgmm": 3, "dldpmm": 3}


def test_the_ingredients_add_one_step_at_a_time_and_keep_those_before() -> None:
    steps = of("ingredient")
    assert [e.name for e in steps] == [f"ingredient-{name}" for name in INGREDIENTS]
    assert steps[0].model == EXPERIMENTS["mnist-dlgmm"].model
    assert changed(TrainConfig(), steps[0].train) == INGREDIENTS["eq1"] == {"max_epochs": 40, "patience": 40}
    for (before, after), step in zip(pairwise(steps), list(INGREDIENTS.values())[1:], strict=True):
        new = changed(before.train, after.train) | changed(before.model, after.model)
        assert new == step != {}, after.name


def test_the_ingredients_lead_from_the_papers_recipe_to_the_tuned_one() -> None:
    bottom, top = of("ingredient")[0], of("ingredient")[-1]
    budget = {"max_epochs", "patience"}
    assert set(changed(EXPERIMENTS["mnist-dlgmm"].train, bottom.train)) == budget
    assert set(changed(EXPERIMENTS["mnist-dlgmm-tuned"].train, top.train)) == budget
    assert top.model == EXPERIMENTS["mnist-dlgmm-tuned"].model


def test_the_code_sizes_are_compared_in_pairs() -> None:
    pairs = {(e.model.code_dim, e.train.seed, e.model.model) for e in of("code-size")}
    sizes = ((5, 0), (25, 0), (25, 1), (25, 2), (50, 0))
    assert pairs == {(*size, m) for size in sizes for m in ("gauss-vae", "dlgmm")}
    for e in of("code-size"):
        assert replace(e.model, code_dim=25) == paper_model(e.model.model)
        assert replace(e.train, seed=0) == SHORT
        suffix = f"-seed{e.train.seed}" if e.train.seed else ""
        assert e.name == f"mnist-{e.model.model}-d{e.model.code_dim}{suffix}"


def test_the_short_recipe_is_the_papers_in_fewer_epochs() -> None:
    free = {"learning_rate", "schedule", "precision", "max_epochs", "patience"}
    assert set(changed(TrainConfig(), SHORT)) == free and SHORT.patience == SHORT.max_epochs


def test_figure_2_has_five_components_in_five_dimensions_at_various_spreads() -> None:
    means = {e.name: e.model.prior_means for e in of("figure-2")}
    assert means == {
        "mnist-dlgmm-fig2": (-1.5, -0.75, 0.0, 0.75, 1.5),
        "mnist-dlgmm-fig2-alpha0.1": (-1.5, -0.75, 0.0, 0.75, 1.5),
        "mnist-dlgmm-spread0": (0.0,) * 5,
        "mnist-dlgmm-spread0.5": (-0.5, -0.25, 0.0, 0.25, 0.5),
        "mnist-dlgmm-spread1": (-1.0, -0.5, 0.0, 0.5, 1.0),
        "mnist-dlgmm-spread2": (-2.0, -1.0, 0.0, 1.0, 2.0),
    }
    for e in of("figure-2"):
        assert (e.model.model, e.model.code_dim, e.model.num_components) == ("dlgmm", 5, 5)
        assert e.model.prior_scales == (1.0,) * 5 and e.train.bound == "eq1" and e.mapped
        assert e.model.concentration == (0.1 if "alpha" in e.name else 1.0)
        assert e.train == SHORT


def test_the_clusters_start_from_the_tuned_gauss_vae() -> None:
    runs = {
        (e.train.dataset, e.model.model, e.model.num_components, e.train.bound, e.train.seed) for e in of("clusters")
    }
    sizes = (("dlgmm", 10, "eq1"), ("dlgmm", 20, "eq1"), ("dlgmm", 20, "mixture"), ("dldpmm", 30, "marginal"))
    thrice = {("mnist", *size, seed) for size in sizes for seed in range(3)}
    assert runs == thrice | {("omniglot", "dlgmm", 10, "eq1", 0)}
    for e in of("clusters"):
        start = EXPERIMENTS[e.train.start_from]
        assert start.name == f"{e.train.dataset}-gauss-vae-tuned" + (f"-seed{e.train.seed}" if e.train.seed else "")
        assert e.model.prior_components == "full" and e.mapped


def test_the_clusters_change_one_thing_at_a_time() -> None:
    steps, recipe = of("clusters-by"), EXPERIMENTS["mnist-dlgmm-clusters10"]
    assert [e.name for e in steps] == [f"clusters-by-{name}" for name in CLUSTERS_BY]
    assert steps[0].model == recipe.model and set(changed(recipe.train, steps[0].train)) == {"max_epochs", "patience"}
    for e, change in zip(steps, CLUSTERS_BY.values(), strict=True):
        assert changed(steps[0].train, e.train) | changed(steps[0].model, e.model) == change, e.name


# --- select --------------------------------------------------------------------------------------


def names(*patterns: str) -> list[str]:
    return [e.name for e in select(list(patterns))]


def test_baselines_look_for_as_many_groups_as_the_dlgmms_of_clusters_have_components() -> None:
    found = [e.model for e in EXPERIMENTS.values() if e.recipe == "clusters"]
    assert {model.num_components for model in found if model.model == "dlgmm"} == set(BASELINE_SIZES)


def test_patterns_select_names_and_recipes_in_their_order_and_nothing_twice() -> None:
    assert select([]) == ALL and names("*") == list(EXPERIMENTS)
    assert names("mnist-dlgmm") == ["mnist-dlgmm"] and select(["tuned"]) == of("tuned")
    assert names("mnist-*-d5?") == ["mnist-gauss-vae-d50", "mnist-dlgmm-d50"] and select(["figure-?"]) == of("figure-2")
    chosen = names("replica", "mnist-gauss-vae", "mnist-*-replica", "mnist-gauss-vae")
    assert chosen == ["mnist-gauss-vae-replica", "mnist-dlgmm-replica", "mnist-gauss-vae"]


@pytest.mark.parametrize("pattern", ["vae", "paper?", ""])
def test_a_pattern_without_a_match_is_one_sentence(pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        select(["tuned", pattern])
    sentence = str(caught.value)
    assert sentence.startswith(f"No experiment is called {pattern!r}: ") and sentence.endswith(".")
    assert "\n" not in sentence and all(recipe in sentence for recipe in RECIPES)


def test_a_model_added_to_the_table_of_models_adds_no_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "fifth", replace(MODELS["dlgmm"], label="Fifth"))
    made_again = runpy.run_path(table.__file__)["EXPERIMENTS"]
    assert [asdict(e) for e in made_again.values()] == [asdict(e) for e in ALL]


# --- sampled strata ------------------------------------------------------------------------------


def test_sampled_strata_are_the_tuned_model_for_fewer_epochs() -> None:
    tuned = EXPERIMENTS["mnist-dldpmm-tuned"]
    for e in of("strata"):
        assert e.model == tuned.model and set(changed(tuned.train, e.train)) <= {"decoded", "max_epochs", "patience"}
        assert e.train.max_epochs < tuned.train.max_epochs, e.name


# --- two layers ----------------------------------------------------------------------------------


def test_models_of_two_layers_have_a_mixture_in_neither_one_or_both_and_decode_about_as_many_codes_as_tuned_ones() -> (
    None
):
    rows = of("layers")
    assert all((e.model.layers, e.model.code_dims, e.model.skip) == (2, (25, 25), True) for e in rows)
    by_seed = {(e.train.dataset, e.train.seed): set[tuple[str, tuple[int, ...]]]() for e in rows}
    for e in rows:
        by_seed[e.train.dataset, e.train.seed].add((e.model.model, e.model.components))
        tuned = EXPERIMENTS[f"{e.train.dataset}-{e.model.model}-tuned"]
        longer = {"max_epochs", "patience"} if e.name.endswith("-long") else set[str]()
        assert set(changed(tuned.train, e.train)) <= {"seed", "num_samples", "decoded"} | longer, e.name
        decoded, usual = (each.train.decoded_of(each.model) * each.train.num_samples for each in (e, tuned))
        assert usual - 1 <= decoded <= usual + 3, e.name
    assert by_seed.keys() == set(itertools.product(("mnist", "omniglot"), range(3)))
    both = {("dlgmm", (3, 3)), ("dldpmm", (17, 17))}
    assert all(
        found == {("gauss-vae", (1, 1)), ("dlgmm", (3, 1)), ("dlgmm", (1, 3)), *both} for found in by_seed.values()
    )
