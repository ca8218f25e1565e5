"""The true posterior of a digit on the grid of a model: kept by weights and image, charged to the first who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.analysis.plane import best_fits, kl_p_q, kl_q_p, modes
from dlgmm_core.analysis.plane_pictures import (
    Ellipses,
    Window,
    density_picture,
    ellipses,
    is_triangle,
    outlines_of,
    window_of,
)
from dlgmm_core.evaluate.plane_grid import Field, PlaneGrid
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.runtime.html import png_address
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.resting import kept_in_use
from ui.theme import SCALE_COLOURS
from ui.visitors.limits import charged, computing

__all__ = [
    "PIXELS",
    "TYPICAL",
    "Gap",
    "Means",
    "Posterior",
    "gap",
    "grid",
    "in_percent",
    "posterior",
    "q_of",
    "resolved",
]

Means = tuple[float, ...] | None
"""Means of the prior's components, one after the other, (2 K); None as trained."""

TYPICAL = 100  # test images that say how wide the grid must be
PIXELS = 192  # of a picture's side
OUTSIDE = 1e-6  # of a posterior's mass, at most, at the grid's edge
_LEVELS, _WHITE = 254, 255  # of density from 0 to 1, and what outlines are, in the palette
_DECIMALS = 3  # as in surveys: what is printed from either is the same


@dataclass(frozen=True)
class Posterior:
    """What is shown of one model and one image.

    Attributes:
        log_p: log p(x), nats.
        kl_q_p, kl_p_q: KL(q || p(z|x)) and KL(p(z|x) || q), nats.
        shares: of the mass, of each mode, the largest first.
        window: of the picture.
        heat: its picture, PIXELS wide and high, as an address; with the regions of q, if that has no ellipses.
        ellipses: of q, if it is of Gaussians.
        is_cut: whether the grid misses more of the posterior than `OUTSIDE`.
    """

    log_p: float
    kl_q_p: float
    kl_p_q: float
    shares: tuple[float, ...]
    window: Window
    heat: str
    ellipses: Ellipses | None
    is_cut: bool


@dataclass(frozen=True)
class Gap:
    """KL(q || p(z|x)) of the best member of each family, by its label, nats; the encoder's own family is the last."""

    best: dict[str, float]


def grid(checkpoint: Checkpoint, means: Means = None) -> PlaneGrid:
    """The decoded grid of a model whose codes are two numbers, under its prior about other means.

    Raises:
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    decoded = _grid(checkpoint)
    if means is None:
        return decoded
    return decoded.under(decoded.prior.moved_to(torch.tensor(means, dtype=torch.float32).reshape(-1, 1, 2)))


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=3, hash_funcs=loaders.BY_WEIGHTS)  # 14 MB each
def _grid(checkpoint: Checkpoint) -> PlaneGrid:
    model, images = loaders.model(checkpoint), loaders.dataset(checkpoint.train_config.dataset).test.binary
    with computing():
        return PlaneGrid.of(model, images[:: max(1, len(images) // TYPICAL)])


def q_of(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> LatentDistribution:
    """The encoder's posterior of a binary image (X,)."""
    with torch.no_grad():
        return loaders.model(checkpoint).posterior(torch.from_numpy(image)[None].float())


def resolved(decoded: PlaneGrid, image: NDArray[np.uint8], means: Means = None) -> tuple[Field, bool]:
    """log p(x, z) of a binary image (X,) where it has mass, and whether the grid cuts some off.

    The field of a prior that is moved by hand is interpolated: it comes sooner, and is off by up to some hundredths of
    a nat. That of a trained prior is as exact as surveys are.
    """
    (field,) = decoded.fields(image[None])
    is_cut = not is_triangle(decoded.model.config) and decoded.mass_at_edge(field) > OUTSIDE
    return decoded.resolved(field, image, interpolated=means is not None), is_cut


def in_percent(shares: Sequence[float]) -> str:
    """Shares in whole percent, which sum to what the shares do: the largest remainders are rounded up."""
    exact = [round(100 * share, _DECIMALS) for share in shares]
    whole = [int(each) for each in exact]
    up = sorted(range(len(exact)), key=lambda k: whole[k] - exact[k])[: round(sum(exact)) - sum(whole)]
    return ", ".join(f"{each + (k in up)}\N{NO-BREAK SPACE}%" for k, each in enumerate(whole))


@kept_in_use
@st.cache_data(show_spinner=False, max_entries=100, hash_funcs=loaders.BY_WEIGHTS)  # 20 kB each
def posterior(checkpoint: Checkpoint, image: NDArray[np.uint8], means: Means = None) -> Posterior:
    """The true posterior of a binary image (X,), and the encoder's.

    Raises:
        Refused: as `grid`.
    """
    config, model = checkpoint.model_config, loaders.model(checkpoint)
    _grid(checkpoint)  # in a slot of its own
    with charged():
        decoded = grid(checkpoint, means)
        q = q_of(checkpoint, image)
        field, is_cut = resolved(decoded, image, means)
        window, gaussians = window_of(config, field, q), ellipses(q)
        return Posterior(
            field.log_integral,
            round(kl_q_p(decoded, field, image, q), _DECIMALS),
            kl_p_q(decoded, field, q),
            tuple(round(mode.share, _DECIMALS) for mode in modes(field)),
            window,
            _heat(
                density_picture(config, field, window, PIXELS),
                outlines_of(model, q, window, PIXELS) if gaussians is None else None,
            ),
            gaussians,
            is_cut,
        )


def _heat(density: NDArray[np.float32], outlines: NDArray[np.bool_] | None) -> str:
    """The square root of a density of at most one in colours, so that low peaks are seen, too; outlines are white."""
    levels = (_LEVELS * np.sqrt(density)).round().astype(np.uint8)
    if outlines is not None:
        levels[outlines] = _WHITE
    image = Image.fromarray(levels)
    image.putpalette(_palette())
    return png_address(image)


@cache
def _palette() -> bytes:
    """Red, green and blue of every level, from 0 to 1, and of white."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in SCALE_COLOURS])
    level, scale = np.linspace(0, 1, _LEVELS + 1), np.linspace(0, 1, len(stops))
    colours = np.stack([np.interp(level, scale, stops[:, channel]) for channel in range(3)], -1)
    return bytes([*colours.astype(np.uint8).tobytes(), 255, 255, 255])


@st.cache_data(show_spinner=False, max_entries=500, hash_funcs=loaders.BY_WEIGHTS)
def gap(checkpoint: Checkpoint, image: NDArray[np.uint8], means: Means = None) -> Gap:
    """The least divergences that families of posteriors leave for a binary image (X,): seconds.

    Raises:
        Refused: as `grid`.
    """
    decoded, model = grid(checkpoint, means), loaders.model(checkpoint)
    with computing():
        q = q_of(checkpoint, image)
        field, _ = resolved(decoded, image, means)
        best = [(label, fit.divergence) for label, fit in best_fits(decoded, field, image, q).items()]
        return Gap(dict(best[::-1] if model.config.num_components == 1 else best))
