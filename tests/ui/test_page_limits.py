"""A refusal on a page: one sentence, and everything that the visitor had is still there."""

import pytest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from tests.app_helpers import ALICE, Make, Manager, make_mixture, open_page, press, selected, start, turn_to
from tests.latent_helpers import open_maps
from tests.limit_helpers import USED_UP, forget, forgive, names_drawn, one_refusal, use_up
from ui.components import siblings

pytestmark = pytest.mark.usefixtures("repository", "alice")

SLEEP = "import time; time.sleep(60)"


@pytest.fixture(autouse=True)
def nothing_computed() -> None:
    forget(siblings._samples)


def test_knn_shows_the_models_that_it_has_and_keeps_what_was_set(make: Make, few_digits: Dataset) -> None:
    make("g")
    make("s", "sb-vae")
    at = turn_to(selected(start()).set_value(["g"]).run(), "knn")
    whole = at.dataframe[0].value
    assert whole["Checkpoint"].tolist() == ["g"] and not at.warning
    use_up()
    selected(at).set_value(["g", "s"]).run()
    assert one_refusal(at).startswith(USED_UP)
    assert at.dataframe[0].value.equals(whole) and names_drawn(at) == ["g"]
    at.slider(key="knn-points").set_value(1000).run()
    assert one_refusal(at).startswith(USED_UP) and not names_drawn(at)
    assert at.slider(key="knn-points").value == 1000
    forgive()
    at.run()
    assert not at.warning and names_drawn(at) == ["g", "s"]


def test_colours_that_may_not_be_computed_leave_the_maps(few_digits: Dataset, mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    use_up()
    maps.says(colour="nll", images=[3])
    assert one_refusal(maps.at).startswith(USED_UP)
    assert maps.names == ["b", "a"] and maps.data["now"]["images"] == [3]
    assert all(each["estimates"] is None for each in maps.data["maps"])
    forgive()
    maps.at.run()
    assert not maps.at.warning and not any(each["estimates"] is None for each in maps.data["maps"])


def test_samples_that_may_not_be_drawn_leave_the_sliders(make: Make) -> None:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    make_mixture(make, "two", (-2.0, 2.0), (1.0, 1.0))
    use_up()
    at = open_page("components", means="0.5,1")
    assert one_refusal(at).startswith(USED_UP)
    assert "".join(at.query_params["means"]) == "0.5,1" and not at.get("image")
    forgive()
    assert not at.run().warning


@pytest.mark.parametrize(
    ("owner", "sentence"),
    [
        (ALICE, "You have 1 of at most 1 maps and measurements in progress: wait until one has ended."),
        (
            "bob",
            "All slots of this server (1) for maps and measurements are taken: try again when one has ended.",
        ),
    ],
)
def test_maps_and_measurements_are_made_one_at_a_time(
    owner: str, sentence: str, manager: Manager, few_digits: Dataset, mapped: list[Checkpoint]
) -> None:
    job = manager.run("d", "map", SLEEP, owner)
    at = press(open_page("latent", maps="a,b"), "Compute the map")
    assert one_refusal(at) == sentence and at.multiselect(key="latent-maps-chosen").value == ["a", "b"]
    turn_to(at, "likelihood")
    at.button(key="measure-a").click().run()
    assert one_refusal(at) == sentence
    assert not manager.started and job.running


def test_a_map_may_not_take_gigabytes_or_minutes(make: Make) -> None:
    make("one")
    fields = {field.label: field.max for field in open_page("latent").number_input}
    assert fields["Perplexity"] == 100 and fields["Iterations"] == 2000


def test_runs_take_no_slot_of_maps(manager: Manager, few_digits: Dataset, mapped: list[Checkpoint]) -> None:
    manager.run("d", "train", SLEEP, ALICE)
    at = press(open_page("latent"), "Compute the map")
    assert not at.exception and not at.warning and [verb for _, verb, _ in manager.started] == ["map"]


def test_a_server_that_maps_nothing_says_what_to_do(
    manager: Manager, few_digits: Dataset, mapped: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLGMM_MAPPING_SLOTS", "0")
    forgive()
    assert one_refusal(press(open_page("latent"), "Compute the map")) == (
        "This server does not measure or map for its visitors: do it on your own machine, by `dlgmm map`."
    )
    assert not manager.started


@pytest.mark.parametrize(
    ("page", "name", "beyond"),
    [("digit", "digit-index", "10000"), ("knn", "knn-points", "50001"), ("knn", "knn-points", "1e9")],
)
def test_a_link_cannot_ask_for_more_than_the_widget_allows(
    page: str, name: str, beyond: str, make: Make, few_digits: Dataset
) -> None:
    make("one")
    at = open_page(page, **{name.replace("-", "_"): beyond})
    (field,) = (widget for widget in [*at.number_input, *at.slider] if widget.key == name)
    assert not at.exception and field.min <= field.value <= field.max
