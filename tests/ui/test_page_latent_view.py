"""What is looked at on the maps: from the address, from the widget, and between pages; the likelihood on demand."""

from typing import Any

import numpy as np
import pytest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.app_helpers import pictures, turn_to
from tests.latent_helpers import NOW, open_maps
from ui import estimates
from ui.latent import map_files
from ui.latent.map_view import COLOURS, MapView, updated_view

pytestmark = pytest.mark.usefixtures("repository", "few_digits")


# --- links, and what the widget says --------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS[1:3])
def test_a_link_sets_colour_category_and_images(colour: str, mapped: list[Checkpoint]) -> None:
    maps = open_maps(colour=colour, only="2", image="0,299")
    assert maps.data["now"] == {**NOW, "colour": colour, "only": 2, "images": [0, 299], "turn": 0}
    assert maps.link == {"colour": colour, "only": "2", "image": "0,299"}


@pytest.mark.parametrize("text", ["", "-1", "300", "1,2,3", "1.5", "nan", "1e400", "<script>alert(1)</script>", "4,"])
def test_invalid_values_in_a_link_fall_back_and_are_told(text: str, mapped: list[Checkpoint]) -> None:
    maps = open_maps(image=text, only=text, colour=text, maps=text, at=text)
    assert "“image” cannot be" in maps.at.warning[0].value
    assert maps.data["now"] == {**NOW, "turn": 0}
    assert not maps.link and not maps.at.error and not maps.at.info


def test_one_image_twice_is_one_image(mapped: list[Checkpoint]) -> None:
    maps = open_maps(image="7,7", at="3")
    assert maps.data["now"]["images"] == [7] and len(pictures(maps.at)) == 3 and maps.link == {"image": "7"}


def test_what_was_looked_at_stays_while_other_pages_are_open(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    group = {"map": "a", "outline": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.5]]}
    maps.says(colour="entropy", mode="lasso", images=[3], group=group)
    before, link = maps.data["now"], maps.link
    assert before["group"] == group and link == {"colour": "entropy", "image": "3"}
    turn_to(maps.at, "overview")
    maps.at.query_params.clear()
    turn_to(maps.at, "latent")
    assert maps.data["now"] == before and maps.link == link


SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]]
VALID = {**NOW, "turn": 1, "images": [3]}


@pytest.mark.parametrize(
    "answer",
    [
        "hello",
        {"now": "hello"},
        {"now": {}},
        *(
            {"now": {**VALID, **bad}}
            for bad in (
                *({"turn": turn} for turn in (0, -1, 1.5, True, "1", 10**400, None)),
                *({"colour": colour} for colour in (["class"], "rainbow", None)),
                *({"mode": mode} for mode in ("dance", 0)),
                *({"only": only} for only in (-1, 0.5, True, "3", float("nan"), float("inf"))),
                *({"images": images} for images in ("12", 7, [[]], [-1], [2.5], ["2"], [True], None)),
                *({"group": group} for group in ("a", [], {}, {"map": "a"}, {"map": 7, "outline": SQUARE})),
                *(
                    {"group": {"map": "a", "outline": outline}}
                    for outline in (
                        *([], SQUARE[:2], 100 * SQUARE, [[1], *SQUARE], [["1", 2], *SQUARE], "abc", 7, None),
                        *([[float("nan"), 0], *SQUARE], [[1e300, 0], *SQUARE], [[True, 0], *SQUARE]),
                    )
                ),
            )
        ),
    ],
)
def test_a_message_of_the_widget_in_which_anything_is_invalid_changes_nothing(answer: Any) -> None:
    view = MapView("component", "lasso", 2, (4,), {"map": "a", "outline": SQUARE})
    assert updated_view({"now": VALID}, view) == MapView("class", images=(3,), turn=1)
    assert updated_view(answer, view) is view


def test_the_page_stays_as_it_was_after_an_invalid_message(mapped: list[Checkpoint]) -> None:
    maps = open_maps(image="4", colour="component")
    before, link = maps.data["now"], maps.link
    maps.hears({"now": {**VALID, "images": ["3"]}})
    assert (maps.data["now"], maps.link) == (before, link)


def test_images_and_categories_that_there_are_not_are_dropped(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    maps.says(images=[300, 5, 6, 7], only=10)
    assert maps.data["now"]["images"] == [5, 6] and maps.data["now"]["only"] is None


# --- likelihood -----------------------------------------------------------------------------------


def test_likelihoods_are_estimated_when_asked_for_and_only_once(
    mapped: list[Checkpoint], few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def estimate(model: object, images: np.ndarray, num_samples: int, seed: int, *, first: int) -> PerImage:
        asked.append(first)
        return PerImage(np.full(len(images), -7.0 - first / 100, np.float32), None, num_samples, seed)

    monkeypatch.setattr(estimates, "per_image", estimate)
    monkeypatch.setattr(estimates, "STEP", 100)
    maps = open_maps(maps="a,b")
    assert asked == [] and [each["estimates"] for each in maps.data["maps"]] == [None, None]
    maps.says(colour="nll")
    assert asked == 2 * [0, 100, 200]
    paths = [each["estimates"] for each in maps.data["maps"]]
    assert all(paths) and len(set(paths)) == 2 and maps.data["samples"] == [100]
    values = np.frombuffer(map_files.map_file(*paths[0].split("/")[1:]) or b"", "<f4", 300)
    np.testing.assert_array_equal(values, np.repeat([7, 8, 9], 100))
    maps.says(colour="class")
    maps.says(colour="nll")
    assert len(asked) == 6


def test_what_is_stored_is_shown_at_once(
    mapped: list[Checkpoint], few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "per_image", None)
    for checkpoint in mapped:
        probabilities = None
        if MODELS[checkpoint.model_config.model].has_components:
            k = checkpoint.model_config.num_components
            probabilities = np.full((len(few_digits.test), k), 1 / k, np.float32)
        save_per_image(checkpoint, PerImage(np.zeros(len(few_digits.test), np.float32), probabilities, 5, 2))
    maps = open_maps(colour="nll")
    assert all(each["estimates"] for each in maps.data["maps"]) and maps.data["samples"] == [5]
