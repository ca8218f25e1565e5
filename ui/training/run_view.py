"""The view of one training run: its state, its owner's buttons, its curves and its samples."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from dlgmm_core.config import TrainConfig
from dlgmm_core.experiments.paper import paper_bound
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.store.checkpoints import HISTORY, WEIGHTS, read_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import EpochMetrics, read_history
from dlgmm_core.train.training import USAGE_IMAGES
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure
from ui.figures import history_figure, usage_figure
from ui.jobs.measuring import renewed
from ui.literal import sentence
from ui.training.fields import learning_rate_field
from ui.training.progress import Part, Plan, fitted_share, parts_of, progress_words, share_done, starting_bound
from ui.training.runs import Run, RunError, cancel_run, keep_run, pause_run, resume_run
from ui.training.samples import show_samples

__all__ = ["watch_run"]


def watch_run(run: Run, at_end: Callable[[list[EpochMetrics]], None]) -> None:
    """Everything about a run, updated every second while it is running.

    Args:
        run: to be watched.
        at_end: shows what can be done with a run that has ended, given its epochs.
    """

    def is_running() -> bool:
        return run.state == "running"

    try:
        history = read_history(run.folder)
    except CheckpointError as error:
        st.error(sentence(error))
        return
    had_epochs = bool(history)
    renewed(is_running, lambda: _show_state(run, had_epochs))
    if run.state == "ended":
        at_end(history)
    with figure("run"):
        curves, pictures = st.columns([3, 2])
        with curves:
            renewed(is_running, lambda: _show_bounds(run))
        with pictures:
            renewed(is_running, lambda: _show_samples(run))
        if had_epochs and history[-1].usage:
            renewed(is_running, lambda: _show_usage(run))
    if had_epochs:
        _export(run.folder)  # separately: a popover cannot stay open in what is updated every second


def _epochs(run: Run) -> list[EpochMetrics]:
    try:
        return read_history(run.folder)
    except CheckpointError:
        return []


def _parts(run: Run) -> list[Part]:
    """The progress of the process that trains it now."""
    return parts_of(run.job.text) if run.state == "running" and run.job is not None else []


def _show_state(run: Run, had_epochs: bool) -> None:
    history = _epochs(run)
    if history and not had_epochs:
        st.rerun()  # the first epoch is over: there is more to show
    _tell(run, history)
    if run.state != "ended":
        _offer(run, history)


def _tell(run: Run, history: list[EpochMetrics]) -> None:
    """The run's state, in a sentence."""
    last_line = "" if run.job is None else run.job.last_line
    if run.state == "running":
        usual = TrainConfig()
        plan, parts = Plan.of(run.arguments, usual.max_epochs, usual.patience), _parts(run)
        part = parts[-1] if parts else None
        if history or part:
            words, share = progress_words(history, plan, part), share_done(len(history), plan, part)
        else:
            words, share = (
                sentence(last_line) or "it is loading the images",
                fitted_share(run.job.text if run.job else ""),
            )
        st.progress(share, f"{run.name} is training: {words}")
    elif run.state == "failed":
        st.error(f"{run.name} failed: {sentence(last_line)}")
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
        with st.popover("Cancel", help="Ends the run and deletes it.", key=f"ask-cancel-{run.name}"):
            st.write(f"Delete {run.name} and its best weights? This cannot be undone.")
            if st.button("Delete the run", key=f"cancel-{run.name}", type="primary"):
                _do(cancel_run, run, "Stopping …")


def _do(action: Callable[[Run], None], run: Run, words: str) -> None:
    try:
        with st.spinner(words):
            action(run)
    except (RunError, StorageError) as error:
        st.error(sentence(error))
    else:
        st.rerun()


def _show_bounds(run: Run) -> None:
    history = _epochs(run)
    parts = [(part.epoch - 1 + part.share, part.bound) for part in _parts(run) if part.bound is not None]
    start = starting_bound(run.job.text) if run.job is not None and not history else None
    if start is not None:
        parts = [(0.0, start), *parts]
    if not history and not parts:
        return
    level, label = _paper_level(run.folder)
    alt = "Bounds in training and validation, epoch by epoch"
    st.plotly_chart(history_figure(history, level, parts), key=f"figure-{run.name}-bounds", alt=alt)
    if start is not None:
        st.caption(
            "The first point is the bound of the model from which the run starts. The run's components are fitted"
            " to that model's codes several times, and the best fit is taken; then the first epoch begins."
        )
    if level is not None:
        st.caption(
            f"Dashed: the best validation bound of the authors' own {label}, from the training log that they published"
            " with their code; it is the model whose −log p(x) the paper reports."
        )


def _show_samples(run: Run) -> None:
    history = _epochs(run)
    show_samples(run.folder, history[-1].usage if history else (), is_running=run.state == "running")


def _show_usage(run: Run) -> None:
    alt = "Mean weight of every component, epoch by epoch"
    st.plotly_chart(usage_figure(_epochs(run)), key=f"figure-{run.name}-usage", alt=alt)
    st.caption(
        "Bands: the mean weight of each component, E[π|x] averaged over validation images (the first"
        f" {USAGE_IMAGES:,}, where there are more) after every epoch, component 1 at the bottom."
    )


def _export(folder: Path) -> None:
    about = About("bounds in training, nats per image", settings={"run": folder.name})
    export("run", about, partial(recipes.run, folder.name), lambda: pd.read_csv(folder / HISTORY))


def _paper_level(folder: Path) -> tuple[float | None, str]:
    """What the authors' run of this architecture reached, and its name; nothing before the first epoch."""
    try:
        return _level_of(folder, (folder / WEIGHTS).stat().st_mtime_ns)
    except (OSError, CheckpointError):
        return None, ""


@st.cache_data(show_spinner=False, max_entries=20)
def _level_of(folder: Path, stamp: int) -> tuple[float | None, str]:
    checkpoint = read_checkpoint(folder)
    return paper_bound(checkpoint.model_config, checkpoint.train_config), MODELS[checkpoint.model_config.model].label
