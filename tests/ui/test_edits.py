"""A photograph that is turned, tilted and cropped: what is looked at, and where its digits lie in the whole."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from ui.digit.edits import WHOLE, Edit, read_edit

ASKED = {"turn": 3, "tilt": -20, "crop": [0.1, 0.2, 0.9, 1], "chosen": 2}


def marked(row: int, column: int) -> NDArray[np.uint8]:
    """(60, 100, 3), one block of ink around a place."""
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[row - 2 : row + 3, column - 2 : column + 3] = 255
    return picture


def middle(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of the ink, from the left and the top as fractions of the sides."""
    row, column = ndimage.center_of_mass(picture[..., 0])
    return np.array([(column + 0.5) / picture.shape[1], (row + 0.5) / picture.shape[0]])


def test_a_quarter_turn_is_clockwise_and_exact() -> None:
    picture = marked(10, 20)
    assert (Edit(turn=1).apply(picture) == np.rot90(picture, -1)).all()
    assert Edit(turn=1).apply(picture).shape == (100, 60, 3)
    np.testing.assert_allclose(middle(Edit(turn=1).apply(picture)), [(60 - 10.5) / 60, 20.5 / 100])


def test_a_tilt_is_clockwise_about_the_middle_of_a_picture_that_grows() -> None:
    """By the formula with which the browser draws it."""
    angle, height, width = np.deg2rad(30), 60, 100
    seen = Edit(tilt=30).apply(marked(10, 20))
    cos, sin = np.cos(angle), np.sin(angle)
    size = np.array([width * cos + height * sin, width * sin + height * cos])
    from_middle = np.array([[cos, -sin], [sin, cos]]) @ [20.5 - width / 2, 10.5 - height / 2]
    np.testing.assert_allclose(seen.shape[1::-1], size, atol=1)
    np.testing.assert_allclose(middle(seen), from_middle / size + 0.5, atol=0.01)


def test_corners_that_a_tilt_uncovers_continue_the_border() -> None:
    shaded = np.linspace(200, 100, 100).astype(np.uint8)[None].repeat(60, 0)
    seen = Edit(tilt=20).apply(shaded)
    assert seen.min() >= 100 and seen.max() <= 200


@pytest.mark.parametrize("edit", [Edit(crop=(0.1, 0.05, 0.4, 0.6)), Edit(1, 10, (0.5, 0.1, 1.0, 0.5))])
def test_a_box_in_a_crop_is_told_in_the_whole(edit: Edit) -> None:
    picture = marked(10, 20)
    seen = edit.apply(picture)
    column, row = middle(seen) * seen.shape[1::-1]
    left, top, right, bottom = edit.in_whole((int(column) - 2, int(row) - 2, int(column) + 3, int(row) + 3), seen.shape)
    whole = Edit(edit.turn, edit.tilt).apply(picture)
    np.testing.assert_allclose([(left + right) / 2, (top + bottom) / 2], middle(whole), atol=0.02)


@pytest.mark.parametrize("crop", [(0, 0, 1e-9, 1e-9), (1 - 1e-9, 0.5, 1, 1)])
def test_a_crop_keeps_a_pixel_at_least(crop: tuple[float, float, float, float]) -> None:
    assert Edit(crop=crop).apply(marked(10, 20)).size


def test_what_the_widget_sends_is_read() -> None:
    assert read_edit(ASKED) == Edit(3, -20.0, (0.1, 0.2, 0.9, 1.0), 2)
    assert read_edit({"turn": 0, "tilt": 0, "crop": [0, 0, 1, 1], "chosen": 0}) == Edit(crop=WHOLE)


@pytest.mark.parametrize(
    "change",
    [
        {"turn": 4},
        {"turn": 0.5},
        {"tilt": 46},
        {"tilt": float("nan")},
        {"crop": [0.9, 0.2, 0.1, 1]},
        {"crop": [0, 0.5, 1, 0.5]},
        {"crop": [0, 0, 1]},
        {"crop": "0011"},
        {"chosen": -1},
        {"chosen": True},
    ],
)
def test_anything_else_is_not(change: dict[str, object]) -> None:
    assert read_edit(ASKED | change) is None
    assert read_edit(None) is None and read_edit([ASKED]) is None
