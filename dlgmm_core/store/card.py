"""The card that a notebook shows for a checkpoint: what was trained, and what `evaluate` measured."""

from collections.abc import Iterator
from typing import Any

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import label_of
from dlgmm_core.model.models import family_of
from dlgmm_core.runtime.html import table
from dlgmm_core.runtime.records import from_json
from dlgmm_core.store.figures import Figures, Measurement

__all__ = ["model_card"]

NEIGHBOURS = "5"  # of which the kNN error is on the card


def model_card(
    name: str, config: ModelConfig, training: TrainConfig, weights: dict[str, str], tests: dict[str, Any] | str
) -> str:
    """HTML.

    Args:
        name: of the checkpoint.
        config: what was trained.
        training: how.
        weights: what is known of the weights, by name.
        tests: the figures in `metrics.json` by test set; or why they cannot be read.
    """
    family = family_of(config)
    rows = [
        ("model", f"{family.label}: {family.sentence}"),
        ("trained on", f"{label_of(training.dataset)}, by the bound {training.bound}"),
        ("code size", " + ".join(map(str, config.code_dims))),
    ]
    if family.has_components:
        rows += [
            ("components", " + ".join(map(str, config.components))),
            ("prior", _prior(config)),
        ]
    rows += weights.items()
    return table(name, (), [*rows, *_measured(tests)])


def _measured(tests: dict[str, Any] | str) -> list[tuple[str, str]]:
    if isinstance(tests, str):
        return [("figures", tests)]
    try:
        read = {dataset: from_json(Measurement, test).figures for dataset, test in tests.items()}
    except ValueError:
        return [("figures", "metrics.json is damaged: remove it, and run evaluate again.")]
    found = [row for dataset, figures in read.items() for row in _rows(label_of(dataset), figures)]
    return found or [("figures", "none yet: evaluate measures them.")]


def _prior(config: ModelConfig) -> str:
    if config.prior_components != "fixed":
        return f"learnt, {config.prior_components} covariances, α = {config.concentration:g}"
    means = ", ".join(f"{mean:g}" for mean in config.prior_means)
    return f"means {means}, α = {config.concentration:g}"


def _rows(dataset: str, figures: Figures) -> Iterator[tuple[str, str]]:
    """Names and values; those that were not measured are left out."""
    if (elbo := figures.elbo) is not None:
        yield f"ELBO on {dataset}, {elbo.bound}", f"{elbo.value:.2f} ± {elbo.ci95:.2f} nats"
    for size, nll in figures.nll.items():
        samples = f"S = {size}" if size.isdecimal() else size
        yield f"−log p(x) on {dataset}, {samples}", f"{nll.value:.2f} ± {nll.ci95:.2f} nats"
    for kind, errors in figures.knn.items():
        if (rate := errors.get(NEIGHBOURS)) is not None:
            yield f"kNN error on {dataset}, {kind}, k = {NEIGHBOURS}", f"{rate.error:.2f} ± {rate.ci95:.2f} %"
