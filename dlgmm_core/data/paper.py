"""What a picture would show without its ink, and how far each pixel is from that.

Light that falls on paper multiplies its reflectance, so ink is measured by the ratio of what is seen to
the blank sheet in the same light. The sheet is estimated by a morphological closing (for dark ink; by an
opening for light ink) with a window broader than strokes: it fills them, and keeps gradients, vignettes
and the edges of shadows. Where the picture shows one colour all around, that colour is the sheet's, and
strokes may be as broad as they like. Colours are reduced to one number along the ink's own direction
from the paper, so that yellow on white or blue on black is as clear as black on white.

References: J. Serra, "Image Analysis and Mathematical Morphology", 1982 (closing); E. H. Land and
J. J. McCann, "Lightness and Retinex Theory", J. Opt. Soc. Am., 1971 (ratios cancel the light).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["DARKEST", "Levels", "Sheet", "blank_sheet", "noise_of"]

Levels = NDArray[np.float32]

WINDOW = 0.3  # of the shorter side: strokes are narrower
RIM, EVEN = 0.06, 0.06  # of the shorter side, where an even sheet is looked for; how far its levels may spread
DARKEST = 0.12  # of the full range: a ratio to darker paper would magnify its noise
FEW = 64  # differences, from which no noise can be judged
SMALL = 100  # pixels of the longer side that show an ink's colour
MOST_BIAS = 0.1  # of the ink, that the closing of a noisy sheet may add
BLUR = 1.2  # pixels: keeps single noisy ones out of the closing


@dataclass(frozen=True)
class Sheet:
    """A picture taken apart into paper and ink.

    Attributes:
        ink: (height, width), 0 on paper, 1 where black ink is on any paper, or white ink on black.
        noise: standard deviation of the ink where there is none.
        even: whether one level was taken for all the sheet.
    """

    ink: Levels
    noise: float
    even: bool


def noise_of(levels: Levels) -> float:
    """Standard deviation of noise in (height, width, ...) levels, whatever strokes and shadows there are.

    Differences across and down together cancel slopes and straight edges; their median, the rest.
    """
    cross = levels[1:, 1:] - levels[1:, :-1] - levels[:-1, 1:] + levels[:-1, :-1]
    return float(np.median(np.abs(cross)) / (0.6745 * 2)) if cross.size >= FEW else 0.0


def blank_sheet(colours: Levels, *, light_ink: bool) -> Sheet:
    """Tells paper from ink.

    Args:
        colours: (height, width, C) levels 0..1, any number of channels.
        light_ink: whether ink is taken to be lighter than paper.
    """
    levels = colours @ _channel_weights(colours, light_ink=light_ink)
    paper = _paper(levels, light_ink=light_ink)
    ink = _ink(levels, paper, light_ink=light_ink)
    even = paper.size == 1
    bias = 0.0 if even else min(float(np.median(ink)), MOST_BIAS)  # a closing of noise lies a little above the sheet
    ink = ink - np.float32(bias)
    return Sheet(np.maximum(ink, 0), noise_of(ink), even)


def _ink(levels: Levels, paper: Levels, *, light_ink: bool) -> Levels:
    most = 1 - paper if light_ink else DARKEST
    difference = levels - paper if light_ink else paper - levels
    return (difference / np.maximum(paper, most)).astype(np.float32)


def _channel_weights(colours: Levels, *, light_ink: bool) -> Levels:
    """(C,) with sum 1: how much each channel shows of the ink, judged by what stands out most in a small copy."""
    channels = colours.shape[2]
    factor = -(-max(colours.shape[:2]) // SMALL)
    height, width = (side // factor for side in colours.shape[:2])
    if channels == 1 or not height * width:
        return np.full(channels, 1 / channels, np.float32)
    blocks = colours[: height * factor, : width * factor].reshape(height, factor, width, factor, channels)
    small = np.moveaxis(blocks.mean((1, 3)), 2, 0)
    papers = [_paper(levels, light_ink=light_ink) for levels in small]
    inks = [_ink(levels, paper, light_ink=light_ink) for levels, paper in zip(small, papers, strict=True)]
    ink = np.maximum(np.stack(inks), 0)
    total = ink.sum(0)
    weights = ink[:, total >= 0.5 * total.max()].mean(1) / [max(float(paper.mean()), DARKEST) for paper in papers]
    return (weights / weights.sum()).astype(np.float32) if weights.any() else np.full(channels, 1 / 3, np.float32)


def _paper(levels: Levels, *, light_ink: bool) -> Levels:
    """The sheet's levels: one number where the rim shows one level, or (height, width)."""
    band = max(1, int(RIM * min(levels.shape)))
    sides = levels[:band], levels[-band:], levels[:, :band].T, levels[:, -band:].T
    # the median over the band: a frame drawn along the border is thinner
    rim = ndimage.uniform_filter1d(np.concatenate([np.median(side, axis=0) for side in sides]), 9)
    low, high = np.quantile(rim, (0.1, 0.9))
    if high - low < EVEN:
        return np.median(rim, keepdims=True)
    smooth = ndimage.gaussian_filter(levels, BLUR)
    return -_closing(-smooth) if light_ink else _closing(smooth)


def _closing(levels: Levels) -> Levels:
    """Closing with a square window. Beyond the border a falling level is extrapolated; a rising one is not."""
    reach = max(1, round(WINDOW * min(levels.shape) / 2))
    margins = [(min(reach, side - 1),) * 2 for side in levels.shape]
    falling = np.minimum(
        np.pad(levels, margins, mode="edge"), np.pad(levels, margins, mode="reflect", reflect_type="odd")
    )
    size = 2 * reach + 1
    closed = ndimage.minimum_filter(ndimage.maximum_filter(falling, size, mode="nearest"), size, mode="nearest")
    (top, _), (left, _) = margins
    return closed[top : top + levels.shape[0], left : left + levels.shape[1]]
