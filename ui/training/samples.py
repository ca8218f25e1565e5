"""Samples of a run, drawn again and again from the same noise; one row a component, where they differ."""

import html
from pathlib import Path

import streamlit as st

from dlgmm_core.analysis.generation import ancestral_samples, centres, component_samples
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.checkpoints import PREVIEW, TRAINING, WEIGHTS, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.train.preview import read_preview
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


def show_samples(folder: Path, usage: tuple[float, ...], *, is_running: bool) -> None:
    """Samples of the newest weights, also within an epoch, or, once the run has ended, of the best.

    Args:
        folder: of the run.
        usage: (K,) mean weight of every component on validation images; empty without a mixture, and at first.
        is_running: whether the run is being trained now.
    """
    try:
        source = _newest(folder, is_running)
        if source is None:
            if is_running:
                st.caption("Samples of the model appear here in its first seconds.")
            return
        rows, after, is_mixture = _samples(folder, source, (folder / source).stat().st_mtime_ns)
    except (OSError, CheckpointError):
        return  # a file is being replaced, or is damaged, which the sidebar reports
    shares = usage if is_mixture and len(usage) == len(rows) else ()
    lines = [_line(k, row, after, is_mixture, shares) for k, row in enumerate(rows)]
    label = f'role="region" tabindex="0" aria-label="Samples after {after}"'
    st.html(f'{_STYLE}<div class="run-samples" {label}>{"".join(lines)}</div>')
    of = "each component, with its mean weight on validation images," if shares else "the prior"
    st.caption(f"Samples of {of} after {after}: always of the same noise.")


def _newest(folder: Path, is_running: bool) -> str | None:
    """The file with the weights that are shown."""
    names = (PREVIEW, TRAINING) if is_running else (TRAINING,)
    found = [name for name in names if (folder / name).exists()]
    newest = max(found, key=lambda name: (folder / name).stat().st_mtime_ns, default=WEIGHTS)
    return newest if (folder / newest).exists() else None


def _line(k: int, row: str, after: str, is_mixture: bool, shares: tuple[float, ...]) -> str:
    number, share, alt = "", "", "Samples"
    if is_mixture:
        colour, alt = component_colour(k), f"Samples of component {k + 1}"
        number = f'<span class="number" style="background:{colour};color:{ink_on(colour)}">{k + 1}</span>'
        share = f'<span class="share">{100 * shares[k]:.0f} %</span>' if shares else ""
    return f'<div>{number}{share}<img src="{row}" alt="{html.escape(f"{alt} after {after}")}"></div>'


@st.cache_data(show_spinner=False, max_entries=20)
def _samples(folder: Path, source: str, stamp: int) -> tuple[list[str], str, bool]:
    """Pictures of samples, their epoch in words, and whether each is of one component; drawn once for a `stamp`."""
    model, after = _weights(folder, source)
    config = model.config
    is_mixture = config.num_components > 1 and not config.has_identical_components
    columns, zoom = _WIDE if config.num_components <= _ROWS else _NARROW
    if is_mixture:
        groups = component_samples(model, *centres(model), columns)
    else:
        groups = ancestral_samples(model, _ROWS * columns)[0].reshape(_ROWS, columns, -1)
    shape = config.image_shape
    rows = [tiled_picture(each, columns, fitting(zoom, shape), shape=shape) for each in groups]
    return rows, after, is_mixture


def _weights(folder: Path, source: str) -> tuple[LatentVariableModel, str]:
    """The model with the weights of one of the run's files, and after how many epochs they are.

    Raises:
        CheckpointError: if it is damaged, or no longer there.
    """
    if source == TRAINING:
        run = TrainingRun.load(folder)
        return run.model, f"epoch {run.history[-1].epoch}"
    if source == WEIGHTS:
        model, checkpoint = load_checkpoint(folder)
        return model, f"epoch {checkpoint.epoch}"
    if (preview := read_preview(folder)) is None:
        raise CheckpointError(f"{folder / source} is no longer there.")
    return preview[0], f"{preview[1]:.1f} epochs"
