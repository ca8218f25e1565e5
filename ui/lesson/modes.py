"""The answer about the true posterior of a digit: among the codes of which class its second mode lies."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import streamlit as st

from dlgmm_core.analysis.plane import Mode, kl_q_p, modes
from dlgmm_core.experiments.plane_table import plane
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.program import PYTHON
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.lesson.outcomes import DATASET, Missing, Outcome, a_digit
from ui.plane.live import untouched
from ui.plane.posteriors import grid, q_of, resolved

__all__ = ["has_divided_digit", "open_divided_digit", "second_mode"]

MODEL = plane()[0].name  # one Gaussian
NEIGHBOURS = 10  # test codes whose majority names a place


def _divided() -> tuple[Checkpoint, int] | None:
    """The model, and the test image whose posterior it divides most; None if it is not known."""
    with suppress(StorageError):  # a damaged file, which the page tells
        checkpoint = loaders.named(MODEL)
        survey = None if checkpoint is None else findings.posterior_survey(checkpoint)
        if checkpoint is not None and survey is not None and survey.divided:
            return checkpoint, survey.divided[0]
    return None


def has_divided_digit() -> bool:
    """Whether there is a digit that is known to have several modes."""
    return _divided() is not None


def open_divided_digit() -> dict[str, object]:
    """Makes the page Plane show this digit."""
    found = _divided()
    if found is None:
        return {}
    checkpoint, image = found
    return untouched(checkpoint) | {"digit-source": "Test digit", "digit-index": image}


def second_mode() -> Outcome:
    """The class among whose codes the second largest mode lies."""
    found = _divided()
    if found is None:
        raise Missing(
            f"There is no {MODEL} with known posteriors: run `{loaders.command('reproduce', '--only', MODEL)}`."
        )
    return loaders.or_stop(lambda: _second_mode(*found))


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _second_mode(checkpoint: Checkpoint, image: int) -> Outcome:
    dataset, decoded = loaders.dataset(DATASET), grid(checkpoint)
    pixels = dataset.test.binary[image]
    field, _ = resolved(decoded, pixels)
    if len(peaks := modes(field)) < 2:
        raise Missing(f"Test image {image} has one mode: survey {MODEL} again by `{PYTHON} -m benchmarks.plane`.")
    names = [dataset.class_names[label] for label in _classes(checkpoint, peaks)]
    told = ", ".join(
        f"{100 * peak.share:.0f} % of the mass among codes of {a_digit(name)}"
        for peak, name in zip(peaks, names, strict=True)
    )
    gap = kl_q_p(decoded, field, pixels, q_of(checkpoint, pixels))
    return Outcome(
        names[1],
        f"Test image {image} is {a_digit(dataset.class_names[dataset.test.known_labels[image]])}. The modes of its"
        f" posterior: {told}. The encoder's q is one Gaussian; KL(q‖p) = {gap:.1f} nats.",
        dataset.class_names,
        picture=pixels,
    )


def _classes(checkpoint: Checkpoint, peaks: Sequence[Mode]) -> list[int]:
    """The class, for each peak, that most of the test codes nearest to it have."""
    codes, labels = loaders.codes(checkpoint, DATASET, "test", "mean"), loaders.dataset(DATASET).test.known_labels
    far = [np.square(codes - peak.code).sum(1) for peak in peaks]
    return [int(np.bincount(labels[each.argsort()[:NEIGHBOURS]]).argmax()) for each in far]
