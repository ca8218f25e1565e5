"""Codes of two numbers: the plane, and the true posterior of a digit under one or two models."""

import streamlit as st

from dlgmm_core.analysis.plane_pictures import is_triangle
from dlgmm_core.data.datasets import label_of
from dlgmm_core.evaluate.plane_grid import has_plane
from dlgmm_core.model.models import family_of
from ui import loaders
from ui.digit.sources import choose_digit
from ui.exporting.exports import figure
from ui.glossary.terms import meaning
from ui.images import fitting, tiled_picture
from ui.link_report import end_page
from ui.plane.export import export_plane
from ui.plane.figures import explain, offer_gaps, show_posterior
from ui.plane.live import live_plane
from ui.plane.survey import kept_survey, offer_digits, offer_divided
from ui.presentation import is_presented, page_title
from ui.sidebar import choice, choose_checkpoint, last_checkpoint

chosen = choice()
planes = [c for c in chosen.offered if has_plane(c.model_config) and c.train_config.dataset == chosen.dataset]
planes.sort(key=lambda c: (family_of(c.model_config).code_kind, c.model_config.num_components))  # one Gaussian first
has_ellipses = bool(planes) and not is_triangle(last_checkpoint(planes, "plane-checkpoint").model_config)
page_title(
    "Plane",
    "Where a code has two numbers, the true posterior of an image is known. Point at the plane to decode"
    f"{'; drag an ellipse to move the prior' if has_ellipses else ''}.",
    help=meaning("z", "ELBO"),
)
if not planes:
    st.info(
        f"No checkpoint here on {label_of(chosen.dataset)} has codes of two numbers: train one on the page **Train**,"
        " with a code size of 2 (3 where the code is a broken stick)."
    )
    end_page()

widths = (310, 366, 192)  # the names of models need the most room, and get a line of their own where there is little
flow = None if is_presented() else st.container(horizontal=True)
source, models, image = st.columns(widths) if flow is None else (flow.container(width=width) for width in widths)
with models:
    shown = [choose_checkpoint(planes, "plane-checkpoint", title="Model")]
    survey = kept_survey(shown[0])
    if others := [c for c in planes if c.name != shown[0].name]:
        shown.append(choose_checkpoint(others, "plane-beside", title="Beside it"))
with source:
    digit = choose_digit(chosen.dataset)
with image:
    if digit is not None:
        picture = tiled_picture(digit.binary[None], 1, fitting(2, digit.shape), shape=digit.shape)
        st.image(picture, alt=f"The image: {digit.origin}")
    offer_divided(survey)

first, dataset = shown[0], loaders.dataset(chosen.dataset)
left, *right = st.columns(1 + len(shown), gap="medium")
with left:
    codes = loaders.or_stop(lambda: loaders.codes(first, chosen.dataset, "test", "mean"))
    with figure("plane"):
        st.markdown(f"Codes under **{first.name}**")
        means = live_plane(first, codes, dataset.test.labels).means
    export_plane(first, dataset, codes, means)
if digit is None:
    st.info("The posterior appears here as soon as there is an image.")
    end_page()
for place, (column, checkpoint) in enumerate(zip(right, shown, strict=True)):
    with column:
        show_posterior(checkpoint, digit, str(place), None if place else means)
if is_presented():
    end_page()
explain(shown)
with st.expander("Images by their modes, and by the gap of the ELBO"):
    offer_digits(first, survey)
offer_gaps(shown, digit, means)
