"""The table of what this laboratory holds: every checkpoint, with what was measured on it."""

import pandas as pd

from dlgmm_core.data import DATASETS
from dlgmm_core.models import MODELS
from ui import loaders

__all__ = ["FIGURES", "holdings"]

FIGURES = ("Components", "NLL (nats)", "kNN error, k=5 (%)")  # columns that are figures in words


def holdings() -> pd.DataFrame:
    """One line a checkpoint, with its main figures where they have been measured."""
    rows = []
    for checkpoint in loaders.checkpoints():
        config, recipe = checkpoint.model_config, checkpoint.train_config
        figures = loaders.metrics(checkpoint).get(recipe.dataset, {})
        nll = figures.get("nll", {})
        largest = max(nll, key=int, default=None)
        rows.append(
            {
                "Model": MODELS[config.model].label,
                "Checkpoint": checkpoint.name,
                "Trained on": f"{DATASETS[recipe.dataset].label}, {recipe.binarization}",
                "Code size": config.code_dim,
                "Components": str(config.num_components) if MODELS[config.model].is_mixture else "–",
                "Bound": recipe.bound,
                "Epochs": checkpoint.epoch,
                "NLL (nats)": f"{nll[largest]['value']:.2f} ± {nll[largest]['ci95']:.2f} (S={largest})"
                if largest
                else "–",
                "kNN error, k=5 (%)": f"{figures['knn']['mean']['5']['error']:.2f}" if figures else "–",
            }
        )
    return pd.DataFrame(rows)
