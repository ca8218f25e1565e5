"""The page of components: what it gives to the widget, what it makes of the answer, and the models listed below."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.generation import ancestral_noise, component_noise, noise_below
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.results import write_results
from dlgmm_core.model.models import MODELS, build_model
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint, read_checkpoint, save_checkpoint
from tests.app_helpers import Make, first_mixture, make_mixture, open_page, pictures, start, turn_to
from ui import loaders
from ui.components.live import SAMPLES
from ui.serving.decoders import decoder_address

pytestmark = pytest.mark.usefixtures("repository")

VIEW = {"same": True, "ink": False, "scales": False}


@dataclass
class Widget:
    """What the page gives to the browser, and a browser's answer."""

    at: AppTest

    @property
    def data(self) -> dict[str, Any]:
        assert not self.at.exception, self.at.exception
        (widget,) = self.at.main.get("bidi_component")
        found: dict[str, Any] = json.loads(widget.proto.json)
        return found

    @property
    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["now"]
        return found

    def floats(self, name: str, *shape: int) -> NDArray[np.float32]:
        return np.frombuffer(base64.b64decode(self.data[name]), "<f4").reshape(shape)

    def says(self, **answer: Any) -> None:
        (widget,) = self.at.main.get("bidi_component")
        self.at.session_state[str(widget.key)] = answer
        self.at.run()

    def moves(self, means: Sequence[float], deviations: Sequence[float] = (1.0,) * 5, **view: bool) -> None:
        self.says(now={"means": list(means), "scales": list(deviations), "view": VIEW | view})

    def chooses(self, name: str) -> None:
        self.at.selectbox(key="components-checkpoint").set_value(name).run()

    @property
    def link(self) -> dict[str, str]:
        """What the address says about the widget."""
        query = self.at.query_params
        return {name: "".join(query[name]) for name in ("means", "scales", "view", "noise") if name in query}


def open_components(**query: str) -> Widget:
    return Widget(open_page("components", **query))


def trained(config: ModelConfig) -> dict[str, Any]:
    own = {} if config.contexts is None else {"alpha": config.concentration, "compared": False}
    return {"means": list(config.prior_means), "scales": list(config.prior_scales), "view": VIEW, **own}


@pytest.fixture
def five(make: Make) -> Checkpoint:
    return make_mixture(make, "five", (-1.5, -0.75, 0.0, 0.75, 1.5), (1.0,) * 5)


# --- what the widget is given ---------------------------------------------------------------------


def test_the_widget_is_given_the_trained_prior_and_the_noise_of_the_core(repository: Path) -> None:
    checkpoint = first_mixture(repository)
    config = checkpoint.model_config
    widget = open_components()
    widget.chooses(checkpoint.name)
    data = widget.data
    assert data["decoder"] == decoder_address(checkpoint)
    assert (data["means"], data["scales"]) == (list(config.prior_means), list(config.prior_scales))
    assert data["now"] == trained(config) and data["seed"] == 0 and not widget.link
    assert len(data["colours"]) == len(set(data["colours"])) == config.num_components
    k, dim = config.num_components, config.code_dim
    model, _ = load_checkpoint(checkpoint.folder)
    for name, shared in (("noise", False), ("shared", True)):
        expected = component_noise(model, SAMPLES, shared=shared)
        np.testing.assert_array_equal(widget.floats(name, k, SAMPLES, dim), expected)
    components, noise = ancestral_noise(model, SAMPLES)
    assert data["ancestral"] == components.tolist()
    np.testing.assert_array_equal(widget.floats("ancestral_noise", SAMPLES, dim), noise)


def test_every_mixture_of_the_repository_can_be_chosen() -> None:
    widget = open_components()
    on_mnist = [c for c in loaders.checkpoints() if c.train_config.dataset == "mnist"]
    mixtures = [c for c in on_mnist if MODELS[c.model_config.model].has_components]
    assert {c.model_config.prior_components for c in mixtures} > {"fixed"}
    for checkpoint in mixtures:
        widget.chooses(checkpoint.name)
        assert widget.data["decoder"] == decoder_address(checkpoint)
        if checkpoint.model_config.prior_components == "fixed":
            assert widget.now == trained(checkpoint.model_config)


