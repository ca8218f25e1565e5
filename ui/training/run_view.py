"""The view of one training run: its state, its owner's buttons, its curves and its samples."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from dlgmm_core.analysis.generation import ancestral_samples
from dlgmm_core.experiments.paper import paper_bound
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import HISTORY, TRAINING, WEIGHTS, load_checkpoint, read_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import EpochMetrics, read_history
from dlgmm_core.train.training import USAGE_IMAGES, TrainingRun
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.figures import history_figure, usage_figure
from ui.images import tiled_picture
from ui.jobs.measuring import renewed
from ui.training.ended_runs import offer_ended
from ui.training.form import learning_rate_field
from ui.training.runs import Run, RunError, cancel_run, keep_run, pause_run, resume_run

__all__ = ["watch_run"]


def watch_run(run: Run) -> None:
    """Everything about a run, updated every second while it is running."""
    try:
        has_epochs = bool(read_history(run.folder))
    except CheckpointError:
        has_epochs = False

    def is_running() -> bool:
        return run.state == "running"

    renewed(is_running, lambda: _show(run, has_epochs))
    if has_epochs:
        _export(run.folder)  # separately: a popover cannot stay open in what is updated every second
        renewed(is_running, lambda: _show_samples(run.folder))


def _show(run: Run, had_epochs: bool) -> None:
    try:
        history = read_history(run.folder)
    except CheckpointError as error:
        st.error(str(error))
        return
    if history and not had_epochs:
        st.rerun()  # the first epoch is over: there is more to show
    _tell(run, history)
    if run.state == "ended":
        offer_ended(run)
    else:
        _offer(run, history)
    if history:
        _show_curves(run.folder, history)


def _tell(run: Run, history: list[EpochMetrics]) -> None:
    """The run's state, in a sentence."""
    last_line = "" if run.job is None else run.job.last_line
    if run.state == "running":
        percent = re.search(r"(\d+)%", last_line)
        st.progress(int(percent[1]) / 100 if percent else 0.0, f"{run.name} is training: epoch {len(history) + 1}")
    elif run.state == "failed":
        st.error(f"{run.name} failed: {last_line}")
    elif run.state == "ended":
        st.success(f"{run.name} has ended; its best weights are among the checkpoints in the sidebar.")
    elif history:
        st.info(f"{run.name} is paused after epoch {len(history)}.")
    else:
        st.info(f"{run.name} was stopped before the end of its first epoch: resuming starts it again.")


def _offer(run: Run, history: list[EpochMetrics]) -> None:
    """The owner's three buttons and, for resuming, the learning rate."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.state == "running":
            if st.button(
                "Pause",
                key=f"pause-{run.name}",
                help="Stops now. Resuming repeats the current epoch, and gives the same numbers as without a pause.",
            ):
                _do(pause_run, run, "Saving …")
        else:
            rate = learning_rate_field(
                "Learning rate from here on", run.learning_rate, key=f"rate-{run.name}", width=220
            )
            if st.button("Resume", key=f"resume-{run.name}", type="primary", help="Continues after its last epoch."):
                _do(partial(resume_run, learning_rate=rate), run, "Starting …")
        if st.button(
            "Keep",
            key=f"keep-{run.name}",
            disabled=not history,
            help="Ends the run, which can be renamed and published from then on. The best weights so far become a"
            " checkpoint of yours.",
        ):
            _do(keep_run, run, "Saving …")
        with st.popover("Cancel", help="Ends the run and deletes it."):
            st.write(f"Delete {run.name} and its best weights? This cannot be undone.")
            if st.button("Delete the run", key=f"cancel-{run.name}", type="primary"):
                _do(cancel_run, run, "Stopping …")


def _do(action: Callable[[Run], None], run: Run, words: str) -> None:
    try:
        with st.spinner(words):
            action(run)
    except (RunError, StorageError) as error:
        st.error(str(error))
    else:
        st.rerun()


def _show_curves(folder: Path, history: list[EpochMetrics]) -> None:
    try:
        level, label = _paper_level(folder, (folder / WEIGHTS).stat().st_mtime_ns)
    except (OSError, CheckpointError):
        level, label = None, ""
    charts = {"Bounds in training and validation, epoch by epoch": history_figure(history, level)}
    words = []
    if level is not None:
        words.append(
            f"Dashed: the best validation bound of the authors' own {label}, from the training log that they published"
            " with their code; it is the model whose −log p(x) the paper reports."
        )
    if history[-1].usage:
        charts["Mean weight of every component, epoch by epoch"] = usage_figure(history)
        words.append(
            f"Bands: the mean weight of each component, E[π|x] averaged over {USAGE_IMAGES:,} validation"
            " images after every epoch, component 1 at the bottom."
        )
    with figure("run"):
        for column, (alt, chart) in zip(st.columns(len(charts)), charts.items(), strict=True):
            column.plotly_chart(chart, key=f"figure-{folder.name}-{alt}", alt=alt)
    st.caption(" ".join(words))


def _export(folder: Path) -> None:
    about = About("bounds in training, nats per image", settings={"run": folder.name})
    export("run", about, partial(recipes.run, folder.name), lambda: pd.read_csv(folder / HISTORY))


@st.cache_data(show_spinner=False, max_entries=20)
def _paper_level(folder: Path, stamp: int) -> tuple[float | None, str]:
    """What the authors' run of this architecture reached, and its name."""
    checkpoint = read_checkpoint(folder)
    return paper_bound(checkpoint.model_config, checkpoint.train_config), MODELS[checkpoint.model_config.model].label


def _show_samples(folder: Path) -> None:
    try:
        stamp = (folder / WEIGHTS).stat().st_mtime_ns
        sheet, epoch = _samples(folder, stamp, (folder / TRAINING).exists())
    except (OSError, CheckpointError):
        return  # a file is being replaced, or is damaged, which the sidebar reports
    st.image(
        sheet,
        caption=f"Samples of the prior with the weights of epoch {epoch}: the same noise at every epoch.",
        alt=f"Twenty samples with the weights of epoch {epoch}",
    )


@st.cache_data(show_spinner=False, max_entries=20)
def _samples(folder: Path, stamp: int, unfinished: bool) -> tuple[str, int]:
    """Samples of the newest weights or, once a run has ended, of the best, and their epoch; drawn once an epoch."""
    if unfinished:
        run = TrainingRun.load(folder)
        model, epoch = run.model, run.history[-1].epoch
    else:
        model, checkpoint = load_checkpoint(folder)
        epoch = checkpoint.epoch
    probabilities, _ = ancestral_samples(model, 20, seed=0)
    return tiled_picture(probabilities, columns=10, zoom=2, shape=model.config.image_shape), epoch
