"""From a picture of digits, drawn, scanned or photographed, to MNIST's convention: light ink on dark, centred.

A model trained on MNIST sees anything else as far from its data, so pictures are brought there first:
a frame is taken off (`frames`), the light is evened (`paper`), rulings are taken out (`rulings`), digits
are told from other marks (`strokes`), and each is scaled and centred as MNIST's were (`mnist_box`).
Whether ink is dark or light is decided by what is found: both are tried, and the better digit wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from dlgmm_core.data.frames import without_frame
from dlgmm_core.data.mnist_box import SIZE, in_mnist_box, ink_box
from dlgmm_core.data.paper import Levels, blank_sheet, noise_of
from dlgmm_core.data.rulings import without_rulings
from dlgmm_core.data.strokes import BROAD, Region, find_regions, regions_at, verified

__all__ = ["DigitError", "FoundDigits", "PreparedDigit", "find_digits", "find_drawn", "on_paper", "prepare_digit"]

SIDE = 400  # pixels of the longer side: enough for a digit, and soon searched
FAINTEST, FAINT = 0.08, 0.2  # of the full ink: what counts as ink at all, and what is worth a warning
NOISY = 0.003  # of the full range: pictures with more noise come from a camera, others from a program
SIGMAS = 1.8  # of the noise, that ink exceeds once smoothed: five times what is left of it then
SMOOTHING = 0.8  # pixels, for regions in a noisy picture
SPECK = 0.012  # of the picture's longer side: a region that is smaller is no digit
ALIKE = 0.75  # of the better score: digits of one size and pen differ by less
FADING = 2  # pixels around a region, in which its ink ends
PEDESTAL = 0.1  # of a stroke's ink in a noisy picture: less is paper
EDGE = 0.02  # of a sheet's shorter side, where it may be bent or end
FULL = 0.85  # of its box that a sheet fills, turned by four degrees at most; the ellipse of a 0 fills 0.79
_CUT = "The digit touches the border of the picture: a part of it may be missing."
_BLOT = "This looks like a blot, not like strokes: draw or photograph one digit."


class DigitError(ValueError):
    """A picture in which no digit can be found."""


@dataclass(frozen=True)
class PreparedDigit:
    """A digit as MNIST would hold it, and what was done to get there.

    Attributes:
        grey: (28, 28) uint8, 0 = paper, 255 = ink.
        inverted: whether the picture had dark ink on light paper.
        box: left, top, right, bottom of the ink in the picture, in pixels.
        warnings: a sentence for each reason to doubt that it is one whole digit.
    """

    grey: NDArray[np.uint8]
    inverted: bool
    box: tuple[int, int, int, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class FoundDigits:
    """What a picture shows, step by step.

    Attributes:
        digits: at least one, the largest and most like a digit first; those nearly alike as they are read.
        evened: (height, width) uint8, 0 = paper, 255 = ink: the picture in even light, reduced to at most 400 pixels.
        ink: as `evened`, with nothing left but the digits.
    """

    digits: tuple[PreparedDigit, ...]
    evened: NDArray[np.uint8]
    ink: NDArray[np.uint8]


@dataclass(frozen=True)
class _Reading:
    """The picture on the assumption that ink is light, or dark."""

    light_ink: bool
    ink: Levels
    cleaned: Levels
    regions: list[Region]

    @property
    def worth(self) -> float:
        """The score of the assumption; higher is likelier."""
        return self.regions[0].score * self.regions[0].strength ** 0.5 if self.regions else 0.0


def prepare_digit(picture: NDArray[np.uint8]) -> PreparedDigit:
    """The most digit-like mark of a picture, of several alike the first; arguments and errors as for `find_digits`."""
    return find_digits(picture).digits[0]


def find_digits(picture: NDArray[np.uint8]) -> FoundDigits:
    """Finds the digits of a picture and prepares each as MNIST would.

    Args:
        picture: (height, width) grey levels, (height, width, 3) RGB or (height, width, 4) RGBA.

    Raises:
        DigitError: if the picture holds no ink, or none that would be visible at MNIST's size.
    """
    picture = on_paper(picture)
    return _on_sheet(picture, _find(picture, (False, True)))


def find_drawn(picture: NDArray[np.uint8]) -> FoundDigits:
    """As `find_digits`, for white ink on a black drawing pad: all light is ink; no frame, ruling or shadow."""
    colours, scale = _reduced(on_paper(picture))
    ink = colours.mean(2)
    regions = regions_at(ink, FAINTEST) or find_regions(ink, FAINTEST)  # more than one level only where none is black
    return _found(_Reading(True, ink, ink, regions), 0.0, scale)


def _find(picture: NDArray[np.uint8], polarities: Sequence[bool]) -> FoundDigits:
    """The digits under the likeliest of the polarities, which say whether ink is light."""
    colours, scale = _reduced(picture)
    colours = without_frame(colours)
    noise = noise_of(colours)
    readings = [_read(colours, noise, light_ink=light) for light in polarities]
    best = max(readings, key=lambda reading: reading.worth)
    return _found(replace(best, regions=_in_order(best.regions)), noise, scale)


def _in_order(regions: list[Region]) -> list[Region]:
    """Best first, but those nearly as good as each other as they are read."""
    ordered: list[Region] = []
    while regions:
        least = ALIKE * regions[0].score
        ordered += _as_read([region for region in regions if region.score >= least])
        regions = [region for region in regions if region.score < least]
    return ordered


def _as_read(regions: list[Region]) -> list[Region]:
    """Line by line, from left to right; a line has what is centred above the foot of its highest digit."""
    lines: list[list[Region]] = []
    for region in sorted(regions, key=lambda region: region.box[1]):
        _, top, _, bottom = region.box
        if lines and (top + bottom) / 2 < lines[-1][0].box[3]:
            lines[-1].append(region)
        else:
            lines.append([region])
    return [region for line in lines for region in sorted(line, key=lambda region: region.box[0])]


def _found(reading: _Reading, noise: float, scale: float) -> FoundDigits:
    if not reading.regions:
        raise DigitError("There is no ink in this picture: draw or photograph one digit on plain paper.")
    left, top, right, bottom = reading.regions[0].box
    if max(right - left, bottom - top) < SPECK * max(reading.ink.shape):
        raise DigitError("There are only specks in this picture: draw or photograph one digit with a broader pen.")
    inks = [_coverage(reading, region, noise) for region in reading.regions]
    prepared = partial(_prepared, scale, inverted=not reading.light_ink)
    return FoundDigits(tuple(map(prepared, inks, reading.regions)), _grey(reading.ink), _grey(np.max(inks, axis=0)))


def _on_sheet(picture: NDArray[np.uint8], found: FoundDigits) -> FoundDigits:
    """What is written on a sheet that lies on something darker, and was taken for light ink; else `found`."""
    first = found.digits[0]
    left, top, right, bottom = first.box
    margin = round(EDGE * min(right - left, bottom - top))
    left, top, right, bottom = left + margin, top + margin, right - margin, bottom - margin
    if first.inverted or not _is_sheet(first.grey) or min(right - left, bottom - top) < SIZE:
        return found
    try:
        written = _find(picture[top:bottom, left:right], (False,))
    except DigitError:
        return found
    if {_CUT, _BLOT} & set(written.digits[0].warnings):  # the ground around a solid stroke, or the hole in one
        return found
    digits = tuple(replace(digit, box=_moved(digit.box, left, top)) for digit in written.digits)
    scale = found.evened.shape[1] / picture.shape[1]
    place = tuple(round(scale * side) for side in (left, top, right, bottom))
    return FoundDigits(digits, _placed(written.evened, place, found.evened), _placed(written.ink, place, found.ink))


def _is_sheet(grey: NDArray[np.uint8]) -> bool:
    """Whether a prepared digit is a full rectangle, but for what is written on it."""
    filled = ndimage.binary_fill_holes(grey > 127)
    return bool(filled[np.ix_(filled.any(1), filled.any(0))].mean() > FULL)


def _moved(box: tuple[int, int, int, int], right: int, down: int) -> tuple[int, int, int, int]:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def _placed(part: NDArray[np.uint8], place: tuple[int, ...], like: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A part of a picture in its place, with nothing around it."""
    whole = Image.new("L", like.shape[::-1])
    left, top, right, bottom = place
    whole.paste(Image.fromarray(part).resize((right - left, bottom - top), Image.Resampling.BOX), (left, top))
    return np.asarray(whole)


