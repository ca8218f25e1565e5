"""Where to begin: a link to every other page, with what it shows."""

import streamlit as st

__all__ = ["show_pages"]

_PAGES = {
    "components": "**Components**: drag a prior mean and see what a component draws.",
    "clusters": "**Clusters**: what did each component find, though no class was ever shown?",
    "digit": "**Your digit**: draw or upload one; see its mixture weights and log p(x).",
    "latent": "**Latent space**: linked maps of the codes, four models at a time.",
    "plane": "**Plane**: codes of two numbers, where the true posterior of a digit is known exactly.",
    "knn": "**kNN**: do codes of the same digit lie together? Errors, recorded or computed live.",
    "likelihood": "**Likelihood**: how probable are test digits? With the paper's figures.",
    "kumaraswamy": "**Kumaraswamy bench**: the distribution of every break of a stick.",
    "train": "**Train**: train a model of your own and watch its bound.",
    "glossary": "**Glossary**: every symbol and score, in a line and an equation.",
}


def show_pages() -> None:
    """The links, one below the other."""
    for page, text in _PAGES.items():
        st.page_link(f"../pages/{page}.py", label=text)
