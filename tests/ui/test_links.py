"""Views as links: what is written comes back as it was, and what others write is believed only where it makes sense."""

from types import SimpleNamespace

import numpy as np
import pytest

from ui.links import (
    DIGIT,
    image_in_link,
    numbers_in_link,
    put_image_in_link,
    put_in_link,
    put_words_in_link,
    words_in_link,
)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The address's query, as the page sees it."""
    query: dict[str, str] = {}
    monkeypatch.setattr("ui.links.st", SimpleNamespace(query_params=query))
    return query


@pytest.mark.parametrize(
    "values",
    [(0.0,), (-1.5, 0.15, 4.0), (1 / 3, 1.2345678, -2e-7), (0.1 + 0.2, 1e6), tuple(-k / 7 for k in range(200))],
)
def test_numbers_come_back_from_the_link_as_they_were(values: tuple[float, ...], address: dict[str, str]) -> None:
    put_in_link("means", values)
    found = numbers_in_link("means", len(values), -1e3, 1e6)
    assert found is not None
    np.testing.assert_allclose(found, values, rtol=1e-14, atol=0)


def test_short_numbers_are_short_in_the_link(address: dict[str, str]) -> None:
    put_in_link("means", [-0.75, 0.15, 2, -4.0 + 83 * 0.05])
    assert address == {"means": "-0.75,0.15,2,0.15"}


def test_nothing_is_removed_from_the_link_and_other_names_stay(address: dict[str, str]) -> None:
    put_in_link("scales", [1.0])
    put_in_link("means", None)
    put_in_link("noise", [3])
    put_in_link("noise", None)
    assert address == {"scales": "1"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1,2", "1,2,3,4", "1,2,", "1;2;3", "1,,3", "a,b,c", "1,2,0x3", "<script>alert(1)</script>,1,2"),
        *("1,2,nan", "1,2,inf", "-inf,1,2", "1,2,1e9", "1,2,1e999", "1,2,4.01", "-1,-4.01,1"),
        *("1,2," + "0" * 100 + "3", "1," * 10**5),
    ],
)
def test_invalid_values_in_the_link_are_ignored(text: str, address: dict[str, str]) -> None:
    address["means"] = text
    assert numbers_in_link("means", 3, -4.0, 4.0) is None


def test_the_bounds_themselves_are_allowed_and_a_missing_name_is_nothing(address: dict[str, str]) -> None:
    address["means"] = "-4,4"
    assert numbers_in_link("means", 2, -4.0, 4.0) == (-4.0, 4.0)
    assert numbers_in_link("scales", 2, -4.0, 4.0) is None


def test_an_image_comes_back_from_the_link_pixel_by_pixel(address: dict[str, str]) -> None:
    random = np.random.default_rng(0)
    for image in (random.integers(0, 2, 784, np.uint8), np.zeros(784, np.uint8), np.ones(784, np.uint8)):
        put_image_in_link(image)
        assert set(address[DIGIT]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
        found = image_in_link()
        assert found is not None and found.dtype == np.uint8
        np.testing.assert_array_equal(found, image)
    put_image_in_link(None)
    assert address == {} and image_in_link() is None


@pytest.mark.parametrize(
    "text", ["", "7", "AAAA", "A" * 131, "A" * 136, "é" * 132, "<script>alert(1)</script>", "%" * 132]
)
def test_a_link_that_carries_no_image_is_nothing(text: str, address: dict[str, str]) -> None:
    address[DIGIT] = text
    assert image_in_link() is None


def test_words_come_back_from_the_link_in_their_order(address: dict[str, str]) -> None:
    put_words_in_link("models", ["two", "one"])
    assert address == {"models": "two,one"} and words_in_link("models", ["one", "two", "three"]) == ["two", "one"]
    put_words_in_link("models", [])
    assert address == {} and words_in_link("models", ["one"]) == []


@pytest.mark.parametrize("text", ["", ",", "../../etc", "One", "one " * 10, "x," * 10**5 + "one"])
def test_unknown_words_in_the_link_are_nothing(text: str, address: dict[str, str]) -> None:
    address["models"] = text
    assert words_in_link("models", ["one", "two"]) == []


def test_a_word_said_twice_is_one(address: dict[str, str]) -> None:
    address["models"] = "one,nobody,one,two"
    assert words_in_link("models", {"one": 1, "two": 2}) == ["one", "two"]
