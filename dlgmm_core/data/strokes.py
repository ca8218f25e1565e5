"""Which marks on a sheet may be digits: connected regions, told by size, breadth, strength and place.

Regions are labelled at several levels of ink, from the faintest upwards (a component tree of few levels:
P. Salembier, A. Oliveras and L. Garrido, "Antiextensive connected operators", 1998): what the rest of a
shadow joins at a low level stands alone at a higher one. What touches the picture's border is a table,
a shadow or cut off, and comes last; what is as broad as long is a blot, a region between strokes, or a speck.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dlgmm_core.data.paper import DARKEST, Levels

__all__ = ["Region", "find_regions", "regions_at", "verified"]

STEPS = (1.0, 1.6, 2.5, 4.0, 6.3)  # times the faintest level
BETTER = 1.2  # times the score, for which a higher level is preferred
CUT = 0.05  # of its score is left to a region at the border
BROAD = 0.4  # breadth over length beyond which a region is less and less a digit; MNIST's broadest have 0.35
THIN = 0.03  # breadth over length under which a region is less and less a digit: an edge, a hair
FRAME = 0.3  # of the picture's border in a region: a frame, a table or a shadow
SMALL = 0.3  # of the best region's score: what has less is no digit beside it
PART, NEAR, CRUMB = 0.6, 0.08, 0.1  # of a digit's length: strokes so short, so near to it, not yet specks, belong to it
MOST = 40  # regions looked at
AROUND = 0.5  # of its length: the neighbourhood that a region is compared with
EDGE, RIM = 2, 5  # pixels from a region to where ink has ended, and to where its rim has
PLAIN = 1.5  # times the mean ink of a region's strokes is the most of it, or less


@dataclass(frozen=True)
class Region:
    """A digit's ink.

    Attributes:
        mask: (height, width) of the picture.
        box: left, top, right, bottom of the mask, in pixels.
        score: the higher, the more like a digit.
        strength: its mean ink.
        cut: whether it touches the picture's border.
        breadth: of its broadest stroke, over its longer side.
    """

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    score: float
    strength: float
    cut: bool
    breadth: float


def find_regions(ink: Levels, faintest: float) -> list[Region]:
    """The regions that may be digits, best first; none where no ink exceeds the faintest level."""
    best: list[Region] = []
    for step in STEPS:
        found = regions_at(ink, step * faintest)
        if found and (not best or found[0].score > BETTER * best[0].score):
            best = found
    return best


def verified(region: Region, colours: Levels, *, light_ink: bool) -> Region:
    """The region with its score lowered, the more it resembles its neighbourhood and its rim in the picture itself.

    The paper between dark strokes seems light ink on dark paper, but is as light as the paper around them; a light
    that falls off has no rim.
    """
    left, top, right, bottom = region.box
    margin = round(AROUND * max(right - left, bottom - top)) + RIM
    window = slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)
    inside, near = region.mask[window], colours[window]
    outside = ~ndimage.binary_dilation(inside, iterations=EDGE)
    rim = outside & ndimage.binary_dilation(inside, iterations=RIM)
    if not rim.any():
        return region
    contrasts = []
    for paper in (np.median(near[outside], axis=0), np.median(near[rim], axis=0)):
        difference = (near[inside].mean(0) - paper) * (1 if light_ink else -1)
        contrasts.append(float((difference / np.maximum(paper, 1 - paper if light_ink else DARKEST)).max()))
    return replace(region, score=region.score * min(1.0, max(0.0, min(contrasts) / region.strength)))


def _border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


def regions_at(ink: Levels, level: float) -> list[Region]:
    """The same as `find_regions` at one level alone, where no shadow can join regions."""
    marked = ink > level
    rows, columns = (np.flatnonzero(marked.any(axis)) for axis in (1, 0))
    if not len(rows):
        return []
    inner = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)  # often a quarter of the picture
    labels = np.zeros(ink.shape, np.int32)
    labels[inner], count = ndimage.label(marked[inner], np.ones((3, 3)))
    boxes = np.array([(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)])
    longer = (boxes[:, 2:] - boxes[:, :2]).max(1)
    inked, inks = labels[marked] - 1, ink[marked]  # few of the picture's pixels
    area = np.bincount(inked)
    strength = np.bincount(inked, inks) / area
    most = np.zeros(count, ink.dtype)
    np.maximum.at(most, inked, inks)
    cut = (boxes[:, :2] == 0).any(1) | (boxes[:, 2:] == ink.shape[::-1]).any(1)
    even = np.minimum(1, PLAIN * strength / most)
    score = longer * np.sqrt(np.minimum(strength, 1)) * even * np.where(cut, CUT, 1)
    order = np.argsort(-score, kind="stable")[:MOST]
    regions: list[Region] = []
    taken: set[int] = set()
    for i in order:
        if i in taken or score[i] < SMALL * score[order[0]]:
            continue
        gaps = (np.maximum(boxes[:, :2], boxes[i, :2]) - np.minimum(boxes[:, 2:], boxes[i, 2:])).max(1)
        part = (longer > CRUMB * longer[i]) & (longer < PART * longer[i]) & (gaps < NEAR * longer[i])
        joined = (cut == cut[i]) & (part | (gaps < 0))
        group = [j for j in order if j == i or (j not in taken and joined[j])]
        taken.update(group)
        left, top = boxes[group, :2].min(0).tolist()
        right, bottom = boxes[group, 2:].max(0).tolist()
        mask, chosen = np.zeros(ink.shape, np.bool_), np.zeros(count + 1, np.bool_)
        chosen[np.array(group) + 1] = True
        mask[top:bottom, left:right] = chosen[labels[top:bottom, left:right]]
        depth = ndimage.distance_transform_cdt(np.pad(mask[top:bottom, left:right], 1)).max()
        breadth = 2 * float(depth) / max(right - left, bottom - top)
        if cut[i] and (breadth > BROAD or _border(mask).mean() > FRAME):
            continue
        worth = float(score[i]) * min(1.0, BROAD / breadth) ** 2 * min(1.0, breadth / THIN)
        regions.append(Region(mask, (left, top, right, bottom), worth, float(strength[i]), bool(cut[i]), breadth))
    return sorted(regions, key=lambda region: -region.score)