def test_without_a_mixture_the_components_are_a_sentence(make: Make) -> None:
    make("plain")
    at = turn_to(start(), "components")
    assert [box.value for box in at.info] == [
        "No checkpoint here is a mixture: train a DLGMM or DLDPMM on the page **Train**."
    ]
    assert not at.main.get("bidi_component")


def test_a_prior_far_outside_the_usual_means_can_still_be_shown(make: Make) -> None:
    far = make_mixture(make, "far", (-9.0, 0.123, 9.0), (0.01, 1.0, 5.0))
    assert open_components().now == trained(far.model_config)
    widget = open_components(means="9,-9,8.5", scales="5,0.01,2")
    assert (widget.now["means"], widget.now["scales"]) == ([9, -9, 8.5], [5, 0.01, 2])


def test_equal_components_are_explained(make: Make) -> None:
    make_mixture(make, "equal", (0.0,) * 3, (1.0,) * 3)
    make_mixture(make, "some", (0.0, 1.0, 0.0, 1.0, 0.0), (1.0, 1.0, 1.0, 2.0, 1.0))
    make_mixture(make, "other", (0.0,) * 3, (1.0, 1.5, 2.0))
    widget = open_components()
    for name, who in (("equal", "All components"), ("some", "Components 1, 3 and 5"), ("other", "")):
        widget.chooses(name)
        found = [caption.value.partition(" of")[0] for caption in widget.at.caption if "are the same" in caption.value]
        told = any("π and p(k|x) can say nothing" in caption.value for caption in widget.at.caption)
        assert told == (name == "equal")
        assert found == [who] * bool(who)


def test_a_model_of_several_layers_gives_the_draws_of_the_second_and_keeps_the_open_branch_in_the_link(
    make: Make,
) -> None:
    sizes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)}
    layered = make("layered", "dlgmm", layers=3, components_below=(4, 1), code_dims_below=(2, 5), skip=True, **sizes)
    widget = open_components(noise="3", branch="2")
    below, decoder = widget.data["below"], widget.data["decoder"]
    model, _ = load_checkpoint(layered.folder)
    components, noise = noise_below(model, 3, SAMPLES, 3)
    assert below["components"] == components.tolist() and (below["code"], below["count"]) == (2, 4)
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(below["noise"]), "<f4").reshape(noise.shape), noise)
    assert decoder == decoder_address(layered) and decoder["code"] == 3 + 2 + 5
    assert [(layer["code"], layer["components"]) for layer in decoder["below"]["layers"]] == [(2, 4), (5, 1)]
    assert widget.now["branch"] == 2
    assert any("In layers 3 and below, codes are the means" in caption.value for caption in widget.at.caption)
    for branch, link in ((0, ["0"]), (1, []), (2, ["2"]), (3, ["2"])):  # the last makes no sense
        widget.says(now={**widget.now, "branch": branch})
        assert widget.at.query_params.get("branch", []) in (link, "".join(link))


# --- links ----------------------------------------------------------------------------------------


def test_a_link_sets_means_scales_view_and_noise(five: Checkpoint) -> None:
    query = {"means": "0,0.15,-4,4,1.5", "scales": "0.05,2,1,1,1", "view": "0,1,1", "noise": "7"}
    widget = open_components(**query)
    assert widget.now == {
        "means": [0, 0.15, -4, 4, 1.5],
        "scales": [0.05, 2, 1, 1, 1],
        "view": {"same": False, "ink": True, "scales": True},
    }
    assert widget.data["seed"] == 7
    model, _ = load_checkpoint(five.folder)
    np.testing.assert_array_equal(widget.floats("noise", 5, SAMPLES, 3), component_noise(model, SAMPLES, 7))
    assert widget.link == query


