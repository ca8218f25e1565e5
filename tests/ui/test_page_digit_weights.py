"""The page Your digit: the weights and the stick of a digit under every kind of model, of any number of components."""

import numpy as np
import pytest

from dlgmm_core.analysis.inspection import first_look, inspect_image
from dlgmm_core.store.checkpoints import load_checkpoint
from tests.app_helpers import Make, start, turn_to
from tests.digit_helpers import bars, metrics_of
from ui import loaders

pytestmark = pytest.mark.usefixtures("repository")


@pytest.mark.parametrize(
    ("model", "charts", "words"),
    [("gauss-vae", 0, "into weights"), ("sb-vae", 1, "What the model sees"), ("dldpmm", 1, "can say nothing")],
)
def test_every_kind_of_model_takes_a_digit(model: str, charts: int, words: str, make: Make) -> None:
    components = 2 if model == "dldpmm" else 1
    make("one", model, num_components=components, prior_means=(0.0,) * components, prior_scales=(1.0,) * components)
    at = turn_to(start(), "digit")
    assert len(bars(at)) == charts and len(metrics_of(at)) == 3
    assert all((drawn["posterior"] is None) == (model == "sb-vae") for drawn in bars(at))
    assert words in " ".join(text.value for text in at.caption)
    at.segmented_control(key="digit-view").set_value("Stick").run()
    sticks = [block for block in at.get("bidi_component") if block.proto.component_name.endswith("stick")]
    assert len(sticks) == charts and not bars(at)
    assert any("has no stick" in caption.value for caption in at.caption) == (not charts)


def test_of_many_components_the_likeliest_are_shown_and_the_rest_together(make: Make) -> None:
    checkpoint = make("many", "dldpmm", num_components=12, prior_means=tuple(range(12)), prior_scales=(1.0,) * 12)
    at = turn_to(start(), "digit")
    (drawn,) = bars(at)
    report = first_look(load_checkpoint(checkpoint.folder)[0], loaders.dataset("mnist").test.binary[0])
    posterior, exact = report.component_posterior, report.exact_weights
    assert posterior is not None and exact is not None and report.sticks is not None
    shown = sorted(np.argsort(-np.maximum(posterior, report.sticks.mean))[:9])
    rest = [k for k in range(12) if k not in shown]
    assert drawn["names"] == [*(str(k + 1) for k in shown), "rest"]
    assert drawn["posterior"] == pytest.approx([*posterior[shown], posterior[rest].sum()])
    assert drawn["mean"] == pytest.approx([*report.sticks.mean[shown], report.sticks.mean[rest].sum()])
    assert drawn["exact"] == pytest.approx([*exact[shown], exact[rest].sum()])
    assert len(drawn["pictures"]) == len(drawn["low"]) == 9
    (rebuilt,) = (block.proto.body for block in at.get("html") if "Reconstruction by" in block.proto.body)
    weights = report.sticks.mean
    for k in np.argsort(-weights)[:5]:
        assert f"k = {k + 1}<br/>π = {weights[k]:.2f}" in rebuilt
    assert rebuilt.count("<img") == 5
    assert any("for certain" in caption.value for caption in at.caption)  # the value depends on the component


def test_of_a_model_of_two_layers_weights_and_divergences_of_each_are_shown_and_the_overview_has_a_sketch(
    make: Make,
) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    made = make("layered", "dlgmm", layers=2, components_below=(12,), **sizes)
    at = start()
    assert any("2 · 12 = 24 paths" in caption.value for caption in at.caption)
    turn_to(at, "digit")
    report = first_look(load_checkpoint(made.folder)[0], loaders.dataset("mnist").test.binary[0])
    (found,) = report.weights_below
    first, second = bars(at)
    assert first["mean"] == pytest.approx(report.sticks.mean)  # type: ignore[union-attr]
    assert len(second["names"]) == 10 and second["names"][-1] == "rest" and sum(second["mean"]) == pytest.approx(1)
    assert second["low"] == pytest.approx([found.low[int(name) - 1] for name in second["names"][:-1]])
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    image = loaders.dataset("mnist").test.binary[0]
    terms = inspect_image(load_checkpoint(made.folder)[0], image, 1000).elbo_terms["eq1"]
    (table,) = (block.proto.body for block in at.get("html") if "of layer 2" in block.proto.body)
    for value in (terms.elbo + terms.divergences.sum(), *-terms.divergences, terms.elbo):
        assert f">{value:.2f}<".replace("-", "−") in table
