"""What the four models are, in pictures; what the app holds; where to begin."""

import streamlit as st

from ui.lesson.card import lesson_start
from ui.overview.cards import describe_model
from ui.overview.holdings import show_holdings

st.title("Deep latent Gaussian mixtures")
st.write(
    "Four models learn to draw digits from a short *code*; they differ only in the prior over codes: one bell, a"
    " mixture of bells, or a broken stick. Look at the prior of each (left) and at what it draws from it (right), then"
    " open a page below to take one apart."
)
lesson_start()
for row in (("gauss-vae", "dlgmm"), ("sb-vae", "dldpmm")):
    for column, name in zip(st.columns(2, gap="large"), row, strict=True):
        with column:
            describe_model(name)

st.header("Where to begin")
for path, text in (
    ("components", "**Components**: drag a prior mean and see what a component draws."),
    ("digit", "**Your digit**: draw or upload one; see its mixture weights and log p(x)."),
    ("latent", "**Latent space**: linked maps of the codes, four models at a time."),
    ("knn", "**kNN**: do codes of the same digit lie together? Errors, live."),
    ("likelihood", "**Likelihood**: how probable is a test digit, beside the paper's table."),
    ("kumaraswamy", "**Kumaraswamy bench**: the distribution behind every break of a stick."),
    ("train", "**Train**: fit a model of your own and watch it learn."),
):
    st.page_link(f"../pages/{path}.py", label=text)

st.header("What this laboratory holds")
st.write("Each row is a trained model. NLL is −log p(x) of the test set in nats per image, lower is better.")
show_holdings()
st.caption(
    "After E. Nalisnick, L. Hertel and P. Smyth, *Approximate Inference for Deep Latent Gaussian Mixtures*, 2016."
    " MNIST: LeCun, Cortes and Burges, CC BY-SA 3.0."
)
