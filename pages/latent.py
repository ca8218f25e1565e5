"""Linked maps of the test codes of up to four models, and the path between two images."""

import streamlit as st

from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.model.models import MODELS
from ui import loaders
from ui.estimates import estimate
from ui.exporting.exports import figure
from ui.glossary.terms import meaning
from ui.latent.choices import choose_images, choose_maps, show_image
from ui.latent.live_maps import live_maps
from ui.latent.live_path import live_path
from ui.latent.map_export import export_maps
from ui.latent.map_view import ESTIMATED
from ui.latent.remap import remap_form
from ui.links import put_in_link
from ui.literal import sentence
from ui.presentation import is_presented, page_title
from ui.sidebar import selection

page_title(
    "Latent space",
    "Each mark is a test image; t-SNE places similar codes together. Which classes does one model separate and another"
    " does not? Point at an image to find it on every map.",
    help=meaning("t-SNE", "z"),
)
chosen = selection()
dataset = loaders.dataset(chosen.dataset)
maps = choose_maps(chosen.checkpoints, chosen.dataset)
shown = [checkpoint for checkpoint, _ in maps]
images: tuple[int, ...] = ()
colour = ""
place = st.empty()
if maps:
    with figure("maps"):
        view = live_maps(maps, dataset)
    export_maps(maps, dataset, view)
    images, colour = view.images, view.colour
if len(images) == 2:
    st.header("From A to B", anchor=False)
    st.caption("Decoded from the straight line between the two images' mean codes; drag the slider.")
    live_path(shown, dataset, (images[0], images[1]))
else:
    put_in_link("at", None)
if len(images) == 1:
    show_image(shown, dataset, images[0])

mappable = [c for c in chosen.checkpoints if c.train_config.dataset == chosen.dataset]
if mappable and not is_presented():
    with st.expander("More"):
        if maps:
            choose_images(images, len(dataset.test))
        remap_form(mappable, chosen.dataset)
if colour in ESTIMATED:
    with place.container():
        try:
            if estimate([c for c in shown if colour == "nll" or MODELS[c.model_config.model].has_components]):
                st.rerun()
        except EvaluationError as error:
            st.error(sentence(error))