@pytest.mark.parametrize("text", ["", "1,2", "0,0,0,0,nan", "0,0,0,0,1e9", "<script>alert(1)</script>", "0,0,0,0,4.5"])
def test_invalid_values_in_a_link_leave_the_trained_prior(text: str, five: Checkpoint) -> None:
    widget = open_components(means=text, scales=text, view=text, noise=text)
    assert widget.now == trained(five.model_config) and widget.data["seed"] == 0
    assert not widget.at.error and not widget.link


def test_valid_values_are_kept_when_others_in_a_link_are_invalid(five: Checkpoint) -> None:
    widget = open_components(means="0,0,0,0,1", scales="0,0,0,0,0", view="2,0,0", noise="-1")
    assert widget.now == {**trained(five.model_config), "means": [0, 0, 0, 0, 1]}
    assert widget.link == {"means": "0,0,0,0,1"}


# --- what the widget says -------------------------------------------------------------------------


def test_what_the_widget_says_goes_into_the_link_and_leaves_it_on_the_trained_value(five: Checkpoint) -> None:
    config = five.model_config
    widget = open_components()
    widget.moves((-1.5, 0.15, 0.0, 0.75, 1.5))
    assert widget.link == {"means": "-1.5,0.15,0,0.75,1.5"}
    widget.moves(config.prior_means, (1.0, 1.0, 0.3, 1.0, 1.0), ink=True, scales=True)
    assert widget.link == {"scales": "1,1,0.3,1,1", "view": "1,1,1"}
    widget.says(now=trained(config), seed=3)
    assert widget.link == {"noise": "3"} and widget.data["seed"] == 3
    widget.says(now=trained(config), seed=0)
    assert not widget.link


def test_new_noise_alone_leaves_the_sliders_where_they_are(five: Checkpoint) -> None:
    widget = open_components(means="0,0,0,0,1", view="0,0,0")
    before = widget.now
    widget.says(seed=1)
    assert widget.now == before and widget.data["seed"] == 1
    assert widget.link == {"means": "0,0,0,0,1", "view": "0,0,0", "noise": "1"}


def test_the_sliders_stay_while_other_pages_are_open(five: Checkpoint) -> None:
    widget = open_components()
    widget.moves((0.0, 0.0, 0.0, 0.0, 1.25), ink=True)
    widget.says(now=widget.now, seed=2)
    before, link = widget.data, widget.link
    turn_to(widget.at, "digit")
    widget.at.query_params.clear()  # as the browser does
    turn_to(widget.at, "components")
    assert widget.data == before and widget.link == link


def test_every_checkpoint_keeps_its_own_prior(five: Checkpoint, make: Make) -> None:
    rival = make_mixture(make, "rival", (-3.0, -1.0, 0.0, 1.0, 3.0), (1.0,) * 5)
    widget = open_components(means="0,0,0,0,1")
    assert widget.now["means"] == [0, 0, 0, 0, 1]
    widget.chooses("rival")
    assert widget.now == trained(rival.model_config) and not widget.link
    widget.moves((2.0, -1.0, 0.0, 1.0, 3.0))
    widget.chooses("five")
    assert widget.now["means"] == [0, 0, 0, 0, 1]
    widget.chooses("rival")
    assert widget.now["means"] == [2, -1, 0, 1, 3]


def test_a_name_that_comes_to_mean_another_mixture_starts_at_its_prior(five: Checkpoint, make: Make) -> None:
    widget = open_components()
    widget.moves((0.0, 0.0, 0.0, 0.0, 1.25))
    two = make_mixture(make, "five", (-2.0, 2.0), (1.0, 0.5))
    widget.at.run()
    assert widget.now == trained(two.model_config)


# --- siblings -------------------------------------------------------------------------------------


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


def test_a_mixture_without_siblings_has_no_comparison(family: list[Checkpoint]) -> None:
    widget = open_components()
    widget.chooses("process")
    assert not widget.at.header and not pictures(widget.at)
