"""The table of kNN errors: recorded rows at once, live ones one by one, and a cell that was clicked."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.paper import paper_knn_errors
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.figures import ErrorRate
from ui.link_report import end_page
from ui.numbers import right
from ui.presentation import aside
from ui.tables.knn_search import RECORDED, Errors, Search, ask_for, is_asked_for, live_errors, recorded_errors
from ui.visitors.shares import Refused

__all__ = ["PAPERS", "error_table", "offer_live"]

_SOURCE, _PENDING = "Errors are", "…"
PAPERS = f"paper, k = {', '.join(map(str, KNN_SIZES))}"
_RIGHT = right(f"k = {k}" for k in KNN_SIZES)
_RIGHT[PAPERS] = st.column_config.Column(alignment="right", width=165)  # or the longest is cut off


def offer_live(checkpoints: Sequence[Checkpoint], search: Search) -> None:
    """A button that has all rows computed live, while any of them is only recorded."""
    recorded = [c for c in checkpoints if recorded_errors(c, search) is not None and not is_asked_for(c, search)]
    if not recorded:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Errors are recorded, or live, as each row says. Click one to see the mistakes behind it.")
        st.button("Compute live", on_click=_ask_for_all, args=(recorded, search))


def _ask_for_all(checkpoints: Sequence[Checkpoint], search: Search) -> None:
    for checkpoint in checkpoints:
        ask_for(checkpoint, search)


def error_table(
    checkpoints: Sequence[Checkpoint], search: Search
) -> tuple[list[Errors], tuple[Checkpoint, int] | None]:
    """The table; returns its rows, and the checkpoint and the k of the cell selected, if one is.

    Rows are live where nothing is recorded by this search, or where the visitor asks for them. Raw pixels are the last
    row where they are recorded; no mistakes can be shown behind its cells. If the server refuses to continue, the page
    says so, and live rows end there; the page ends, if there is no row.
    """
    found = {c.name: errors for c in checkpoints if (errors := recorded_errors(c, search)) is not None}
    table, progress = st.empty(), st.empty()
    _compute(checkpoints, search, found, table, progress)
    shown = [found[c.name] for c in checkpoints if c.name in found]
    if not shown:
        end_page()
    rows = [_row(errors, search) for errors in shown]
    if (pixels := search.pixels) is not None:
        rows.append(_of_pixels(pixels, search))
    event = table.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="knn-table",
        on_select="rerun",
        selection_mode="single-cell",
        column_config=_RIGHT,
    )
    if pixels is not None:
        aside(
            "The last row uses the pixels themselves as the code. That search takes too long for this page, so the"
            " mistakes behind its errors cannot be shown."
        )
    cells = event["selection"]["cells"]
    if not cells or not str(cells[0][1]).startswith("k = ") or cells[0][0] >= len(shown):
        return shown, None
    chosen = shown[cells[0][0]]
    if chosen.source == RECORDED:
        if not is_asked_for(chosen.checkpoint, search):
            ask_for(chosen.checkpoint, search)  # its mistakes take the search
            st.rerun()
        return shown, None  # the search was refused
    return shown, (chosen.checkpoint, int(str(cells[0][1]).removeprefix("k = ")))


def _compute(
    checkpoints: Sequence[Checkpoint],
    search: Search,
    found: dict[str, Errors],
    table: DeltaGenerator,
    progress: DeltaGenerator,
) -> None:
    """Puts live errors into `found`, and shows the table after each as long as there is more to come."""
    missing = [c for c in checkpoints if c.name not in found or is_asked_for(c, search)]
    for number, checkpoint in enumerate(missing):
        table.dataframe(pd.DataFrame(_rows_so_far(checkpoints, search, found)), hide_index=True, column_config=_RIGHT)
        progress.progress(number / len(missing), f"Searching the neighbours of {checkpoint.name} …")
        try:
            found[checkpoint.name] = live_errors(checkpoint, search)
        except Refused as refusal:
            st.warning(str(refusal))
            break
    progress.empty()


def _rows_so_far(checkpoints: Sequence[Checkpoint], search: Search, found: dict[str, Errors]) -> list[dict[str, str]]:
    return [_row(found[c.name], search) if c.name in found else _waiting(c) for c in checkpoints]


def _waiting(checkpoint: Checkpoint) -> dict[str, str]:
    errors = {f"k = {k}": _PENDING for k in KNN_SIZES}
    return {"Checkpoint": checkpoint.name} | errors | _kind(checkpoint, _PENDING)


def _kind(checkpoint: Checkpoint, source: str) -> dict[str, str]:
    """The last columns, behind the figures, which a phone should show first."""
    return {"Model": MODELS[checkpoint.model_config.model].label, _SOURCE: source}


def _row(errors: Errors, search: Search) -> dict[str, str]:
    cells = {f"k = {k}": _printed(errors.by_k[k]) for k in KNN_SIZES}
    papers = _papers_column(paper_knn_errors(errors.checkpoint.model_config, search.dataset_name), search)
    return {"Checkpoint": errors.checkpoint.name} | cells | papers | _kind(errors.checkpoint, errors.source)


def _printed(rate: ErrorRate) -> str:
    return f"{rate.error:.2f} ± {rate.ci95:.2f}"


def _of_pixels(row: Row, search: Search) -> dict[str, str]:
    errors = {f"k = {k}": formatting.knn_error(row, "mean", k) for k in KNN_SIZES}
    kind = {"Model": formatting.NONE, _SOURCE: RECORDED}
    return {"Checkpoint": formatting.label(row)} | errors | _papers_column({}, search) | kind


def _papers_column(errors: dict[int, float], search: Search) -> dict[str, str]:
    """The paper's errors, or a dash; no column beside a search that is not the paper's."""
    if not search.is_papers:
        return {}
    return {PAPERS: " / ".join(f"{errors[k]:.2f}" for k in KNN_SIZES) if errors else formatting.NONE}
