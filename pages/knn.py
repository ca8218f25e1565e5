"""kNN errors of the chosen models, computed while one looks."""

import pandas as pd
import streamlit as st

from dlgmm_core.evaluation import error_rate, vote
from dlgmm_core.metrics import KNN_SIZES
from dlgmm_core.models import MODELS
from ui import loaders
from ui.paper import paper_knn_errors
from ui.sidebar import selection

st.title("kNN")
st.write(
    "A test image takes the class that most of its k nearest training codes have; the share of mistakes says how well"
    " codes keep the classes apart. Take away training points, or change the code, and see which models suffer."
)
chosen = selection()
dataset = loaders.dataset(chosen.dataset)
left, middle, right = st.columns([1, 1, 2], gap="large")
representation = left.segmented_control(
    "Code",
    ["sample", "mean"],
    default="sample",
    required=True,
    key="knn-code",
    bind="query-params",
    persist_state="session",
    help="sample: one draw of the posterior, as in the paper. mean: the posterior's mean.",
)
metric = middle.segmented_control(
    "Distance",
    ["euclidean", "cosine"],
    default="euclidean",
    required=True,
    key="knn-metric",
    bind="query-params",
    persist_state="session",
)
most = len(dataset.train)
points = right.slider(
    "Training points", 1000, most, most, 1000, key="knn-points", bind="query-params", persist_state="session"
)

rows: list[dict[str, str]] = []
table = st.empty()
progress = st.progress(0.0)
for number, checkpoint in enumerate(chosen.checkpoints):
    progress.progress(number / len(chosen.checkpoints), f"Searching the neighbours of {checkpoint.name} …")
    nearest = loaders.neighbour_indices(
        checkpoint.folder, checkpoint.digest, chosen.dataset, representation, points, metric, max(KNN_SIZES)
    )
    paper = paper_knn_errors(checkpoint.model_config, chosen.dataset)
    row = {"Model": MODELS[checkpoint.model_config.model].label, "Checkpoint": checkpoint.name}
    for k in KNN_SIZES:
        error = error_rate(vote(dataset.train.labels[nearest], k), dataset.test.labels)
        row[f"k = {k}"] = f"{error.value:.2f} ± {error.ci95:.2f}"
        row[f"paper, k = {k}"] = f"{paper[k]:.2f}" if paper else "–"
    rows.append(row)
    columns = ["Model", "Checkpoint", *(f"k = {k}" for k in KNN_SIZES), *(f"paper, k = {k}" for k in KNN_SIZES)]
    table.dataframe(pd.DataFrame(rows)[columns], hide_index=True)
progress.empty()
st.caption(
    f"Errors in percent of {len(dataset.test):,} test images, ± the half width of a 95 % bootstrap interval over"
    f" images; {points:,} training codes; a tie goes to the nearest. The paper's codes were samples under Euclidean"
    " distance; its rows for Gauss-VAE and SB-VAE probably had other code sizes."
)
