"""The page of components: what it gives to the widget, and what it makes of the answer."""

import base64
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.analysis.generation import ancestral_noise, component_noise, noise_below
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from tests.app_helpers import Make, first_mixture, make_mixture, start, turn_to
from tests.components_helpers import open_components, trained
from ui import loaders
from ui.components.live import SAMPLES
from ui.serving.decoders import decoder_address

pytestmark = pytest.mark.usefixtures("repository")


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


def test_every_kind_of_mixture_of_the_repository_can_be_chosen() -> None:
    widget = open_components()
    on_mnist = [c for c in loaders.checkpoints() if c.train_config.dataset == "mnist"]
    mixtures = [c for c in on_mnist if MODELS[c.model_config.model].has_components]
    kinds = {
        (c.model, c.prior_components, c.layers, c.contexts is None): each
        for each in mixtures
        for c in [each.model_config]
    }
    assert {c.model_config.prior_components for c in mixtures} > {"fixed"}
    for checkpoint in kinds.values():
        widget.chooses(checkpoint.name)
        words, is_learnt = widget.data, checkpoint.model_config.prior_components != "fixed"
        assert ("apart on Overview" in words["title"]) == ("on each other" in words["note"]) == is_learnt
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


@pytest.mark.parametrize("text", ["", "1,2", "0,0,0,0,nan", "<script>alert(1)</script>", "0,0,0,0,4.5"])
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
    before = widget.now
    widget.says(seed=0)  # the sliders stay where they are
    assert not widget.link and widget.now == before


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
