"""The models in pictures, the available checkpoints, and where to begin."""

import streamlit as st

from dlgmm_core.data.datasets import label_of
from ui.lesson.card import lesson_start
from ui.overview.cards import show_cards
from ui.overview.holdings import show_holdings
from ui.overview.other_pages import show_pages
from ui.overview.sketch import show_sketch
from ui.presentation import end_of_picture, is_presented, page_title
from ui.sidebar import choice

page_title(
    "Deep latent Gaussian mixtures",
    "The models learn to draw images from a short *code*, and differ in the prior over codes: one Gaussian, a mixture"
    " of Gaussians, or a broken stick. Compare the priors (dotted: the whole mixture) and the samples drawn from them,"
    " then open one of the pages below.",
)
if not is_presented():
    lesson_start()
chosen = choice()
show_cards(chosen)
end_of_picture()
show_sketch(chosen)

st.header("Where to begin")
show_pages()

st.header("Trained models")
st.write(
    f"All that fit {label_of(chosen.dataset)}, largest codes first, measured on its test set: nats per image by the"
    " largest S, and errors in percent. Lower is better."
)
show_holdings(chosen)
st.caption(
    "After E. Nalisnick, L. Hertel and P. Smyth, *Approximate Inference for Deep Latent Gaussian Mixtures*, 2016."
    " MNIST: LeCun, Cortes and Burges, CC BY-SA 3.0."
)
