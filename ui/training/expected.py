"""How long a run will take on this server, from a few timed steps."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
import torch

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import is_here, label_of
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.wording import counted
from dlgmm_core.train.speed import seconds_per_epoch
from ui import loaders
from ui.jobs.manager import JOB_THREADS
from ui.training.presets import Recipe, expected_epochs
from ui.visitors.limits import computing
from ui.visitors.shares import Refused

__all__ = ["duration", "expected_words"]

REMEMBERED = 600.0  # seconds: the server may be busier, or less busy, afterwards
# How Streamlit's cache tells recipes apart: the values of all fields, which it would hash one by one.
BY_VALUES: dict[str | type[Any], Callable[[Any], Any]] = {ModelConfig: repr, TrainConfig: repr}
START_SECONDS = 5.0  # until a process has loaded PyTorch and the images
MOST_CODES = 10_000  # of a step that is timed
START_EPOCHS = 3.0  # of fitting a mixture to a Gauss-VAE's codes, in epochs of the run that follows


def expected_words(recipe: Recipe) -> str:
    """How long a run of that recipe will take, in words; empty where it cannot be measured now."""
    try:
        each = _epoch_seconds(*(_shape(*recipe)))
    except (ConfigError, DataError, Refused):
        return ""
    epochs = expected_epochs(recipe[1])
    start = START_SECONDS + (START_EPOCHS * each if recipe[1].start_from else 0.0)
    words = f"about {duration(start + epochs * each)} on this server"
    return words if epochs == recipe[1].max_epochs else f"{words} for {counted(epochs, 'epoch')}"


def duration(seconds: float) -> str:
    """A length of time in words, to about two digits."""
    if seconds < 99.5:
        return f"{max(1, math.ceil(seconds))} s"
    if seconds < 99.5 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.2g} hours"


def _shape(model: ModelConfig, train: TrainConfig) -> Recipe:
    """The recipe with all that has no influence on the time of an epoch set to one value, and small steps."""
    k, usual = model.num_components, TrainConfig()
    images = min(train.batch_size, max(1, MOST_CODES // (train.decoded_of(model) * train.num_samples)))
    alike = replace(model, prior_means=(0.0,) * k, prior_scales=(1.0,) * k, concentration=1.0)
    names = ("learning_rate", "schedule", "data_bias", "max_epochs", "patience", "seed", "start_from")
    return alike, replace(train, batch_size=images, **{name: getattr(usual, name) for name in names})


@st.cache_data(
    show_spinner="Measuring how fast this server trains …", ttl=REMEMBERED, max_entries=200, hash_funcs=BY_VALUES
)
def _epoch_seconds(model: ModelConfig, train: TrainConfig) -> float:
    """Seconds of an epoch.

    Raises:
        ConfigError: if the recipe is invalid.
        DataError: if the images are not on this server.
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    if not is_here(train.dataset):
        raise DataError(f"{label_of(train.dataset)} is not on this server.")
    images = loaders.dataset(train.dataset)
    with computing():
        torch.set_num_threads(JOB_THREADS)  # of this thread
        return seconds_per_epoch(model, train, len(images.train), len(images.valid))
