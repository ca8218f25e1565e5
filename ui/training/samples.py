"""Samples of a run, drawn again after every epoch from the same noise; one row a component, where there are several."""

import html
from pathlib import Path

import streamlit as st

from dlgmm_core.analysis.generation import ancestral_samples, centres, component_samples
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.train.training import TrainingRun
from ui.images import fitting, tiled_picture
from ui.theme import component_colour, ink_on

__all__ = ["show_samples"]

_WIDE, _NARROW = (6, 2), (12, 1)  # samples in a row, and screen pixels a pixel of 28×28
_ROWS = 5  # of wide samples, beside the curves
_STYLE = """<style>
.run-samples { max-height: 330px; overflow-y: auto; }
.run-samples div { display: flex; align-items: center; gap: 6px; margin-bottom: 2px; }
.run-samples img { image-rendering: pixelated; min-width: 0; max-width: 100%; }
.run-samples .number { min-width: 1.6em; font-size: .875em; line-height: 1.4; }
.run-samples .number { text-align: center; border: 1px solid #808080; border-radius: 4px; }
.run-samples .share { min-width: 2.8em; line-height: 1.4; text-align: right; font-variant-numeric: tabular-nums; }
</style>"""


def show_samples(folder: Path, usage: tuple[float, ...]) -> None:
    """Samples of the newest weights or, once the run has ended, of the best; nothing before the first epoch.

    Args:
        folder: of the run.
        usage: (K,) mean weight of every component on validation images; empty without a mixture.
    """
    try:
        stamp = (folder / WEIGHTS).stat().st_mtime_ns
        rows, epoch, is_mixture = _samples(folder, stamp, (folder / TRAINING).exists())
    except (OSError, CheckpointError):
        return  # a file is being replaced, or is damaged, which the sidebar reports
    shares = usage if is_mixture and len(usage) == len(rows) else ()
    lines = [_line(k, row, epoch, is_mixture, shares) for k, row in enumerate(rows)]
    label = f'role="region" tabindex="0" aria-label="Samples with the weights of epoch {epoch}"'
    st.html(f'{_STYLE}<div class="run-samples" {label}>{"".join(lines)}</div>')
    of = "each component, with its mean weight on validation images," if shares else "the prior"
    st.caption(f"Samples of {of} with the weights of epoch {epoch}: the same noise in every epoch.")


def _line(k: int, row: str, epoch: int, is_mixture: bool, shares: tuple[float, ...]) -> str:
    number, share, alt = "", "", "Samples"
    if is_mixture:
        colour, alt = component_colour(k), f"Samples of component {k + 1}"
        number = f'<span class="number" style="background:{colour};color:{ink_on(colour)}">{k + 1}</span>'
        share = f'<span class="share">{100 * shares[k]:.0f} %</span>' if shares else ""
    return f'<div>{number}{share}<img src="{row}" alt="{html.escape(f"{alt}, epoch {epoch}")}"></div>'


@st.cache_data(show_spinner=False, max_entries=20)
def _samples(folder: Path, stamp: int, unfinished: bool) -> tuple[list[str], int, bool]:
    """Pictures of samples, their epoch, and whether each is of one component; drawn once an epoch."""
    if unfinished:
        run = TrainingRun.load(folder)
        model, epoch = run.model, run.history[-1].epoch
    else:
        model, checkpoint = load_checkpoint(folder)
        epoch = checkpoint.epoch
    config = model.config
    is_mixture = config.num_components > 1
    columns, zoom = _WIDE if config.num_components <= _ROWS else _NARROW
    if is_mixture:
        groups = component_samples(model, *centres(model), columns)
    else:
        groups = ancestral_samples(model, _ROWS * columns)[0].reshape(_ROWS, columns, -1)
    shape = config.image_shape
    rows = [tiled_picture(each, columns, fitting(zoom, shape), shape=shape) for each in groups]
    return rows, epoch, is_mixture
