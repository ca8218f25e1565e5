"""A map computed anew from the page: the job that is started, watched and cancelled, and what is said at its end."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dlgmm_core.commands.output import require_output
from dlgmm_core.commands.table import build_parser
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.runtime.folders import cache_folder
from dlgmm_core.store.checkpoints import TSNE, Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig, save_map
from tests.app_helpers import ALICE, Make, Manager, begun, one_error, open_page
from tests.export_helpers import take
from ui.latent.map_files import map_file, points_address
from ui.visitors.own_maps import MOST_EACH, make_room, own_map
from ui.visitors.ownership import Note, write_note
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.usefixtures("repository", "alice", "cache")


@pytest.fixture
def mapped(make: Make) -> Checkpoint:
    checkpoint = make("one")
    save_map(checkpoint, np.zeros((10_000, 2), np.float32), ProjectionConfig())
    return checkpoint


def submit(at: AppTest) -> None:
    (button,) = (b for b in at.button if b.label == "Compute the map")
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
    job = manager.run("one", "map", "import time; time.sleep(60)", ALICE, f"one {ALICE}")
    job.output = b"one:   0.0 %, 00:00 passed, ? left\none:  41.0 %, 00:04 passed, 00:06 left"
    at = open_page("latent")
    (bar,) = at.get("progress")
    assert bar.proto.value == 41 and bar.proto.text == "Mapping one …"
    at.button(key="cancel-map-one").click().run()
    assert not at.exception and not job.running
    assert not at.get("progress")


def test_a_map_that_another_visitor_computes_is_that_visitors_business(manager: Manager, mapped: Checkpoint) -> None:
    manager.run("one", "map", "import time; time.sleep(60)", "bob", "one bob")
    at = open_page("latent")
    assert not at.get("progress") and not any(button.label == "Cancel" for button in at.button)
    submit(at)
    assert [box.value for box in at.warning] == [
        "All slots of this server (1) for maps and measurements are taken: try again when one has ended."
    ]


def test_a_map_that_failed_says_why(manager: Manager, mapped: Checkpoint, own_checkpoints: Path) -> None:
    job = manager.run("one", "map", "raise SystemExit(1)", ALICE, f"one {ALICE}")
    job.process.wait()
    job.output = b"error: seed must be a whole number.\n"
    assert one_error(open_page("latent")) == "Mapping one failed: error: seed must be a whole number."


def test_a_run_that_is_busy_otherwise_is_left_alone(
    manager: Manager, mapped: Checkpoint, own_checkpoints: Path
) -> None:
    begun(own_checkpoints, "one")
    manager.run("one", "evaluate", "import time; time.sleep(60)")
    at = open_page("latent")
    submit(at)
    assert [box.value for box in at.warning] == ["one is busy with another job (evaluate): wait until it has ended."]
    assert not at.get("progress")


def test_a_new_map_is_drawn_for_its_visitor_alone_who_may_return_to_the_shared_one(
    manager: Manager, mapped: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed(at: AppTest) -> str:
        (found,) = at.main.get("bidi_component")
        return json.loads(found.proto.json)["maps"][0]["settings"].partition(",")[0]

    at, shared = open_page("latent"), (mapped.folder / TSNE).read_bytes()
    submit(at)
    ((_, verb, arguments),) = manager.started
    path = build_parser().parse_args([verb, *arguments]).output
    assert path == own_map(mapped, ALICE) and path.is_relative_to(cache_folder())
    require_output(path, ".safetensors", replace=True)  # so the command writes it
    assert seed(at) == "seed 0"
    address = points_address(mapped)
    save_map(mapped, np.ones((10_000, 2), np.float32), ProjectionConfig(seed=77), path)
    at.run()
    assert seed(at) == "seed 77"
    drawn = json.loads(at.main.get("bidi_component")[0].proto.json)["maps"][0]["points"]
    assert drawn != address
    for each, x in ((drawn, 1.0), (address, 0.0)):
        content = map_file(*each.split("/")[1:])
        assert content is not None and np.frombuffer(content, "<f4", 20_000)[0] == x

    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "bob"})
    of_bob = open_page("latent")
    assert seed(of_bob) == "seed 0" and not any("Return to" in button.label for button in of_bob.button)
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "alice"})
    at.button(key="return-one").click().run()
    assert not at.exception and seed(at) == "seed 0" and not path.exists()
    assert (mapped.folder / TSNE).read_bytes() == shared


def test_a_map_of_ones_own_is_exported_as_it_is_shown(
    manager: Manager, mapped: Checkpoint, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_map(mapped, np.ones((300, 2), np.float32), ProjectionConfig(seed=77), own_map(mapped, ALICE))
    exported = take(open_page("latent"), "maps", monkeypatch)
    assert (exported.table[["x", "y"]] == 1).all(axis=None) and exported.words["seed"] == "77"
    assert "ProjectionConfig(perplexity=30.0, iterations=500, seed=77)" in exported.code
    assert "fit_tsne(encode(model, test.binary), own[name])" in exported.code
    compile(exported.code, "exported", "exec")


@pytest.mark.parametrize("published", [False, True])
def test_the_map_of_a_run_belongs_to_it_until_it_is_published(
    published: bool, manager: Manager, mapped: Checkpoint, own_checkpoints: Path
) -> None:
    begun(own_checkpoints, "one")
    write_note(mapped.folder, Note(ALICE, (), published))
    own = own_map(mapped, ALICE)
    save_map(mapped, np.ones((10_000, 2), np.float32), ProjectionConfig(seed=77), own)
    submit(open_page("latent"))
    ((_, verb, arguments),) = manager.started
    assert build_parser().parse_args([verb, *arguments]).output == (own if published else None)
    assert own.exists() == published  # it would hide the run's


def test_the_oldest_maps_of_a_visitor_make_room_for_a_new_one(mapped: Checkpoint) -> None:
    folder = own_map(mapped, "alice").parent
    folder.mkdir(parents=True)
    other = own_map(mapped, "bob")
    other.parent.mkdir()
    other.touch()
    for age in range(MOST_EACH + 2):
        path = folder / f"{age}.safetensors"
        path.touch()
        os.utime(path, (1000 - age, 1000 - age))
    make_room("alice")
    assert {path.stem for path in folder.iterdir()} == {str(age) for age in range(MOST_EACH - 1)}
    assert other.exists()
