"""A map computed anew from the page: the job that is started, watched and cancelled, and what is said at its end."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.commands.table import build_parser
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig, save_map
from tests.app_helpers import ALICE, Make, Manager, one_error, open_page

pytestmark = pytest.mark.usefixtures("repository", "alice")


@pytest.fixture
def mapped(make: Make) -> Checkpoint:
    checkpoint = make("one")
    save_map(checkpoint, np.zeros((10_000, 2), np.float32), ProjectionConfig())
    return checkpoint


def submit(at: AppTest) -> None:
    (button,) = (b for b in at.button if b.label == "Compute it again")
    button.click().run()


def test_the_form_starts_a_map_with_its_settings(manager: Manager, mapped: Checkpoint, make: Make) -> None:
    make("other")
    at = open_page("latent")
    for label, value in {"Perplexity": 12.5, "Iterations": 70, "Seed": 9}.items():
        (field,) = (f for f in at.number_input if f.label == label)
        field.set_value(value)
    (which,) = (box for box in at.selectbox if box.label == "Draw the map of")
    assert which.options == ["one", "other"]
    which.set_value("other")
    submit(at)
    assert not at.exception and not at.error
    ((name, verb, arguments),) = manager.started
    assert (name, verb) == ("other", "map")
    options = build_parser().parse_args([verb, *arguments])
    assert (options.name, options.perplexity, options.iterations, options.seed) == ("other", 12.5, 70, 9)


def test_without_a_change_the_settings_are_the_usual(manager: Manager, mapped: Checkpoint) -> None:
    at = open_page("latent")
    submit(at)
    ((_, verb, arguments),) = manager.started
    options = build_parser().parse_args([verb, *arguments])
    assert ProjectionConfig(options.perplexity, options.iterations, options.seed) == ProjectionConfig()


def test_a_map_under_way_shows_how_far_it_is_and_can_be_cancelled(
    manager: Manager, mapped: Checkpoint, own_checkpoints: Path
) -> None:
    job = manager.run("one", "map", "import time; time.sleep(60)", ALICE)
    job.output = "one:   0%|   |\rone:  41%|████      | 41/100".encode()
    at = open_page("latent")
    (bar,) = at.get("progress")
    assert bar.proto.value == 41 and bar.proto.text == "Mapping one …"
    at.button(key="cancel-map-one").click().run()
    assert not at.exception and not job.running
    assert not at.get("progress")


def test_a_map_that_another_visitor_computes_cannot_be_cancelled(manager: Manager, mapped: Checkpoint) -> None:
    manager.run("one", "map", "import time; time.sleep(60)", "somebody else")
    at = open_page("latent")
    assert at.get("progress") and not any(button.label == "Cancel" for button in at.button)


def test_a_map_that_failed_says_why(manager: Manager, mapped: Checkpoint, own_checkpoints: Path) -> None:
    manager.ended("one", "map", "raise SystemExit(1)")
    manager.jobs["one"].output = b"error: seed must be a whole number.\n"
    assert one_error(open_page("latent")) == "Mapping one failed: error: seed must be a whole number."


def test_a_checkpoint_that_is_busy_otherwise_is_left_alone(manager: Manager, mapped: Checkpoint) -> None:
    manager.run("one", "evaluate", "import time; time.sleep(60)")
    at = open_page("latent")
    submit(at)
    assert [box.value for box in at.warning] == ["one is busy with another job (evaluate): wait until it has ended."]
    assert not at.get("progress")


def test_a_new_map_is_drawn_as_soon_as_it_is_there(manager: Manager, mapped: Checkpoint) -> None:
    at = open_page("latent")
    (before,) = at.get("bidi_component")
    save_map(mapped, np.ones((10_000, 2), np.float32), ProjectionConfig(seed=77))
    manager.run("one", "map", "pass").process.wait()
    at.run()
    (after,) = at.get("bidi_component")
    assert "seed 0" in before.proto.json and "seed 77" in after.proto.json
