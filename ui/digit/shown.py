"""Which components of a mixture are shown for one digit, and what each of them draws."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import prototypes
from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.images import fitting, tiled_picture

__all__ = ["largest", "prototype_pictures", "shown_components", "with_rest"]

MOST = 10  # of a mixture, those that fit beside each other on a phone


def shown_components(report: ImageReport) -> list[int]:
    """All components if they are few, else those of the largest p(k|x) or weight, in order, the rest together."""
    posterior = report.component_posterior
    if posterior is None or len(posterior) <= MOST:
        return list(range(len(report.reconstructions) if report.sticks is None else len(report.sticks.mean)))
    assert report.sticks is not None
    return largest(np.maximum(posterior, report.sticks.mean))


def largest(values: NDArray[np.float64]) -> list[int]:
    """The components of the largest values, in order: all, or one less than fit, beside which the rest stands."""
    count = len(values) if len(values) <= MOST else MOST - 1
    return sorted(np.argsort(-values, kind="stable")[:count].tolist())


def with_rest(values: NDArray[np.float64], shown: list[int]) -> list[float]:
    """The values of the components that are shown, then the sum of the others if there are any."""
    rest = np.delete(values, shown)
    return [*values[shown].tolist(), *([float(rest.sum())] if len(rest) else [])]


@st.cache_resource(show_spinner=False, max_entries=50, hash_funcs=loaders.BY_WEIGHTS)
def prototype_pictures(checkpoint: Checkpoint) -> list[str]:
    """The decoded mean of each component of a mixture's prior."""
    shape = checkpoint.model_config.image_shape
    means, zoom = prototypes(loaders.model(checkpoint)), fitting(2, shape)
    return [tiled_picture(each[None], 1, zoom, shape=shape) for each in means]
