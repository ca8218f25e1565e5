"""kNN errors of the chosen models, recorded or computed live."""

import streamlit as st

from dlgmm_core.evaluate.knn import KNN_SIZES
from dlgmm_core.model.models import BASELINE, MODELS
from ui import loaders
from ui.exporting.exports import figure
from ui.glossary.terms import meaning
from ui.layers import first_layer_words
from ui.presentation import end_of_picture, page_title
from ui.sidebar import selection
from ui.tables.knn_changes import compare_two
from ui.tables.knn_controls import ask_search
from ui.tables.knn_export import export_errors, export_mistakes
from ui.tables.knn_figures import error_curves, show_mistakes
from ui.tables.knn_search import CURVE, protocol_words, why_means_err_more
from ui.tables.knn_table import error_table, offer_live
from ui.tables.records import knn_records, show_records

page_title(
    "kNN",
    "A test image gets the class that most of its k nearest training codes have; the error rate shows how well the"
    " codes separate the classes. Use fewer training points, or another code, and see which models get worse.",
    help=meaning("kNN error"),
)
chosen = selection()
search = ask_search(chosen.dataset)
offer_live(chosen.checkpoints, search)
with figure("knn-table"):
    found, cell = error_table(chosen.checkpoints, search)
end_of_picture()
st.caption(protocol_words(search, len(loaders.dataset(chosen.dataset).test)))
if words := first_layer_words(c.model_config for c in chosen.checkpoints):
    st.caption(words)
if words := why_means_err_more(chosen.checkpoints, search):
    st.caption(words)
export_errors("knn-table", found, search, KNN_SIZES, search.pixels)
if cell is not None:
    with figure("knn-mistakes"):
        show_mistakes(*cell, search)
    export_mistakes(*cell, search)
st.header("Error against k")
with figure("knn-curves"):
    st.plotly_chart(error_curves(found), key="knn-curves", alt="Errors of every checkpoint for k from 1 to 30")
st.caption("Recorded errors are known at k = 3, 5 and 10; live ones at ten values from 1 to 30.")
export_errors("knn-curves", found, search, CURVE)
if len(found) > 1 and st.toggle("Compare the neighbours of two models", key="knn-changes"):
    compare_two([errors.checkpoint for errors in found], search)

baseline = MODELS[BASELINE].label
show_records(
    chosen.dataset,
    knn_records,
    f"All training images, Euclidean distance. “Against {baseline}” is McNemar's test: the images that only this model"
    f" gets wrong, those that only the {baseline} gets wrong, and the probability of a split at least as uneven if both"
    f" models were equally good. The {baseline} is that of the same recipe; of “clusters”, the one that the mixture"
    " started from.",
    representation=search.representation,
    with_papers=search.representation == "sample",
)
