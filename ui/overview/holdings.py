"""The table of checkpoints, with what was measured of each."""

from functools import partial

import pandas as pd
import streamlit as st

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.evaluate.figures import Measurement
from dlgmm_core.model.models import MODELS
from ui import loaders

__all__ = ["show_holdings"]

_STYLE = """<style>
.holdings { overflow-x: auto; border: 1px solid #80808055; border-radius: 8px; }
.holdings table { border-collapse: collapse; width: 100%; font-size: .85em; font-variant-numeric: tabular-nums; }
.holdings th, .holdings td { padding: 6px 8px; text-align: right; white-space: nowrap; border: 0; font-weight: 400; }
.holdings tbody tr { border-top: 1px solid #80808055; }
.holdings thead th { font-weight: 600; }
.holdings :is(th, td):is(:nth-child(-n + 3), :nth-child(6)) { text-align: left; }
</style>"""


def show_holdings() -> None:
    """Draws the table, as HTML: a grid that can be sorted takes a browser as long as all else of the first page."""
    table = _holdings().to_html(index=False, border=0)
    st.html(f'{_STYLE}<div class="holdings" role="region" tabindex="0" aria-label="Trained models">{table}</div>')


def _holdings() -> pd.DataFrame:
    """One line a checkpoint, by data set and model, with its main figures where they have been measured."""
    rows = []
    for checkpoint in loaders.checkpoints():
        config, recipe = checkpoint.model_config, checkpoint.train_config
        measured = (loaders.told(partial(loaders.measurements, checkpoint)) or {}).get(recipe.dataset, Measurement())
        nll, errors = measured.figures.nll, measured.figures.knn.get("mean")
        largest = max(nll, key=int, default="")
        rows.append(
            {
                "Model": MODELS[config.model].label,
                "Checkpoint": checkpoint.name,
                "Trained on": f"{DATASETS[recipe.dataset].label}, {recipe.binarization}",
                "Code size": config.code_dim,
                "Components": str(config.num_components) if MODELS[config.model].has_components else "–",
                "Bound": recipe.bound,
                "Best epoch": checkpoint.epoch,
                "NLL (nats)": f"{nll[largest].value:.2f} ± {nll[largest].ci95:.2f} (S={largest})" if largest else "–",
                "kNN error, k=5 (%)": f"{errors['5'].error:.2f}" if errors else "–",
            }
        )
    return pd.DataFrame(rows)
