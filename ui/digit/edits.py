"""How a photograph is looked at: turned, tilted, cropped, and which of its digits is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ui.numbers import finite_number, finite_numbers, whole_number

__all__ = ["WHOLE", "Box", "Edit", "read_edit"]

Box = tuple[float, float, float, float]  # left, top, right, bottom, as fractions of a picture's sides

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
STEEPEST = 45.0  # degrees of a tilt
MOST = 40  # digits that may be found


@dataclass(frozen=True)
class Edit:
    """What a visitor has done to a photograph.

    Attributes:
        turn: quarter turns clockwise, 0 to 3.
        tilt: degrees clockwise on top of them, -45 to 45.
        crop: of the turned and tilted picture.
        chosen: which of the digits that are found there.
    """

    turn: int = 0
    tilt: float = 0.0
    crop: Box = WHOLE
    chosen: int = 0

    @property
    def view(self) -> "Edit":
        """What determines the view: the edit without the chosen digit."""
        return replace(self, chosen=0)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture (height, width) or (height, width, 3) that is looked at.

        A tilt uncovers corners, which continue the picture's border: filled with one grey, they would end in edges,
        which would be taken for strokes where the light falls off.
        """
        picture = np.rot90(picture, -self.turn)
        if self.tilt:
            picture = ndimage.rotate(picture, -self.tilt, order=1, mode="nearest")
        height, width = picture.shape[:2]
        left, top, right, bottom = np.multiply(self.crop, (width, height, width, height)).astype(int)
        return picture[top : max(top + 1, bottom), left : max(left + 1, right)]

    def in_whole(self, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> Box:
        """The place in the turned picture of a box in pixels of the view, whose shape is (height, width)."""
        left, top, right, bottom = self.crop
        x, y = (right - left) / shape[1], (bottom - top) / shape[0]
        return left + x * box[0], top + y * box[1], left + x * box[2], top + y * box[3]


def read_edit(state: Any) -> Edit | None:
    """What the widget sent; None if it is anything else: browsers are not trusted."""
    if not isinstance(state, Mapping):
        return None
    turn, chosen = whole_number(state.get("turn"), 0, 3), whole_number(state.get("chosen"), 0, MOST)
    tilt = finite_number(state.get("tilt"), -STEEPEST, STEEPEST)
    crop = finite_numbers(state.get("crop"), 4, 0, 1)
    if turn is None or chosen is None or tilt is None or crop is None or crop[0] >= crop[2] or crop[1] >= crop[3]:
        return None
    return Edit(turn, tilt, crop, chosen)  # type: ignore[arg-type]
