"""Samples of every component, under prior means and scales that the visitor chooses."""

import streamlit as st

from dlgmm_core.model.models import MODELS
from ui.components.amortised import amortised_words, opening_words
from ui.components.below import below_words
from ui.components.identical import identical_caption
from ui.components.live import CHECKPOINT, SAMPLES, seed_of
from ui.components.rows import show_rows
from ui.components.siblings import show_siblings
from ui.components.usage import usage_caption
from ui.glossary.terms import meaning
from ui.groups import amortised_first
from ui.identical import identical_by_prior
from ui.link_report import end_page
from ui.presentation import end_of_picture, page_title
from ui.sidebar import choice, choose_checkpoint, last_checkpoint, offering

mixtures = amortised_first([c for c in choice().offered if MODELS[c.model_config.model].has_components])
words = opening_words(last_checkpoint(mixtures, CHECKPOINT) if mixtures else None)
page_title("Components", words, help=meaning("prior", "amortised"))
offering()  # ends the page where there is none
if not mixtures:
    labels = " or ".join(family.label for family in MODELS.values() if family.has_components)
    st.info(f"No checkpoint here is a mixture: train a {labels} on the page **Train**.")
    end_page()

checkpoint = choose_checkpoint(mixtures, CHECKPOINT)
config = checkpoint.model_config
show_rows(checkpoint)
end_of_picture()
if words := below_words(config) or amortised_words(checkpoint):
    st.caption(words)
if words := usage_caption(checkpoint):
    st.caption(words)
if config.prior_components != "fixed":
    shape = "a covariance matrix" if config.prior_components == "full" else "a scale for every coordinate"
    st.caption(
        f"The model's own prior is learnt: a component has a mean for every coordinate and {shape}. The numbers above"
        " are averages over coordinates, and the sliders shift or scale all coordinates together."
    )
elif words := identical_caption(config.prior_means, config.prior_scales):
    st.caption(f"{words} {identical_by_prior(config)}")
show_siblings(checkpoint, SAMPLES, seed_of(checkpoint))
