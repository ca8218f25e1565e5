"""The answers about mixtures that are better than the paper's: what they gain in nats, and what a component holds.

Both ask for models beyond the paper's; the lesson leaves a step out where its model or its figures are not there.
"""

import numpy as np
import streamlit as st

from dlgmm_core.analysis.generation import prototypes
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.evaluate.clustering import IN_USE, contingency
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.rows import Row
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import Checkpoint
from ui import findings, loaders
from ui.components.live import trained_prior
from ui.groups import GROUPS, group, usual
from ui.lesson.outcomes import DATASET, Missing, Outcome, a_digit

__all__ = ["TUNED", "class_or_style", "has_clusters", "has_tuned_rows", "mixture_gain", "open_clusters"]

SIZE = "5000"  # S
COMPARED = ("gauss-vae", "dlgmm", "dldpmm")
TUNED = tuple(f"{DATASET}-{model}-tuned" for model in COMPARED)
MOST = 0.8  # of the images: from there on a component is of one digit, or has a digit as a whole
CLASS, STYLE, SEVERAL = "one whole digit", "a style of one digit", "several digits"
GMM_ON_CODES = "gmm-on-codes"


def _clusters() -> Checkpoint | None:
    """The mixture that finds clusters and is shown first."""
    shown = (c for c in usual(loaders.checkpoints()) if group(c) == GROUPS[0])
    return next((c for c in shown if c.train_config.dataset == DATASET), None)


def has_clusters() -> bool:
    """Whether there is a mixture that finds clusters."""
    return _clusters() is not None


def open_clusters() -> dict[str, object]:
    """Makes the page Components show this mixture."""
    checkpoint = _clusters()
    return {} if checkpoint is None else trained_prior(checkpoint)


def has_tuned_rows() -> bool:
    """Whether the figures of the tuned models are recorded."""
    try:
        return len(_tuned()) == len(COMPARED)
    except StorageError:  # a damaged file, which the page of results tells
        return False


def _tuned() -> list[Row]:
    """The first seed of each tuned model, in the order of `COMPARED`."""
    rows = {
        row.model: row
        for row in findings.results()
        if row.recipe == "tuned" and row.eval_dataset == row.dataset == DATASET and not row.seed
    }
    return [rows[name] for name in COMPARED if name in rows and SIZE in rows[name].figures.nll]


def mixture_gain() -> Outcome:
    """The nats by which the tuned DLDPMM is better than the tuned Gauss-VAE; and what its relatives find."""
    rows = _tuned()
    if len(rows) < len(COMPARED):
        raise Missing(
            f"The tuned models' likelihoods are not recorded: run `{loaders.command('reproduce', '--only', 'tuned')}`."
        )
    nats = [row.figures.nll[SIZE].value for row in rows]
    told = ", ".join(f"{formatting.label(row)} {value:.1f}" for row, value in zip(rows, nats, strict=True))
    return Outcome(nats[0] - nats[-1], f"−log p(x) in nats per image, S = {SIZE}: {told}.{_accuracies()}")


def _accuracies() -> str:
    """ACC of the mixture that finds clusters, and of a Gaussian mixture of a Gauss-VAE's codes; empty if unknown."""
    found, checkpoint = [], _clusters()
    if checkpoint is None:
        return ""
    for row in findings.results():
        clustering = row.figures.clustering
        is_baseline = (
            row.model == GMM_ON_CODES and not row.seed and row.num_components == checkpoint.model_config.num_components
        )
        if clustering is None or row.eval_dataset != DATASET or not (is_baseline or row.checkpoint == checkpoint.name):
            continue
        scores = clustering.weights or clustering.responsibilities
        found.append((f"{formatting.label(row)} (K = {row.num_components})", scores.acc))
    if not found:
        return ""
    found.sort(key=lambda each: each[1])
    told = ", ".join(f"{label} {acc:.0f} %" for label, acc in found)
    return (
        " A Gauss-VAE has no components. Test images whose class is that of their component, by the best assignment"
        f" (ACC): {told}."
    )


def class_or_style() -> Outcome:
    """What a component holds: the one whose most frequent digit other components share most."""
    checkpoint = _clusters()
    if checkpoint is None:
        how = loaders.command("reproduce", "--only", "clusters")
        raise Missing(f"There is no mixture that finds clusters: run `{how}`.")
    return _class_or_style(checkpoint)


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _class_or_style(checkpoint: Checkpoint) -> Outcome:
    dataset, model = loaders.dataset(DATASET), loaders.model(checkpoint)
    weights = expected_weights(model, dataset.test.binary)
    assert weights is not None  # it is a mixture
    counts = contingency(weights.argmax(1), dataset.test.known_labels, weights.shape[1], len(dataset.class_names))
    images, digit = counts.sum(1), counts.argmax(1)
    own = counts.max(1)
    of_digit = own / counts.sum(0)[digit]
    k = int(np.where(images >= IN_USE * images.sum(), of_digit, np.inf).argmin())
    of_component = own[k] / images[k]
    order = [c for c in (-counts[k]).argsort(kind="stable") if counts[k, c]][:3]
    histogram = ", ".join(
        f"{100 * counts[k, c] / images[k]:.0f} % show {a_digit(dataset.class_names[c])}" for c in order
    )
    return Outcome(
        SEVERAL if of_component < MOST else CLASS if of_digit[k] >= MOST else STYLE,
        f"It is component {k + 1}, with {images[k]:,} test images: {histogram}. It has {100 * of_digit[k]:.0f} % of all"
        f" images of {a_digit(dataset.class_names[digit[k]])}.",
        (CLASS, STYLE, SEVERAL),
        rf"{100 * of_component:.0f}\,\%,\; {100 * of_digit[k]:.0f}\,\%",
        prototypes(model)[k],
        qualified=f" (component {k + 1})",
    )
