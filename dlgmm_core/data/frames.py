"""Takes a drawn frame, and what lies outside it, off a picture.

A frame is all around, however thick: going inwards over lines of one level each, the level changes on all four sides,
and the last level, of the paper around the digit, is the same on all four. Photographs have no such lines, since they
have noise; and straight strokes of a digit do not lie on four sides of paper.
"""

import numpy as np

from dlgmm_core.data.paper import Levels

__all__ = ["without_frame"]

SPREAD = 0.05  # of the full range: levels that differ by less are one
CORNER = 2  # pixels of a line at either end, which the lines that cross it there may have changed
LEAST = 0.2  # of the inside: a mark that is smaller does not make a frame of the zero around it


def without_frame(colours: Levels) -> Levels:
    """The picture (height, width, C) with the paper inside its frame in place of all that is not inside.

    Args:
        colours: levels 0..1, which are returned as they are where there is no frame.
    """
    sides = [0, 0, *colours.shape[:2]]  # top, left, bottom, right of what is left
    outer, starts, levels = sides.copy(), sides.copy(), [np.full(colours.shape[2], np.nan) for _ in sides]
    moved = True
    while moved:
        moved = False
        for side in range(4):
            while (line := _outermost(colours, sides, side)) is not None:
                if not np.abs(line - levels[side]).max() < SPREAD:  # another level begins, or the first one
                    starts[side], levels[side] = sides[side], line
                sides[side] += 1 if side < 2 else -1
                moved = True
    changed = all(start != first for start, first in zip(starts, outer, strict=True))
    if not changed or not np.ptp(levels, axis=0).max() < SPREAD:
        return colours
    top, left, bottom, right = starts
    if max(sides[2] - sides[0], sides[3] - sides[1]) < LEAST * max(bottom - top, right - left):
        return colours
    plain = np.broadcast_to(levels[0], colours.shape).astype(colours.dtype)
    plain[top:bottom, left:right] = colours[top:bottom, left:right]
    return plain


def _outermost(colours: Levels, sides: list[int], side: int) -> Levels | None:
    """(C,) of the outermost line of that side, if it has one level; None where nothing is left."""
    top, left, bottom, right = sides
    if top >= bottom or left >= right:
        return None
    left_over = colours[top:bottom, left:right]
    line = (left_over[0], left_over[:, 0], left_over[-1], left_over[:, -1])[side]
    line = line[CORNER:-CORNER] if len(line) > 2 * CORNER else line
    return line[0] if np.ptp(line, axis=0).max() < SPREAD else None
