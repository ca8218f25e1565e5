"""The models in pictures, the available checkpoints, and where to begin."""

import streamlit as st

from dlgmm_core.data.datasets import label_of
from ui.lesson.card import lesson_start
from ui.overview.cards import show_cards
from ui.overview.holdings import show_holdings
from ui.overview.sketch import show_sketch
from ui.presentation import end_of_picture, is_presented, page_title
from ui.sidebar import choice

page_title(
    "Deep latent Gaussian mixtures",
    "The models learn to draw images from a short *code*; they differ only in the prior over codes: one Gaussian, a"
    " mixture of Gaussians, or a broken stick. Compare the priors (dotted: the whole mixture) and the samples drawn"
    " from them, then open one of the pages below.",
)
if not is_presented():
    lesson_start()
chosen = choice()
show_cards(chosen)
end_of_picture()
show_sketch(chosen)

st.header("Where to begin")
for path, text in (
    ("components", "**Components**: drag a prior mean and see what a component draws."),
    ("clusters", "**Clusters**: what did each component find, though no class was ever shown?"),
    ("digit", "**Your digit**: draw or upload one; see its mixture weights and log p(x)."),
    ("latent", "**Latent space**: linked maps of the codes, four models at a time."),
    ("plane", "**Plane**: codes of two numbers, where the true posterior of a digit is known exactly."),
    ("knn", "**kNN**: do codes of the same digit lie together? Errors, recorded or computed live."),
    ("likelihood", "**Likelihood**: how probable are test digits? With the paper's figures."),
    ("kumaraswamy", "**Kumaraswamy bench**: the distribution of every break of a stick."),
    ("train", "**Train**: train a model of your own and watch its bound."),
    ("glossary", "**Glossary**: every symbol and score, in a line and an equation."),
):
    st.page_link(f"../pages/{path}.py", label=text)

st.header("Trained models")
st.write(
    f"All that fit {label_of(chosen.dataset)}, measured on its test set: nats per image by the largest S, and"
    " errors in percent. Lower is better."
)
show_holdings(chosen)
st.caption(
    "After E. Nalisnick, L. Hertel and P. Smyth, *Approximate Inference for Deep Latent Gaussian Mixtures*, 2016."
    " MNIST: LeCun, Cortes and Burges, CC BY-SA 3.0."
)
