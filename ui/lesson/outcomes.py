"""The answers to the lesson's questions: each is measured on the present models, data and recorded results."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import expected_weights, map_purity, pixel_entropy, reconstruction_loss
from dlgmm_core.evaluate.knn import vote
from dlgmm_core.evaluate.likelihood import mean_interval
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import EXPERIMENTS, FIGURE_2
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import ErrorRate, Figures
from ui import findings, loaders
from ui.components.live import REACH
from ui.digit.sources import last_digit
from ui.numbers import printed

__all__ = [
    "DATASET",
    "Missing",
    "Outcome",
    "a_digit",
    "clearest_component",
    "dragged_component",
    "first_break",
    "ink",
    "knn_winner",
    "purity",
    "samples_gain",
    "worst_digit",
]

DATASET, DLGMM, GAUSS_VAE = "mnist", "mnist-dlgmm", "mnist-gauss-vae"
PAPER = tuple(
    name for name, e in EXPERIMENTS.items() if (e.recipe, e.train.dataset, e.train.seed) == ("paper", DATASET, 0)
)
IMAGES = 2000  # test images that are reconstructed
DRAWS = 200  # digits of every component
VOTERS, K = 10_000, 5  # training images that classify a drawn digit by their vote, and how many of the nearest vote


class Missing(Exception):  # noqa: N818 - nothing went wrong
    """Why a question cannot be answered here, in a sentence that says what to do."""


@dataclass(frozen=True)
class Outcome:
    """The answer to a question.

    Attributes:
        value: the right one of the choices, or the number.
        because: the measurements behind it.
        choices: what may be guessed; none where a number is.
        figure: what the equation comes to, in LaTeX, where that is not the value.
        picture: (784,) ink of the image that it is about, where the visitor has to see it first.
        qualified: what must be said after the value.
    """

    value: str | float
    because: str
    choices: tuple[str, ...] = ()
    figure: str = ""
    picture: NDArray[np.uint8] | NDArray[np.float32] | None = None
    qualified: str = ""


def a_digit(name: str) -> str:
    """A digit in running text, with its article."""
    return f"{'an' if name == '8' else 'a'} {name}"


def ink() -> Outcome | None:
    """Pixels of ink in the visitor's digit; None while there is no digit."""
    digit = last_digit(DATASET)
    if digit is None:
        return None
    ones, usual = int(digit.binary.sum()), loaders.dataset(DATASET).test.binary.sum(1)
    return Outcome(
        ones,
        f"{ones} ones and {digit.binary.size - ones} zeros, which is all that the model sees. A test digit has"
        f" {usual.mean():.0f} ones on average, and {100 * (usual < ones).mean():.0f} % of them have fewer than yours.",
    )


def worst_digit() -> Outcome:
    """The class that the DLGMM reconstructs with the greatest loss."""
    checkpoint = _checkpoint(DLGMM)
    return _worst_digit(checkpoint)


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _worst_digit(checkpoint: Checkpoint) -> Outcome:
    dataset = loaders.dataset(DATASET)
    images, labels, names = dataset.test.binary[:IMAGES], dataset.test.known_labels[:IMAGES], dataset.class_names
    every_loss = reconstruction_loss(loaders.model(checkpoint), images)
    losses = np.array([every_loss[labels == c].mean() for c in range(len(names))])
    inks = np.array([images[labels == c].sum(1).mean() for c in range(len(names))])
    return Outcome(
        names[losses.argmax()],
        f"Over the first {IMAGES:,} test images, the largest mean loss is that of {a_digit(names[losses.argmax()])},"
        f" {losses.max():.1f} nats, and the smallest that of {a_digit(names[losses.argmin()])}, {losses.min():.1f}"
        f" nats. Images of {a_digit(names[inks.argmax()])} have the most ink, {inks.max():.0f} pixels.",
        names,
    )


def first_break() -> Outcome:
    """The mean first fraction of the visitor's digit, or of the first test image, compared with the prior's."""
    digit, checkpoint = last_digit(DATASET), _checkpoint(FIGURE_2)
    image = loaders.dataset(DATASET).test.binary[0] if digit is None else digit.binary
    model = loaders.model(checkpoint)
    prior, weights = float(model.prior().log_mean_weights[0].exp()), expected_weights(model, image[None])
    assert weights is not None  # it is a mixture
    mean = float(weights[0, 0])
    return Outcome(
        "larger" if mean > prior else "smaller",
        f"The posterior mean is {mean:.3f}, the prior mean 1/{checkpoint.model_config.num_components}: component 1 gets"
        f" {mean / prior:.2f} times an equal share.",
        ("larger", "smaller"),
        f"{mean:.3f}",
        image,
    )


def clearest_component() -> Outcome:
    """The prior mean of the component whose digits have the lowest mean pixel entropy."""
    checkpoint = _checkpoint(FIGURE_2)
    return _clearest_component(checkpoint)


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _clearest_component(checkpoint: Checkpoint) -> Outcome:
    config = checkpoint.model_config
    model = loaders.model(checkpoint)
    entropies = pixel_entropy(component_samples(model, config.prior_means, config.prior_scales, DRAWS)).mean(1)
    choices = tuple(printed(mean) for mean in config.prior_means)
    return Outcome(
        choices[entropies.argmin()],
        f"The mean entropy of {DRAWS} digits of each component, in the order of the choices:"
        f" {', '.join(f'{d:.0f}' for d in entropies)} nats. Where components overlap, a code may stand for several"
        " digits, and the decoder is less certain.",
        choices,
    )


