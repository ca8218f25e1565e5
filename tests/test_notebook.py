"""The notebook of the documentation runs, and what is saved in it is what its cells show."""

import base64
import io
import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.notebook import NOTEBOOK, executed

NUMBER = re.compile(r"[+−-]?\d+(?:,\d{3})*(?:\.\d+)?")
STALE = "make its outputs again: python -m benchmarks.notebook"


@pytest.fixture(scope="module")
def saved() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def run(saved: dict[str, Any]) -> dict[str, Any]:
    return executed(saved)


def text_of(output: dict[str, Any]) -> str:
    """What is printed, or a value's HTML without tags, whose attributes hold pictures and lengths of bars."""
    shown = output["text"] if "text" in output else output["data"].get("text/html", output["data"]["text/plain"])
    return re.sub("<[^>]+>", " ", "".join(shown))


def words_of(text: str) -> str:
    """With no numbers, nor the spaces that align them."""
    return " ".join(NUMBER.sub("#", text).split())


def numbers_in(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All numbers, and what the last printed digit of each counts."""
    found = [number.replace(",", "").replace("−", "-") for number in NUMBER.findall(text)]
    decimals = np.array([len(number.partition(".")[2]) for number in found])
    return np.array([float(number) for number in found]), 10.0**-decimals


def pixels(png: str) -> NDArray[np.float64]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), dtype=np.float64)


def test_saved_outputs_are_what_the_cells_show(saved: dict[str, Any], run: dict[str, Any]) -> None:
    for old, new in zip(saved["cells"], run["cells"], strict=True):
        shown, again = old.get("outputs", []), new.get("outputs", [])
        assert [o["output_type"] for o in shown] == [o["output_type"] for o in again], STALE
        for one, other in zip(shown, again, strict=True):
            assert words_of(text_of(one)) == words_of(text_of(other)), STALE
            (known, units), (found, _) = numbers_in(text_of(one)), numbers_in(text_of(other))
            # processors differ in the last digits, and the last that is printed may then differ by one
            assert (np.abs(known - found) <= 1.01 * units + 0.01 * np.abs(known)).all(), STALE
            if "image/png" in one.get("data", {}):
                difference = pixels(one["data"]["image/png"]) - pixels(other["data"]["image/png"])
                assert np.abs(difference).mean() < 1, STALE


def test_every_cell_of_code_has_a_sentence_before_it_and_most_show_something(saved: dict[str, Any]) -> None:
    kinds = [cell["cell_type"] for cell in saved["cells"]]
    assert all(before == "markdown" for before, kind in pairwise(kinds) if kind == "code")
    silent = [cell for cell in saved["cells"] if cell["cell_type"] == "code" and not cell["outputs"]]
    assert len(silent) == 1, "the imports alone"
    assert len({cell["id"] for cell in saved["cells"]}) == len(kinds)


def test_the_notebook_is_small_and_names_no_folder_of_a_machine(saved: dict[str, Any]) -> None:
    text = json.dumps(saved)
    assert NOTEBOOK.stat().st_size < 200_000
    assert not re.search(r"/(home|Users|tmp|work|root)/", text)
