"""Page configuration, sidebar and navigation; every page runs inside this script."""

import sys
from pathlib import Path

# Streamlit puts this script's folder on the path, and the packages lie one above it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import streamlit as st

from ui import loaders
from ui.lesson.card import lesson_card, turn_step
from ui.link_report import report
from ui.links import correct_link
from ui.parts import errors_told, run_of_page
from ui.presentation import show_switch
from ui.serving.page_address import FIRST
from ui.sidebar import show_sidebar

PAGES = (
    (FIRST, "Overview", ":material/home:"),
    ("components", "Components", ":material/tune:"),
    ("clusters", "Clusters", ":material/category:"),
    ("digit", "Your digit", ":material/draw:"),
    ("latent", "Latent space", ":material/scatter_plot:"),
    ("plane", "Plane", ":material/grid_on:"),
    ("knn", "kNN", ":material/group_work:"),
    ("likelihood", "Likelihood", ":material/query_stats:"),
    ("kumaraswamy", "Kumaraswamy bench", ":material/functions:"),
    ("train", "Train", ":material/model_training:"),
    ("glossary", "Glossary", ":material/menu_book:"),
)


def show_app() -> None:
    """The page that the visitor asks for, and what is around it."""
    st.set_page_config(page_title="DLGMM", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
    page = st.navigation(
        [
            st.Page(f"../pages/{path}.py", title=title, icon=icon, url_path=path, default=path == FIRST)
            for path, title, icon in PAGES
        ]
    )
    correct_link()
    loaders.look_again()
    show_sidebar()
    if by := show_switch():
        turn_step(by)
        paths = [path for path, _, _ in PAGES]
        next_path = paths[(paths.index(page.url_path or FIRST) + by) % len(paths)]
        st.switch_page(f"../pages/{next_path}.py", query_params={})
    with errors_told(), report(page.url_path):
        if lesson_card(page):
            page.run()


with run_of_page():
    show_app()