def on_paper(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture without transparency: (height, width, 4) laid on white paper, or on black if what it shows is light."""
    if picture.ndim == 2 or picture.shape[2] < 4:
        return picture
    if picture[..., 3].min() == 255:
        return picture[..., :3]
    opacity = picture[..., 3:].astype(np.float32) / 255
    shown = picture[..., :3] * opacity
    paper = 0 if shown.mean() > 127.5 * opacity.mean() else 255
    return np.round(shown + paper * (1 - opacity)).astype(np.uint8)


def _reduced(picture: NDArray[np.uint8]) -> tuple[Levels, float]:
    """The picture (height, width, C), levels 0..1, reduced by averages over areas; and the factor of its sides.

    The longer side becomes SIDE at most, unless that leaves less than a digit's SIZE of the shorter.
    """
    image = Image.fromarray(picture)
    scale = max(1.0, min(max(image.size) / SIDE, min(image.size) / SIZE))
    if scale > 1:
        width, height = (max(1, round(side / scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    levels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return levels.reshape(*levels.shape[:2], -1), scale


def _read(colours: Levels, noise: float, *, light_ink: bool) -> _Reading:
    sheet = blank_sheet(colours, light_ink=light_ink)
    smooth = ndimage.gaussian_filter(sheet.ink, SMOOTHING) if noise > NOISY else sheet.ink
    faintest = max(FAINTEST, SIGMAS * sheet.noise)
    cleaned = without_rulings(smooth, 0.3 * faintest)
    regions = find_regions(cleaned, faintest)
    if regions and not sheet.even:
        regions[0] = verified(regions[0], colours, light_ink=light_ink)
    return _Reading(light_ink, sheet.ink, cleaned, regions)


def _coverage(reading: _Reading, region: Region, noise: float) -> Levels:
    """(height, width) in 0..1: how much of each pixel one digit's ink covers."""
    left, top, right, bottom = region.box
    window = slice(max(0, top - FADING), bottom + FADING), slice(max(0, left - FADING), right + FADING)
    mask, ink, cleaned = region.mask[window], reading.ink[window], reading.cleaned[window]
    full = float(np.quantile(cleaned[mask], 0.8))
    paper = PEDESTAL * full if noise > NOISY else 0.0
    near = mask
    for _ in range(FADING):
        near = _wider(near)
    coverage = np.zeros_like(reading.ink, np.float32)
    coverage[window] = np.where(near & (cleaned > 0), np.clip((ink - paper) / (full - paper), 0, 1), 0)
    return coverage


def _wider(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and the pixels above, below and beside it, in a tenth of the time of `ndimage.binary_dilation`."""
    wider = mask.copy()
    wider[1:] |= mask[:-1]
    wider[:-1] |= mask[1:]
    wider[:, 1:] |= mask[:, :-1]
    wider[:, :-1] |= mask[:, 1:]
    return wider


def _prepared(scale: float, ink: Levels, region: Region, *, inverted: bool) -> PreparedDigit:
    box = ink_box(ink)
    left, top, right, bottom = (round(scale * side) for side in box)
    return PreparedDigit(in_mnist_box(ink, box), inverted, (left, top, right, bottom), _warnings(region))


def _warnings(region: Region) -> tuple[str, ...]:
    doubts = {
        _CUT: region.cut,
        "The ink is very faint: a darker pen or more light would show more of the digit.": region.strength < FAINT,
        _BLOT: region.breadth > BROAD,
    }
    return tuple(sentence for sentence, holds in doubts.items() if holds)


def _grey(ink: Levels) -> NDArray[np.uint8]:
    return np.round(255 * np.clip(ink, 0, 1)).astype(np.uint8)
