"""Photographs of digits with the right answer known: MNIST's strokes as ink on paper, seeded.

Each kind adds to a sheet one difficulty that a telephone's camera meets. Reflectances are multiplied
by the light that falls on them; then come the lens (blur), the sensor (noise) and JPEG.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

__all__ = ["KINDS", "Photograph", "photograph"]

Field = NDArray[np.float64]
HEIGHT, WIDTH = 320, 240
KINDS = (
    "plain", "gradient", "shadow", "lined", "pencil", "colour", "squared", "table", "crumbs", "vignette", "blue",
    "several", "chalk", "everything",
)  # fmt: skip
_INKS = {
    "black": (0.10, 0.10, 0.12),
    "blue": (0.13, 0.20, 0.55),
    "pencil": (0.50, 0.50, 0.51),
    "chalk": (0.86, 0.85, 0.80),
}


@dataclass(frozen=True)
class Photograph:
    """A picture, and what it shows.

    Attributes:
        picture: (320, 240, 3) uint8.
        boxes: left, top, right, bottom of each digit, that of the strokes asked for first.
    """

    picture: NDArray[np.uint8]
    boxes: tuple[tuple[int, int, int, int], ...]


def photograph(strokes: NDArray[np.uint8], kind: str, seed: int) -> Photograph:
    """Digits of MNIST, (N, 28, 28), the first as the photograph's digit, others for where there are several."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    has = {kind} if kind != "everything" else {"squared", "gradient", "crumbs", "vignette", "blue"}
    paper = np.ones((HEIGHT, WIDTH, 1)) * _paper(has, rng)
    if has & {"lined", "squared"}:
        paper *= 1 - _rulings(rng, squared="squared" in has)[..., None] * (1 - np.array(_ruling_colour(rng)))
    if "table" in has:
        paper = _on_table(paper, rng)
    coverage, boxes = _written(strokes if "several" in has else strokes[:1], rng)
    if "crumbs" in has:
        coverage = np.maximum(coverage, _crumbs(boxes, rng))
    name = next((name for name in ("blue", "pencil", "chalk") if name in has), "black")
    ink = np.array(_INKS[name]) * rng.uniform(0.85, 1.15)
    grain = 1 - 0.25 * rng.random((HEIGHT, WIDTH)) if name in ("pencil", "chalk") else np.ones((HEIGHT, WIDTH))
    share = (coverage * grain * rng.uniform(0.88, 1))[..., None]
    reflected = paper * (1 - share) + ink * share
    light = _light(has, rng)
    seen = ndimage.gaussian_filter(reflected * light[..., None], (*[rng.uniform(0.5, 1.1)] * 2, 0))
    seen += rng.normal(0, rng.uniform(0.005, 0.022), (HEIGHT, WIDTH, 1)) + rng.normal(0, 0.006, seen.shape)
    levels = (255 * np.clip(seen, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=int(rng.integers(65, 93)))
    return Photograph(np.asarray(Image.open(file)), boxes)


def _paper(has: set[str], rng: np.random.Generator) -> Field:
    if "chalk" in has:
        return np.array([0.16, 0.25, 0.20]) * rng.uniform(0.6, 1.2)
    if "colour" in has:
        tints = np.array([[0.92, 0.80, 0.55], [0.65, 0.80, 0.92], [0.92, 0.68, 0.72], [0.68, 0.88, 0.66]])
        return tints[rng.integers(len(tints))] * rng.uniform(0.8, 1.05)
    return np.array([1, 0.99, rng.uniform(0.9, 1)]) * rng.uniform(0.78, 0.97)


def _coordinates(angle: float) -> Field:
    """(HEIGHT, WIDTH) distance from the middle along a direction, in pixels."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return (x - WIDTH / 2) * np.cos(angle) + (y - HEIGHT / 2) * np.sin(angle)


def _light(has: set[str], rng: np.random.Generator) -> Field:
    light = np.ones((HEIGHT, WIDTH)) + rng.uniform(-0.05, 0.05) * _coordinates(rng.uniform(0, 7)) / HEIGHT
    if "gradient" in has:
        along = _coordinates(rng.uniform(0, 2 * np.pi)) / 200
        light *= np.clip(1 - rng.uniform(0.35, 0.7) * (along + 1) / 2, 0.2, 1)
    if has & {"shadow"}:
        edge = _coordinates(rng.uniform(0, 2 * np.pi)) + rng.uniform(-60, 60)
        light *= 1 - rng.uniform(0.35, 0.65) / (1 + np.exp(-edge / rng.uniform(1.5, 14)))
    if "vignette" in has:
        y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
        light *= 1 - rng.uniform(0.3, 0.75) * ((x**2 + y**2) / 2) ** rng.uniform(0.8, 1.8)
    return light


def _rulings(rng: np.random.Generator, *, squared: bool) -> Field:
    """Ink of the rulings, 0..1: lines a pixel or two thick, a little turned, as seen a little from the side."""
    pitch, thickness, tilt = rng.uniform(14, 34), rng.uniform(0.8, 2.0), rng.normal(0, 0.03)
    fan = rng.normal(0, 0.02)
    strength = rng.uniform(0.25, 0.8)
    lines = np.zeros((HEIGHT, WIDTH))
    for angle in (tilt + np.pi / 2, tilt) if squared else (tilt + np.pi / 2,):
        across = _coordinates(angle)
        across = across * (1 + fan * _coordinates(angle - np.pi / 2) / HEIGHT) + rng.uniform(0, pitch)
        distance = np.abs((across + pitch / 2) % pitch - pitch / 2)
        lines = np.maximum(lines, np.clip(thickness / 2 + 0.5 - distance, 0, 1))
    return strength * lines


def _ruling_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    return ((0.55, 0.55, 0.58), (0.45, 0.6, 0.8), (0.8, 0.5, 0.5))[rng.integers(3)]


def _on_table(paper: Field, rng: np.random.Generator) -> Field:
    """The sheet ends in the picture at one or two sides, and wood is seen, darker or lighter."""
    wood = np.array([0.45, 0.30, 0.18]) * rng.uniform(0.5, 1.4)
    grain = ndimage.gaussian_filter(rng.normal(0, 0.4, (HEIGHT, WIDTH)), (12, 0.7))[..., None]
    first = rng.integers(4)
    for side in (first, (first + 1) % 4)[: rng.integers(1, 3)]:
        angle = side * np.pi / 2 + rng.normal(0, 0.06)
        reach = (WIDTH if side % 2 == 0 else HEIGHT) / 2 - rng.uniform(8, 26)
        beyond = np.clip(_coordinates(angle) - reach + 0.5, 0, 1)[..., None]
        paper = paper * (1 - beyond) + wood * (1 + grain) * beyond
    return paper


def _crumbs(boxes: tuple[tuple[int, int, int, int], ...], rng: np.random.Generator) -> Field:
    """Round specks of up to five pixels that do not touch the digit."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    found = np.zeros((HEIGHT, WIDTH))
    left, top, right, bottom = boxes[0]
    for _ in range(rng.integers(5, 25)):
        cx, cy, radius = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(0.6, 2.6)
        if left - 6 < cx < right + 6 and top - 6 < cy < bottom + 6:
            continue
        found = np.maximum(found, np.clip(radius + 0.5 - np.hypot((x - cx), (y - cy) * rng.uniform(0.6, 1.6)), 0, 1))
    return rng.uniform(0.5, 1) * found


def _written(
    strokes: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Field, tuple[tuple[int, int, int, int], ...]]:
    """Coverage by ink, 0..1, and the boxes; of several digits the first is the largest."""
    coverage = np.zeros((HEIGHT, WIDTH))
    boxes: list[tuple[int, int, int, int]] = []
    for number, grey in enumerate(strokes):
        for _ in range(200):
            side = rng.uniform(75, 150) if number == 0 else rng.uniform(50, 70)
            if len(strokes) > 1 and number == 0:
                side = rng.uniform(85, 120)
            zoom = side / 28
            large = np.clip(ndimage.zoom(grey / 255.0, zoom, order=3), 0, 1)
            large = ndimage.rotate(large, rng.normal(0, 3), reshape=False, order=1)
            pen = np.clip((large - rng.uniform(0.38, 0.55)) * zoom / 1.2 + 0.5, 0, 1)
            rows, columns = np.flatnonzero(pen.max(1) > 0.5), np.flatnonzero(pen.max(0) > 0.5)
            if not len(rows):
                continue
            pen = pen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            height, width = pen.shape
            left, top = int(rng.integers(30, WIDTH - 30 - width)), int(rng.integers(30, HEIGHT - 30 - height))
            box = left, top, left + width, top + height
            if all(_apart(box, other) for other in boxes):
                coverage[top : top + height, left : left + width] = pen
                boxes.append(box)
                break
    return coverage, tuple(boxes)


def _apart(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    gap = 8  # pixels
    return one[2] + gap < other[0] or other[2] + gap < one[0] or one[3] + gap < other[1] or other[3] + gap < one[1]