def dragged_component() -> Outcome:
    """Whether the middle component's digits become clearer when its mean is moved to the slider's end."""
    checkpoint = _checkpoint(FIGURE_2)
    return _dragged_component(checkpoint)


@st.cache_data(show_spinner=False, hash_funcs=loaders.BY_WEIGHTS)
def _dragged_component(checkpoint: Checkpoint) -> Outcome:
    config, dataset = checkpoint.model_config, loaders.dataset(DATASET)
    model, middle = loaders.model(checkpoint), config.num_components // 2
    start = config.prior_means[middle]
    pictures = np.stack(
        [
            component_samples(model, (mean,) * config.num_components, config.prior_scales, DRAWS)[middle]
            for mean in (start, REACH)
        ]
    )
    before, after = pixel_entropy(pictures).mean(1)
    nearest = neighbours(
        dataset.train[:VOTERS].binary.astype(np.float32), (pictures > 0.5).reshape(2 * DRAWS, -1).astype(np.float32), K
    )
    near, far = (np.bincount(votes) for votes in vote(dataset.train.known_labels[nearest], K).reshape(2, DRAWS))
    return Outcome(
        "clearer" if after < before else "blurrier",
        f"The mean entropy of a digit changes from {before:.0f} to {after:.0f} nats: a decoder can be certain where"
        f" it was never trained. Certain pictures need not be varied: of {DRAWS} digits drawn at {printed(start)},"
        f" the most frequent is {a_digit(dataset.class_names[near.argmax()])}, {near.max()} times; at {printed(REACH)}"
        f" it is {a_digit(dataset.class_names[far.argmax()])}, {far.max()} times (by the {K} nearest training images).",
        ("clearer", "blurrier"),
        rf"{before:.0f} \to {after:.0f} \text{{ nats}}",
    )


def purity() -> Outcome:
    """Percentage of an image's nearest neighbours on the DLGMM's map that have its class; also for the other maps."""
    labels, found = loaders.dataset(DATASET).test.known_labels, {}
    for name in PAPER:
        checkpoint = loaders.named(name)
        stored = None if checkpoint is None else findings.tsne_map(checkpoint)
        if checkpoint is not None and stored is not None:
            found[name] = (MODELS[checkpoint.model_config.model].label, mean_interval(_purity(stored[0], labels)))
    if DLGMM not in found:
        raise Missing(f"There is no map of {DLGMM}: run `{loaders.command('map', DLGMM)}`.")
    chance = float(np.square(np.bincount(labels) / len(labels)).sum())
    shares = [f"{label} {100 * share.value:.1f} ± {100 * share.ci95:.1f}" for label, share in found.values()]
    return Outcome(
        100 * found[DLGMM][1].value,
        f"All maps, in percent: {', '.join(shares)}. If images were placed at random: {100 * chance:.0f} %.",
    )


@st.cache_data(show_spinner=False)
def _purity(coordinates: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    return map_purity(coordinates, labels)


def knn_winner() -> Outcome:
    """The model with the lowest recorded kNN error at k = 5, with the paper's recipe and one draw per code."""
    rows = [
        row
        for row in findings.results()
        if row.eval_dataset == DATASET and row.recipe == "paper" and not row.seed and "sample" in row.figures.knn
    ]
    if len(rows) < 2:
        raise Missing(f"The kNN errors are not recorded: run `{loaders.command('reproduce', '--only', 'paper')}`.")
    ranked = sorted(rows, key=lambda row: _error(row).error)
    first, second = ranked[:2]
    close = _error(second).error - _error(first).error < _error(first).ci95
    papers = {formatting.label(row): formatting.papers_knn_errors(row)[K] for row in rows}
    printed = [f"{label} {error}" for label, error in papers.items() if error != formatting.NONE]
    measured = [f"{formatting.label(row)} {formatting.knn_error(row, 'sample', K)}" for row in ranked]
    return Outcome(
        formatting.label(first),
        f"Errors in percent: {', '.join(measured)}. The paper reports {', '.join(printed)}.",
        tuple(formatting.label(row) for row in rows),
        qualified=f", but {formatting.label(second)} is too close to tell" if close else "",
    )


def _error(row: Row) -> ErrorRate:
    return row.figures.knn["sample"][str(K)]


def samples_gain() -> Outcome:
    """The nats by which log p(x) from 5000 importance samples exceeds the recorded ELBO of the DLGMM."""
    own = (r for r in findings.results() if r.checkpoint == DLGMM and r.eval_dataset == DATASET)
    figures = next((r.figures for r in own), Figures())
    if figures.elbo is None or not {"50", "5000"} <= set(figures.nll):
        raise Missing(
            f"The likelihood of {DLGMM} is not recorded: run `{loaders.command('reproduce', '--only', DLGMM)}`."
        )
    elbo, few, many = figures.elbo.value, -figures.nll["50"].value, -figures.nll["5000"].value
    return Outcome(
        many - elbo,
        f"Nats per image: ELBO ({figures.elbo.bound}) {printed(elbo, '.2f')}, S = 50 {printed(few, '.2f')},"
        f" S = 5000 {printed(many, '.2f')}. The first 50 samples gain {few - elbo:.1f} of the {many - elbo:.1f} nats;"
        " how much is still missing at S = 5000 is not known.",
    )


def _checkpoint(name: str) -> Checkpoint:
    found = loaders.named(name)
    if found is None:
        raise Missing(f"There is no checkpoint {name}: train it by `{loaders.command('reproduce', '--only', name)}`.")
    return found
