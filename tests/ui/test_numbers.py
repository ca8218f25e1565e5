"""Numbers in print: a minus sign that is one, and no sign on nothing; and waits in words."""

from math import inf, nan

import pytest

from ui.numbers import finite_numbers, printed, right, wait_words, whole_number


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [(-1.5, "g", "−1.5"), (-0.0, "g", "0"), (-0.001, ".2f", "0.00"), (-97.618, ".2f", "−97.62")],
)
def test_a_number_in_print(value: float, spec: str, expected: str) -> None:
    assert printed(value, spec) == expected


def test_columns_of_figures_are_set_to_the_right() -> None:
    assert right(["a", "b"]).keys() == {"a", "b"}
    assert all(column["alignment"] == "right" for column in right(["a", "b"]).values())


@pytest.mark.parametrize(
    "sent", [None, "12", 3, {}, [], [1], [1, 2, 3], [1, None], [1, "2"], [1, True], [0, nan], [0, inf], [0, 1e300]]
)
def test_what_a_widget_sends_is_taken_only_as_so_many_numbers_in_range(sent: object) -> None:
    assert finite_numbers(sent, 2, -4, 4) is None
    assert finite_numbers([0, 3.5], 2, -4, 4) == (0.0, 3.5)


@pytest.mark.parametrize("sent", [None, "1", [1], True, -1, 4, 1.5, nan, inf, 10**400])
def test_what_a_widget_sends_is_taken_as_a_whole_number_only_if_it_is_one_in_range(sent: object) -> None:
    assert whole_number(sent, 0, 3) is None
    assert whole_number(3, 0, 3) == whole_number(3.0, 0, 3) == 3


@pytest.mark.parametrize(
    ("images", "seconds", "words"),
    [
        (30, 180, "some seconds"),
        (10_000, 180, "a few minutes"),
        (10_000, 90, "a minute or two"),
        (10_000, 25, "about half a minute"),
    ],
)
def test_few_images_take_seconds(images: int, seconds: float, words: str) -> None:
    assert wait_words(images, seconds) == words
