"""True posteriors of several test images: their modes, and what separates the encoder's from them.

A survey of shipped models is kept in the checkpoint's folder, so that the app need not wait for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.plane import Mode, best_fits, families_of, kl_q_p, modes
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.runtime.files import brief, write_atomically
from dlgmm_core.runtime.records import from_json, to_json
from dlgmm_core.store.checkpoints import POSTERIORS, Checkpoint
from dlgmm_core.store.files import CheckpointError, is_file, read_json

__all__ = ["PosteriorSurvey", "read_survey", "save_survey", "survey_posteriors"]

APART = 3.0
_REMEDY = "remove it"


@dataclass(frozen=True)
class PosteriorSurvey:
    """The posteriors of some test images under one model.

    Attributes:
        images: their places in the test set.
        shares: of the mass, of each mode of a posterior, the largest first.
        apart: the distance of the two largest modes over the sum of their standard deviations along the line between
            them; 0 where there is one mode.
        gaps: KL(q || p(z|x)) of the encoder's q, nats.
        best: the same of the best member of each family, by its label, for the first of every `every` images.
        every: the number of images for each that `best` has; 0 if it has none.
    """

    images: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    apart: tuple[float, ...]
    gaps: tuple[float, ...]
    best: dict[str, tuple[float, ...]] = field(default_factory=dict)
    every: int = 0

    @property
    def modes(self) -> NDArray[np.int64]:
        """(N,), how many each posterior has."""
        return np.array([len(each) for each in self.shares])

    @property
    def divided(self) -> list[int]:
        """The images with modes `apart` by at least `APART`; first those whose largest mode has the least mass."""
        far = [i for i, apart in enumerate(self.apart) if apart >= APART]
        return [self.images[i] for i in sorted(far, key=lambda i: self.shares[i][0])]


def survey_posteriors(
    grid: PlaneGrid, images: NDArray[np.uint8], chosen: Sequence[int], every: int = 0
) -> PosteriorSurvey:
    """The posteriors of some of the binary images (N, X).

    Args:
        grid: of the model.
        images: of the test set.
        chosen: which of them.
        every: the best members of families are fitted, too, for the first of every so many images; 0 for none.
    """
    best: dict[str, list[float]] = {family.label: [] for family in families_of(grid.model) if every}
    shares, apart, gaps = [], [], []
    for number, (image, coarse) in enumerate(zip(images[chosen], grid.fields(images[chosen]), strict=True)):
        resolved = grid.resolved(coarse, image)
        with torch.no_grad():
            q = grid.model.posterior(torch.from_numpy(image)[None].float())
        peaks = modes(resolved)
        shares.append(tuple(round(mode.share, 3) for mode in peaks))
        apart.append(round(_distance(*peaks[:2]), 2) if len(peaks) > 1 else 0.0)
        gaps.append(round(kl_q_p(grid, resolved, image, q), 3))
        if every and number % every == 0:
            for label, fit in best_fits(grid, resolved, image, q).items():
                best[label].append(round(fit.divergence, 3))
    found = {label: tuple(each) for label, each in best.items()}
    return PosteriorSurvey(tuple(map(int, chosen)), tuple(shares), tuple(apart), tuple(gaps), found, every)


def _distance(first: Mode, second: Mode) -> float:
    """The distance of two modes over the sum of their standard deviations along the line between them."""
    way = first.code - second.code
    direction = way / np.linalg.norm(way)
    spread = sum(float(np.linalg.norm(mode.spread * direction)) for mode in (first, second))
    return float(np.linalg.norm(way)) / spread


def save_survey(checkpoint: Checkpoint, survey: PosteriorSurvey) -> None:
    """Writes the survey into the checkpoint's folder.

    Raises:
        StorageError: if it cannot be written.
    """
    text = json.dumps({"weights": checkpoint.digest, **to_json(survey)})
    write_atomically(checkpoint.folder / POSTERIORS, (text + "\n").encode())


def read_survey(checkpoint: Checkpoint) -> PosteriorSurvey | None:
    """The survey of exactly these weights; None if there is none.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = checkpoint.folder / POSTERIORS
    if not is_file(path, _REMEDY):
        return None
    value = read_json(path, _REMEDY)
    try:
        if not isinstance(value, dict):
            raise ValueError("it is not an object")
        if value.pop("weights", None) != checkpoint.digest:
            return None
        found = from_json(PosteriorSurvey, value)
        sizes = {len(each) for each in (found.images, found.shares, found.apart, found.gaps)}
        if len(sizes) > 1 or not found.images or not all(found.shares) or min(found.images) < 0:
            raise ValueError("its lists do not fit together")
        return found
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {_REMEDY}.") from error
