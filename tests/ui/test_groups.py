"""Which checkpoints a visitor sees first, and how the others are grouped."""

from dataclasses import replace
from pathlib import Path

from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.store.checkpoints import Checkpoint
from tests.app_helpers import ALICE, Make, begun
from ui.groups import GROUPS, amortised_first, by_group, group, usual


def checkpoint(name: str, valid_bound: float = -90.0) -> Checkpoint:
    experiment = EXPERIMENTS.get(name, EXPERIMENTS["mnist-gauss-vae"])
    return Checkpoint(Path(name), experiment.model, experiment.train, 1, valid_bound, name)


def names(checkpoints: list[Checkpoint]) -> list[str]:
    return [c.name for c in checkpoints]


ALL = [checkpoint(name) for name in (*EXPERIMENTS, "mine")]


def test_every_checkpoint_has_a_group_and_one_that_is_no_experiment_is_yours() -> None:
    found = {group(c) for c in ALL}
    assert found == {*GROUPS} - {"The class's"}
    assert [c.name for c in ALL if group(c) == "Yours"] == ["mine"]


def test_what_another_visitor_has_published_is_the_classs_and_is_not_compared_at_first(
    make: Make, own_checkpoints: Path
) -> None:
    made = make("theirs"), make("common")
    begun(own_checkpoints, "theirs", ALICE)  # no page is running, so nobody's
    assert [group(c) for c in made] == ["The class's", "Yours"]
    assert names(usual(made)) == ["common"]


def test_groups_come_in_their_order_and_mixtures_first_within_one() -> None:
    ordered = by_group(ALL)
    assert sorted(names(ordered)) == sorted(names(ALL))
    places = [GROUPS.index(group(c)) for c in ordered]
    assert places == sorted(places)
    assert ordered[0].name == "mnist-dlgmm-clusters10"
    of_omniglot = by_group([c for c in ALL if c.train_config.dataset == "omniglot"])
    assert of_omniglot[0].name == "omniglot-dlgmm-clusters10"


def test_amortised_models_come_before_all_others_on_pages_that_turn_their_prior_smaller_codes_first() -> None:
    assert names(amortised_first(by_group(ALL)))[:3] == [
        "mnist-dlgmm-amortised",
        "mnist-dlgmm-amortised-d25",
        "mnist-dlgmm-clusters10",
    ]


def test_the_best_seed_of_each_experiment_figure_2_and_a_visitors_own_are_compared_at_first() -> None:
    on_mnist = [c for c in ALL if c.train_config.dataset == "mnist"]
    better = replace(checkpoint("mnist-dlgmm-clusters10-seed2"), valid_bound=-80.0)
    on_mnist = [better if c.name == better.name else c for c in on_mnist]
    assert set(names(usual(on_mnist))) == {
        *(f"mnist-{model}-tuned" for model in ("gauss-vae", "sb-vae", "dlgmm", "dldpmm")),
        "mnist-dlgmm-clusters10-seed2",
        "mnist-dlgmm-clusters20",
        "mnist-dlgmm-clusters20-mixture",
        "mnist-dldpmm-clusters30",
        "mnist-dlgmm-fig2",
        "mine",
    }


def test_where_there_is_none_of_these_the_papers_first_seeds_are() -> None:
    paper = [checkpoint(name) for name, e in EXPERIMENTS.items() if e.recipe == "paper" and e.train.dataset == "mnist"]
    assert names(usual(paper)) == ["mnist-gauss-vae", "mnist-sb-vae", "mnist-dlgmm", "mnist-dldpmm"]
    assert usual([]) == []
