"""The parts of the Train page: the form, and the view of a run that is under way."""

import math
import re
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.checkpoints import TRAINING, WEIGHTS, CheckpointError
from dlgmm_core.data import DATASETS
from dlgmm_core.generation import ancestral_samples
from dlgmm_core.models import MODELS
from dlgmm_core.objectives import BOUNDS
from dlgmm_core.training import TrainingRun, read_history
from ui.figures import history_figure
from ui.images import tile
from ui.jobs import Job, job_manager
from ui.loaders import CHECKPOINTS

__all__ = ["training_form", "watch_run"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def training_form() -> None:
    """Asks for a model and a recipe, and starts the run."""
    model = st.selectbox("Model", list(MODELS), index=2, format_func=lambda m: MODELS[m].label, key="train-model")
    family = MODELS[model]
    with st.form("train", border=False):
        name = st.text_input("Name of the checkpoint", f"my-{model}", help="Small letters, digits and hyphens.")
        bound = st.selectbox("Bound", list(BOUNDS), help="eq1 is the paper's; the others are tighter.")
        epochs = st.number_input("Epochs, at most", 1, 1000, 20)
        means = ""
        with st.expander("More"):
            dataset = st.selectbox("Data set", list(DATASETS), format_func=lambda d: DATASETS[d].label)
            binarization = st.selectbox("Binarization in training", ["fixed", "dynamic"])
            code_dim = st.number_input("Numbers in a code", 2, 200, 25)
            alpha = st.number_input("Concentration α of the weights", 0.01, 100.0, family.default_concentration)
            if family.is_mixture:
                zeros = " ".join(["0"] * family.default_components)
                means = st.text_input("Prior means, one a component", zeros, help="Their number decides K.")
            seed = st.number_input("Seed", 0, 10_000, 0)
        if not st.form_submit_button("Start training", type="primary"):
            return
    try:
        values = [float(m) for m in means.replace(",", " ").split()] if family.is_mixture else [0.0]
        if not all(map(math.isfinite, values)):
            raise ValueError(means)
    except ValueError:
        st.error(f"Prior means must be numbers with spaces between them, not “{means}”.")
        return
    if not _NAME.fullmatch(name):
        st.error("The name must be 1 to 40 small letters, digits and hyphens, and begin with a letter or a digit.")
    elif _is_taken(name):
        st.error(f"There is a checkpoint “{name}” already: choose another name.")
    elif not values:
        st.error("Give at least one prior mean.")
    else:
        recipe = {
            "--name": name,
            "--dataset": dataset,
            "--binarization": binarization,
            "--bound": bound,
            "--epochs": epochs,
            "--code-dim": code_dim,
            "--alpha": alpha,
            "--seed": seed,
        }
        arguments = [model, *(str(part) for option in recipe.items() for part in option)]
        # argparse knows -0.00001 for a number, and takes -1e-05 for an option
        plain = [np.format_float_positional(value, trim="-") for value in values]
        job_manager().start(name, "train", [*arguments, "--prior-means", *plain])
        st.session_state["train-watched"] = name


def _is_taken(name: str) -> bool:
    job = job_manager().get(name)
    files = [CHECKPOINTS / name / file for file in (WEIGHTS, TRAINING)]
    return any(file.exists() for file in files) or (job is not None and job.running)


@st.fragment(run_every=1.0)
def watch_run(job: Job) -> None:
    """Curves, samples and a cancel button of one run, renewed every second while it lasts."""
    folder = CHECKPOINTS / job.name
    try:
        history = read_history(folder)
    except CheckpointError as error:
        st.error(str(error))
        return
    if job.failed:
        st.error(f"{job.name} failed: {job.last_line}")
    elif job.running:
        st.caption(f"{job.name} is training. {job.last_line}")
        if st.button("Cancel", key=f"cancel-{job.name}", help="Keeps the best weights so far."):
            with st.spinner("Saving and leaving …"):
                job.stop()
            st.rerun()
    elif f"trained-{job.process.pid}" not in st.session_state:
        st.session_state[f"trained-{job.process.pid}"] = True
        st.rerun()  # the whole page: the sidebar has a new checkpoint
    elif history:
        st.success(f"{job.name} has ended; its best weights are among the checkpoints in the sidebar.")
    else:
        st.info(f"{job.name} was stopped before its first epoch was over: nothing was kept.")
    if not history:
        return
    st.plotly_chart(history_figure(history), key=f"history-{job.name}")
    _show_samples(folder)


@st.cache_data(show_spinner=False, max_entries=20)
def _samples(folder: Path, stamp: int) -> tuple[NDArray[np.uint8], int]:
    """Samples of the current weights and their epoch, drawn once a file: the page looks every second."""
    run = TrainingRun.load(folder)
    probabilities, _ = ancestral_samples(run.model, 20, seed=0)
    return tile(probabilities, columns=10, zoom=2), run.history[-1].epoch


def _show_samples(folder: Path) -> None:
    try:
        sheet, epoch = _samples(folder, (folder / TRAINING).stat().st_mtime_ns)
    except (FileNotFoundError, CheckpointError):
        return  # the run has ended, and keeps its best weights alone
    st.image(
        sheet,
        output_format="PNG",
        caption=f"Samples of the prior after epoch {epoch}: the same noise at every epoch.",
        alt=f"Twenty samples after epoch {epoch}",
    )
