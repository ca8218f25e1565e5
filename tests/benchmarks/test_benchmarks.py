"""The benchmarks measure what they say: ratios have the right sign, and the reference does the same work."""

import time

import pytest
import torch

from benchmarks.measuring import Limit, Measured, compare
from benchmarks.plain import gauss_elbo, mixture_eq1
from benchmarks.tables import benchmarks_table
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.model.objectives import elbo

MODELS = {
    "gauss-vae": (ModelConfig("gauss-vae", 3, hidden=8, image_shape=(3, 4)), gauss_elbo),
    "dlgmm": (ModelConfig("dlgmm", 3, 3, (-1.0, 0.0, 2.0), (0.5, 1.0, 1.0), hidden=8, image_shape=(3, 4)), mixture_eq1),
    "dldpmm": (ModelConfig("dldpmm", 3, 5, (0.0,) * 5, (1.0,) * 5, 2.0, hidden=8, image_shape=(3, 4)), mixture_eq1),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_direct_implementation_estimates_the_same_bound(name: str) -> None:
    config, plain = MODELS[name]
    model = build_model(config)
    x = torch.bernoulli(torch.full((1, 12), 0.5)).expand(20_000, 12)
    with torch.no_grad():
        ours, theirs = elbo(model, x, "eq1"), plain(model, x)
    error = ((ours.var() + theirs.var()) / len(x)).sqrt().item()
    # ten terms of the series fall short of the sticks' divergence by a tenth of a nat a stick where a = b = 1
    shortfall = 0.1 * (config.num_components - 1)
    assert -4 * error - 0.02 < (theirs.mean() - ours.mean()).item() < 4 * error + shortfall


def test_a_ratio_is_of_times_or_says_how_many_times_faster() -> None:
    assert Measured("a", "b", ours=3.0, theirs=2.0, reach=1.4).to_dict()["ratio"] == 1.5
    assert not Measured("a", "b", 3.0, 2.0, 1.4).to_dict()["reached"]
    assert Measured("a", "b", 2.7, 2.0, 1.4).to_dict()["reached"]
    faster = Measured("a", "b", ours=2.0, theirs=3.0, reach=1.4, at_most=False)
    assert faster.to_dict()["ratio"] == 1.5 and faster.to_dict()["reached"]


def test_the_costlier_of_two_works_takes_longer_by_turns() -> None:
    def work(times: int) -> None:
        end = time.process_time() + 0.001 * times
        while time.process_time() < end:
            pass

    short, long = compare(lambda: work(1), lambda: work(20), rounds=3)
    assert long / short > 5


def test_the_table_says_ratio_aim_and_whether_it_was_reached() -> None:
    lines = [Measured("x", "y", 3.0, 2.0, 1.4).to_dict(), Measured("x", "z", 2.0, 3.0, 1.4, at_most=False).to_dict()]
    rows = benchmarks_table({"one": {"machine": "m", "lines": lines}}).splitlines()[2:]
    assert rows == ["| x | y | 1.50 × | ≤ 1.4 | no |", "| x | z | 1.50 times faster | ≥ 1.4 | yes |"]


def test_a_limit_keeps_its_unit_and_the_references_figure_is_subtracted() -> None:
    lines = [
        Limit("wait", "ms", 61.2, 60).to_dict(),
        Limit("errors", "", 0, 0).to_dict(),
        Limit("first page", "s", 2.5, 1.0, against="a bare page", theirs=2.0).to_dict(),
        Limit("memory", "MB", -3.0, 50).to_dict(),
        Limit("all memory", "MB", 1234.5, 700).to_dict(),
    ]
    rows = benchmarks_table({"one": {"machine": "m", "lines": lines}}).splitlines()[2:]
    assert rows == [
        "| wait | – | 61.2 ms | ≤ 60 ms | no |",
        "| errors | – | 0 | ≤ 0 | yes |",
        "| first page | a bare page | +0.5 s | ≤ 1 s | yes |",
        "| memory | – | −3 MB | ≤ 50 MB | yes |",
        "| all memory | – | 1,234 MB | ≤ 700 MB | no |",
    ]


def test_a_table_of_what_has_not_been_measured_is_empty() -> None:
    assert len(benchmarks_table({}).splitlines()) == 2
