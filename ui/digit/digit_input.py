"""A digit on its way into the models: what they see of it, and how it came to that."""

import base64
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dlgmm_core.data.datasets import binarize
from dlgmm_core.data.digits import FoundDigits
from ui.images import SHAPE

__all__ = ["DigitInput", "digit_input"]

SIDE = 140  # pixels of a step's longer side
_BOX = "#e76300"


@dataclass(frozen=True)
class DigitInput:
    """A binary image (X,), its origin in words, and the steps of its preparation.

    Attributes:
        binary: zeros and ones.
        origin: where it comes from.
        steps: pictures, grey or in colours, from what was drawn or photographed to the image, by caption; none for a
            test digit.
        doubts: a sentence for each reason to doubt that it is one whole digit.
        dataset, index: which test image it is; None for any other.
        shape: height and width.
    """

    binary: NDArray[np.uint8]
    origin: str
    steps: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    dataset: str | None = None
    index: int | None = None
    shape: tuple[int, ...] = SHAPE

    @property
    def code(self) -> str:
        """The line of Python that makes `image`: a test image where it is one, else its pixels, eight a byte."""
        if self.index is not None:
            return f'image = load_dataset("{self.dataset}").test.binary[{self.index}]'
        packed = base64.b64encode(np.packbits(self.binary).tobytes()).decode()
        return f'image = np.unpackbits(np.frombuffer(b64decode("{packed}"), np.uint8))'


def digit_input(picture: NDArray[np.uint8], found: FoundDigits, chosen: int, *, is_photograph: bool) -> DigitInput:
    """One of the digits found in a picture.

    Args:
        picture: (height, width) or (height, width, 3).
        found: what `find_digits` or `find_drawn` returns for it.
        chosen: which of its digits.
        is_photograph: whether it is one, whose light had to be evened, and no drawing.
    """
    digit = found.digits[chosen]
    binary = binarize(digit.grey.reshape(-1), 0)
    steps = {"As taken" if is_photograph else "As drawn": _small(picture)}
    if is_photograph:
        steps["Lighting evened out, ink white"] = _small(found.evened)
    steps["Strokes kept, the digit boxed"] = _boxed(found.ink, digit.box, picture.shape)
    steps["Scaled to 20 pixels, centred in 28×28"] = digit.grey
    steps["Each pixel drawn as 0 or 1: what the model sees"] = 255 * binary.reshape(digit.grey.shape)
    polarity = "dark ink on light paper, inverted" if digit.inverted else "light ink on dark paper"
    return DigitInput(binary, polarity, steps, digit.warnings)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def _boxed(ink: NDArray[np.uint8], box: tuple[int, int, int, int], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(height, width, 3): ink, reduced, with a box of a picture of that shape."""
    image = Image.fromarray(_small(ink)).convert("RGB")
    scale = image.width / shape[1], image.height / shape[0]
    left, top, right, bottom = (round(side * scale[i % 2]) for i, side in enumerate(box))
    ImageDraw.Draw(image).rectangle((left - 3, top - 3, right + 2, bottom + 2), outline=_BOX, width=2)
    return np.asarray(image)
