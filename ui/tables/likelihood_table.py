"""−log p(x) of the chosen models on a test set, as a figure and a table, and the ones that have not been measured."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache, partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dlgmm_core.data.datasets import label_of
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.paper import paper_nll
from dlgmm_core.store.checkpoints import METRICS, Checkpoint
from ui import findings, loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure
from ui.figures import nll_figure
from ui.glossary.terms import meaning
from ui.jobs.measuring import measure_button
from ui.numbers import right, wait_words
from ui.presentation import end_of_picture, filling, is_presented

__all__ = ["EXPLAINED", "offer_measuring", "show_likelihoods"]

_OF_THE_PAPER = (
    "Crosses, and the column Paper: what the paper reports for this architecture by its own recipe. The models here"
    " may be trained by another."
)
EXPLAINED = {"D": meaning("D"), "−ELBO": meaning("ELBO"), "Effective samples": meaning("effective samples")}


def show_likelihoods(checkpoints: Sequence[Checkpoint], dataset: str) -> list[Checkpoint]:
    """The figure and the table of all that has been measured on a test set; returns the checkpoints that have not.

    Those whose measurements cannot be read are in neither, and the page says why.
    """
    known = {c: loaders.told(partial(findings.measurements, c)) for c in checkpoints}
    measured = [c for c, found in known.items() if found is not None and dataset in found]
    if measured:
        stamps = tuple(loaders.changed(checkpoint.folder / METRICS) for checkpoint in measured)
        rows, chart, table = _summary(tuple(measured), stamps, dataset, is_presented())
        with figure("nll"), filling("nll-filling", chart.layout.height):
            words = "−log p(x) of every checkpoint, as in the table below"
            st.plotly_chart(chart, key="nll", alt=words, height="stretch" if is_presented() else "content")
        end_of_picture()
        explained = EXPLAINED | {name: meaning("−log p(x)", "S") for name in table.columns if name.startswith("S = ")}
        st.dataframe(table, hide_index=True, column_config=right(table.columns.difference(["Checkpoint"]), explained))
        if rows["paper"].notna().any():
            st.caption(_OF_THE_PAPER)
        seeds = ", ".join(map(str, rows.drop_duplicates("name")["seed"]))
        about = About("−log p(x), nats per image", measured, dataset, seeds)
        export("nll", about, partial(recipes_test_set.likelihood, measured, dataset), lambda: rows)
    return [c for c, found in known.items() if found is not None and dataset not in found]


def _rows(checkpoint: Checkpoint, dataset: str) -> pd.DataFrame:
    """One row for each number of samples S."""
    measured = findings.measurements(checkpoint)[dataset]
    estimates, elbo = measured.figures.estimates, measured.figures.elbo
    common = {
        "seed": "–" if measured.seed is None else measured.seed,
        "elbo": None if elbo is None else elbo.value,
        "bound": None if elbo is None else elbo.bound,
        "paper": paper_nll(checkpoint.model_config, dataset),
    }
    config = checkpoint.model_config
    of_whom = {"model": config.model, "name": checkpoint.name, "code_size": config.code_size}
    return pd.DataFrame([{**of_whom, "samples": s, **asdict(found), **common} for s, found in estimates.items()])


@lru_cache(maxsize=20)
def _summary(
    measured: tuple[Checkpoint, ...], stamps: tuple[int | None, ...], dataset: str, is_large: bool
) -> tuple[pd.DataFrame, go.Figure, pd.DataFrame]:
    """All figures, a row for each S; their picture; and a table: a line a checkpoint, by code size, largest first.

    Args:
        measured: on the data set's test images.
        stamps: when their measurements were changed.
        dataset: whose test images they are.
        is_large: whether the letters of the picture are, as in a presentation.
    """
    by_size = sorted(measured, key=lambda checkpoint: checkpoint.model_config.code_dims, reverse=True)
    rows = pd.concat(_rows(checkpoint, dataset) for checkpoint in by_size).astype({"paper": float, "elbo": float})
    sizes = sorted(rows["samples"].unique())
    lines = pd.DataFrame([_line(own, sizes) for _, own in rows.groupby("name", sort=False)])
    return rows, nll_figure(rows, is_presented=is_large), lines


def _line(rows: pd.DataFrame, sizes: Sequence[int]) -> dict[str, object]:
    """The cells of one checkpoint, given its row for each S."""
    first, by_size = rows.iloc[0], {row["samples"]: row for _, row in rows.iterrows()}
    nats = {size: f"{row['value']:.2f} ± {row['ci95']:.2f}" for size, row in by_size.items()}
    effective = {size: f"{row['ess']:.1f}" for size, row in by_size.items() if not pd.isna(row["ess"])}
    return {
        "Checkpoint": first["name"],
        **{f"S = {size}": nats.get(size, NONE) for size in sizes},
        "D": first["code_size"],
        "Paper": NONE if pd.isna(first["paper"]) else f"{first['paper']:.2f}",
        "−ELBO": NONE if pd.isna(first["elbo"]) else f"{-first['elbo']:.2f} ({first['bound']})",
        "Effective samples": " / ".join(effective.get(size, NONE) for size in sizes),
    }


def offer_measuring(checkpoints: Sequence[Checkpoint], dataset: str) -> None:
    """Says which checkpoints have not been measured on a test set, and offers to measure each."""
    if not checkpoints:
        return
    names, wait = ", ".join(f"**{c.name}**" for c in checkpoints), wait_words(len(loaders.dataset(dataset).test), 180)
    st.info(f"Not measured on {label_of(dataset)}: {names}. To measure a model takes {wait}.")
    with st.container(horizontal=True):
        for checkpoint in checkpoints:
            measure_button(checkpoint.name, dataset)
