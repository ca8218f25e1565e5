"""What each component of a mixture has found: shares, classes, means, samples and images, by p(k|x) or by weights."""

import streamlit as st

from ui import findings, loaders
from ui.clusters.choices import choose_kind, choose_mixture, difference, find_probabilities, map_colour
from ui.clusters.export import export_classes, export_clusters, export_scores
from ui.clusters.live import live_clusters
from ui.clusters.probabilities import clusters, own_scores
from ui.clusters.scores import score_table, score_words, show_scores, show_table
from ui.components.live import open_component
from ui.exporting.exports import figure
from ui.glossary.terms import meaning
from ui.identical import identical_by_prior
from ui.latent.choices import open_on_map
from ui.layers import first_layer_words
from ui.link_report import end_page
from ui.presentation import end_of_picture, page_title
from ui.sidebar import offering

page_title(
    "Clusters",
    "What did each component find? The model was never shown a class. Click a component to find it elsewhere.",
)
chosen = offering()
dataset = loaders.dataset(chosen.dataset)
left, right = st.columns([3, 2], gap="medium")
with left:
    checkpoint = choose_mixture(chosen)
with right:
    kind = choose_kind()
if words := identical_by_prior(checkpoint.model_config):
    st.info(words)
kind, known = loaders.or_stop(lambda: find_probabilities(checkpoint, kind))
found = loaders.or_stop(lambda: clusters(checkpoint, kind))
labelled = [] if found.table is None else list(known)
own = loaders.or_stop(lambda: {each: own_scores(checkpoint, each) for each in labelled})
bar = st.container(horizontal=True, vertical_alignment="center", key="clusters-bar")
with figure("clusters"):
    component = live_clusters(checkpoint, kind)
with bar:
    st.markdown(score_words(own.get(kind), found.shares), width="stretch")
    mapped = loaders.told(lambda: findings.tsne_map(checkpoint)) is not None
    why = None if mapped else f"{checkpoint.name} has no map yet: compute one on the page Latent space."
    on_map = st.button("Its images on the map", disabled=component is None or not mapped, help=why)
    if on_map and component is not None:
        open_on_map(checkpoint.name, component, map_colour(kind))
    if st.button("Its row on Components", disabled=component is None) and component is not None:
        open_component(checkpoint.name, component)
end_of_picture()
st.caption(difference(checkpoint, kind))
if words := first_layer_words([checkpoint.model_config]):
    st.caption(words)
export_clusters(checkpoint, kind, found, known[kind], dataset)
if found.table is None:
    end_page()

st.header("Components and classes")
st.caption("Test images of each component and class, shaded by their share of the component.")
with figure("clusters-classes"):
    show_table(found, dataset)
export_classes(checkpoint, kind, found, dataset)
table = score_table(checkpoint.name, own, chosen.dataset, len(found.shares))
st.header(
    "Scores, and those of other methods" if len(table) > len(own) else "Scores",
    help=meaning("ACC", "purity", "NMI", "mean largest", "in use"),
)
with figure("clusters-scores"):
    show_scores(table)
export_scores(checkpoint, kind, table)
