"""Takes the rulings of lined and squared paper out of a picture's ink.

A ruling is a straight line over most of the picture; no stroke is. The direction of each of the two
families, across and down, is that in which sums along lines differ most from line to line (the idea of
the Radon transform); a morphological opening along it keeps only what goes on for half the picture. A
stroke that crosses a ruling stays whole: there, the ink is more than the ruling's.

References: J. Radon, "Über die Bestimmung von Funktionen durch ihre Integralwerte längs gewisser
Mannigfaltigkeiten", 1917; P. Soille, "Morphological Image Analysis", 2003, chapter 4 (line openings).
"""

import numpy as np
from scipy import ndimage

from dlgmm_core.data.paper import Levels

__all__ = ["without_rulings"]

SLOPES = np.linspace(-0.2, 0.2, 81)  # eleven degrees to either side
BLOCK = 16  # columns that are added up first
FAMILY, LONG, ALONE = 3, 0.5, 0.9  # so many parallel lines are rulings at half the width; a single one, near the whole
THICK = 0.03  # of the height: rulings are thinner
ABOVE = 1.6  # times a ruling's ink is a stroke on it


def without_rulings(ink: Levels, faintest: float) -> Levels:
    """(height, width) ink with 0 where straight lines of more than the faintest ink cross the picture."""
    return _without_rows(_without_rows(ink, faintest).T, faintest).T


def _without_rows(ink: Levels, faintest: float) -> Levels:
    height, width = ink.shape
    if min(height, width) < 4 * BLOCK or ink.max() <= faintest:
        return ink
    shifts = np.round(_slope(ink) * (np.arange(width) - width / 2)).astype(int)
    rows, columns = np.arange(height)[:, None], np.arange(width)
    level = ink[np.clip(rows + shifts, 0, height - 1), columns]  # lines now follow rows, within a pixel
    level = ndimage.maximum_filter1d(ndimage.uniform_filter1d(level, max(3, width // 32), axis=1), 3, axis=0)
    lines = _opening(level, LONG)
    if lines.max() <= faintest:
        return ink
    present = np.concatenate([[False], lines[:, width // 2] > faintest])
    if np.count_nonzero(present[1:] & ~present[:-1]) < FAMILY:
        lines = _opening(level, ALONE)
    thick = ndimage.grey_opening(level, (max(5, round(THICK * height)), 1))
    lines = np.where(lines > 2 * thick, lines, 0)
    lines = lines[np.clip(rows - shifts, 0, height - 1), columns]
    return np.where((lines > faintest) & (ink < ABOVE * lines + faintest), 0, ink)


def _opening(levels: Levels, share: float) -> Levels:
    """The levels after an opening along rows: only marks that are as long as a share of the width stay."""
    length = 2 * round(share * levels.shape[1] / 2) - 1
    eroded = ndimage.minimum_filter1d(levels, length, axis=1, mode="constant")
    return ndimage.maximum_filter1d(eroded, length, axis=1, mode="constant")


def _slope(ink: Levels) -> float:
    """Rows per column."""
    height, width = ink.shape
    blocks = width // BLOCK
    sums = np.minimum(ink, 0.3)[:, : blocks * BLOCK].reshape(height, blocks, BLOCK).mean(2)
    centres = (np.arange(blocks) + 0.5) * BLOCK - width / 2
    shifts = np.round(SLOPES[:, None] * centres).astype(int)  # (slopes, blocks)
    reach = int(np.abs(shifts).max())
    padded = np.pad(sums, ((reach, reach), (0, 0)), mode="edge")
    moved = np.lib.stride_tricks.sliding_window_view(padded, height, axis=0)  # (shifts, blocks, height)
    profiles = np.zeros((len(SLOPES), height), np.float32)
    for block in range(blocks):
        profiles += moved[shifts[:, block] + reach, block]
    return float(SLOPES[profiles.var(1).argmax()])
