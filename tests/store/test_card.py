"""A checkpoint shows itself in a notebook: what it is, what was measured, and what is wrong with the figures."""

from pathlib import Path
from typing import Any

import pytest

from dlgmm_core.config import ModelConfig
from dlgmm_core.store.checkpoints import METRICS, read_checkpoint, save_metrics
from tests.checkpoint_helpers import save

FIGURES = {
    "mnist": {
        "elbo": {"bound": "eq1", "value": -12.345, "ci95": 0.25},
        "nll": {"50": {"value": 11.5, "ci95": 0.5}, "exact": {"value": 11.25, "ci95": 0.5}},
        "knn": {"sample": {"5": {"error": 4.2, "ci95": 0.4}, "10": {"error": 9.9, "ci95": 0.4}}},
    }
}


def test_the_card_says_what_was_trained_on_what(config: ModelConfig, tmp_path: Path) -> None:
    save(tmp_path / "it", config)
    checkpoint = read_checkpoint(tmp_path / "it")
    card = checkpoint._repr_html_()
    assert all(
        word in card for word in ("<b>it</b>", "MNIST", "mixture", checkpoint.digest, "of epoch 7", "-1.25 nats")
    )
    assert "none yet: evaluate measures them." in card


def test_the_card_has_the_figures_of_exactly_these_weights(tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    save_metrics(checkpoint, {"test": FIGURES})
    card = checkpoint._repr_html_()
    for name, value in {
        "ELBO on MNIST, eq1": "-12.35 ± 0.25 nats",
        "−log p(x) on MNIST, S = 50": "11.50 ± 0.50 nats",
        "−log p(x) on MNIST, exact": "11.25 ± 0.50 nats",
        "kNN error on MNIST, sample, k = 5": "4.20 ± 0.40 %",
    }.items():
        assert f">{name}</th>" in card and f">{value}</td>" in card
    assert "9.90" not in card
    save(tmp_path)  # other weights
    assert "none yet" in read_checkpoint(tmp_path)._repr_html_()


@pytest.mark.parametrize(
    "damage", [{"nll": 3}, {"nll": {"50": {}}}, {"elbo": {"bound": "eq1", "value": "x", "ci95": 1}}, {"weights": 3}]
)
def test_damaged_figures_are_a_sentence_on_the_card(damage: dict[str, Any], tmp_path: Path) -> None:
    save(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    save_metrics(checkpoint, {"test": {"mnist": damage}})
    assert "metrics.json is damaged: remove it, and run evaluate again." in checkpoint._repr_html_()
    (tmp_path / METRICS).write_text("{", encoding="utf-8")
    assert "remove it, and run evaluate again." in checkpoint._repr_html_()
