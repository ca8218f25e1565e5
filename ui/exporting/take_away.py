"""A model as one HTML file, from the page that shows it."""

from collections.abc import Callable

import streamlit as st

from dlgmm_core.checks import ConfigError
from dlgmm_core.data.datasets import is_here
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.takeaway.contents import contents_of, require_exportable
from dlgmm_core.takeaway.page import page_bytes
from ui import loaders
from ui.presentation import is_presented
from ui.visitors.limits import charged_later
from ui.visitors.shares import Refused

__all__ = ["take_away"]


def take_away(checkpoint: Checkpoint) -> None:
    """A button that makes the file; nothing where no browser can run the model, or its test images are not here."""
    if is_presented() or not is_here(checkpoint.train_config.dataset):
        return
    words = "This model as one HTML file of at most 3 MB, which opens in a browser without a server or a network."
    make: Callable[[], bytes] | None = None
    try:
        require_exportable(checkpoint.model_config, checkpoint.name)
        make = charged_later(lambda: _page(checkpoint))
    except ConfigError:
        return
    except Refused as refusal:  # in the tooltip, since the page may say it already
        words = str(refusal)
    st.download_button(
        "Take away",
        make or b"",
        f"{checkpoint.name}-{checkpoint.digest}.html",
        "text/html",
        key=f"take-away-{checkpoint.name}",
        type="tertiary",
        on_click="ignore",
        disabled=make is None,
        help=words,
    )


@st.cache_data(show_spinner=False, max_entries=4, hash_funcs=loaders.BY_WEIGHTS)
def _page(checkpoint: Checkpoint) -> bytes:
    model, _ = load_checkpoint(checkpoint.folder)
    return page_bytes([contents_of(model, checkpoint, loaders.dataset(checkpoint.train_config.dataset))])
