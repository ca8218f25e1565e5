"""What is looked at on the maps: from the address, from the widget, and between pages; the likelihood on demand."""

from typing import Any

import numpy as np
import pytest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from tests.app_helpers import pictures, turn_to
from tests.latent_helpers import NOW, open_maps
from ui.latent import map_files, map_nll
from ui.latent.map_view import COLOURS

pytestmark = pytest.mark.usefixtures("repository", "few_digits")


# --- links, and what the widget says --------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS[1:3])
def test_a_link_sets_colour_category_and_images(colour: str, mapped: list[Checkpoint]) -> None:
    maps = open_maps(colour=colour, only="2", image="0,299")
    assert maps.data["now"] == {**NOW, "colour": colour, "only": 2, "images": [0, 299], "turn": 0}
    assert maps.link == {"colour": colour, "only": "2", "image": "0,299"}


@pytest.mark.parametrize("text", ["", "-1", "300", "1,2,3", "1.5", "nan", "1e400", "<script>alert(1)</script>", "4,"])
def test_invalid_values_in_a_link_fall_back_silently(text: str, mapped: list[Checkpoint]) -> None:
    maps = open_maps(image=text, only=text, colour=text, maps=text, at=text)
    assert maps.data["now"] == {**NOW, "turn": 0}
    assert not maps.link and not maps.at.error and not maps.at.info


def test_one_image_twice_is_one_image(mapped: list[Checkpoint]) -> None:
    maps = open_maps(image="7,7", at="3")
    assert maps.data["now"]["images"] == [7] and len(pictures(maps.at)) == 5 and maps.link == {"image": "7"}


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


@pytest.mark.parametrize(
    "answer",
    [
        "hello",
        {"now": "hello"},
        {"now": {}},
        {"now": {**NOW, "turn": "x"}},
        {"now": {**NOW, "turn": 1, "images": ["a"]}},
        {"now": {**NOW, "turn": 1, "images": 7}},
        {"now": {**NOW, "turn": 1, "only": float("inf")}},
        {"now": {**NOW, "turn": 1, "group": {"map": "a"}}},
        {"now": {**NOW, "turn": 1, "group": {"map": "a", "outline": [[1]]}}},
        {"now": {**NOW, "turn": 1, "colour": ["class"], "images": [[]]}},
    ],
)
def test_invalid_messages_from_the_widget_are_ignored(answer: Any, mapped: list[Checkpoint]) -> None:
    maps = open_maps(image="4", colour="component")
    before = maps.data["now"]
    maps.hears(answer)
    assert maps.data["now"] == before


def test_images_and_categories_that_there_are_not_are_dropped(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    maps.says(images=[300, -1, 5, 6, 7], only=10)
    assert maps.data["now"]["images"] == [5, 6] and maps.data["now"]["only"] is None
    maps.says(colour="rainbow", mode="dance", group={"map": "a", "outline": [[float("nan"), 0.0]]})
    assert maps.data["now"] == {**NOW, "turn": 2}


# --- likelihood -----------------------------------------------------------------------------------


def test_the_likelihood_is_estimated_when_asked_for_and_only_once(
    mapped: list[Checkpoint], few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def estimate(model: object, images: np.ndarray, block: int, num_samples: int) -> np.ndarray:
        asked.append((block, num_samples))
        return np.full(min(100, len(images) - 100 * block), 7.0 + block)

    monkeypatch.setattr(map_nll, "block_nll", estimate)
    monkeypatch.setattr(map_nll, "NLL_BLOCK", 100)
    maps = open_maps(maps="a,b")
    assert asked == [] and [each["nll"] for each in maps.data["maps"]] == [None, None]
    maps.says(colour="nll")
    assert asked == 2 * [(0, 50), (1, 50), (2, 50)]
    paths = [each["nll"] for each in maps.data["maps"]]
    assert all(paths) and len(set(paths)) == 2 and maps.data["samples"] == 50
    values = np.frombuffer(map_files.map_file(*paths[0].split("/")[1:]) or b"", "<f4")
    np.testing.assert_array_equal(values, np.repeat([7, 8, 9], 100))
    assert any("S = 50" in caption.value for caption in maps.at.caption)
    maps.says(colour="class")
    maps.says(colour="nll")
    assert len(asked) == 6
