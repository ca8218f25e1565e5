"""The card as which a checkpoint shows itself in a notebook: what was trained, and what `evaluate` measured."""

from collections.abc import Iterator
from typing import Any

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import label_of
from dlgmm_core.model.models import family_of
from dlgmm_core.runtime.html import table

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
        found = [row for dataset, test in tests.items() for row in _figures(label_of(dataset), test)]
    except (AttributeError, KeyError, TypeError, ValueError):
        return [("figures", "metrics.json is damaged: remove it, and run evaluate again.")]
    return found or [("figures", "none yet: evaluate measures them.")]


def _prior(config: ModelConfig) -> str:
    if config.prior_components != "fixed":
        return f"learnt, {config.prior_components} covariances, α = {config.concentration:g}"
    means = ", ".join(f"{mean:g}" for mean in config.prior_means)
    return f"means {means}, α = {config.concentration:g}"


def _figures(dataset: str, test: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values; those that were not measured are left out."""
    if "elbo" in test:
        yield f"ELBO on {dataset}, {test['elbo']['bound']}", f"{_interval(test['elbo'], 'value')} nats"
    for size, estimate in test.get("nll", {}).items():
        samples = f"S = {size}" if size.isdecimal() else size
        yield f"−log p(x) on {dataset}, {samples}", f"{_interval(estimate, 'value')} nats"
    for kind, errors in test.get("knn", {}).items():
        if NEIGHBOURS in errors:
            yield f"kNN error on {dataset}, {kind}, k = {NEIGHBOURS}", f"{_interval(errors[NEIGHBOURS], 'error')} %"


def _interval(figure: dict[str, Any], name: str) -> str:
    return f"{figure[name]:.2f} ± {figure['ci95']:.2f}"
