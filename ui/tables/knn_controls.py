"""The controls of a search for neighbours: code, distance, number of training images."""

import streamlit as st

from dlgmm_core.data.datasets import label_of
from ui import loaders
from ui.glossary.terms import meaning
from ui.link_report import bound_in_link, end_page
from ui.links import keep_at_most
from ui.tables.knn_search import Search

__all__ = ["ask_search"]

_ALL_OF = "knn-all-of"  # the data set all of whose images were searched last


def ask_search(dataset_name: str) -> Search:
    """The search that the visitor chooses; the page ends with a sentence where images have no labels."""
    labels = loaders.dataset(dataset_name).train.labels
    if labels is None:
        st.info(f"{label_of(dataset_name)} has no labels, so there is no class to predict and no kNN error.")
        end_page()
    left, middle, right = st.columns(3, gap="medium")
    representation = left.segmented_control(
        "Code",
        ["sample", "mean"],
        default="sample",
        required=True,
        wrap=True,
        help=meaning("z", "posterior"),
        **bound_in_link("knn-code", ["sample", "mean"]),
    )
    metric = middle.segmented_control(
        "Distance",
        ["euclidean", "cosine"],
        default="euclidean",
        required=True,
        wrap=True,
        **bound_in_link("knn-metric", ["euclidean", "cosine"]),
    )
    most = len(labels)
    least = min(1000, max(10, most // 2))
    before = st.session_state.get(_ALL_OF)
    if before not in (None, dataset_name):  # of another data set all were searched
        st.session_state["knn-points"] = most
    keep_at_most("knn-points", most)
    points = most  # too few to choose from
    if least < most:
        points = right.slider("Training points", least, most, most, least, **bound_in_link("knn-points"))
    st.session_state[_ALL_OF] = dataset_name if points == most else None
    st.space(24)  # on a touch screen the table's buttons always stand above it
    return Search(dataset_name, representation, points, metric)
