"""Every figure can be exported: as a PNG, as a CSV, and as the lines of `dlgmm_core` that reproduce it.

A figure is drawn in the container that `figure` returns, and followed by `export`. The picture is made in the browser
from what is shown there; the table is made on demand. Both files name what they show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import ArrayLike, NDArray
from streamlit.delta_generator import DeltaGenerator

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui.presentation import is_presented
from ui.visitors.limits import charged_later
from ui.visitors.shares import Refused
from ui.widgets import widget

__all__ = ["About", "csv_bytes", "export", "figure", "pixel_table"]

Table = Callable[[], pd.DataFrame]

_png_button = widget(
    "png_button", '<button type="button">PNG</button><p role="status"></p>', "export", "paint", "export"
)


@dataclass(frozen=True)
class About:
    """What a figure shows, and of which models and data.

    Attributes:
        figure: what it shows.
        checkpoints: whose weights.
        dataset: whose images, where there are any.
        seed: of the random draws that it shows, or every checkpoint's, as text; None where nothing is random.
        settings: what else it depends on.
    """

    figure: str
    checkpoints: Sequence[Checkpoint] = ()
    dataset: str | None = None
    seed: int | str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    def words(self) -> dict[str, str]:
        """The entries by name, each a single line; values of several checkpoints in one order."""
        words: dict[str, object] = {"figure": self.figure}
        if self.checkpoints:
            words |= {
                "model": ", ".join(MODELS[c.model_config.model].label for c in self.checkpoints),
                "checkpoint": ", ".join(c.name for c in self.checkpoints),
                "digest": ", ".join(c.digest for c in self.checkpoints),
                "training seed": ", ".join(str(c.train_config.seed) for c in self.checkpoints),
            }
        words |= {"dataset": self.dataset, "seed": self.seed, **self.settings}
        return {name: " ".join(str(value).split()) for name, value in words.items() if value is not None}

    def file_name(self, key: str) -> str:
        """A name without ending, which differs between different weights and seeds."""
        if len(self.checkpoints) == 1:
            of = [self.checkpoints[0].name, self.checkpoints[0].digest]
        else:
            of = [f"{len(self.checkpoints)}-checkpoints"] if self.checkpoints else []
        return "-".join([key, *of, *([f"seed{self.seed}"] if isinstance(self.seed, int) else [])])


def figure(key: str) -> DeltaGenerator:
    """A container for what `export` is to draw."""
    return st.container(key=_figure_key(key))


def _figure_key(key: str) -> str:
    return f"figure-{key}"


def export(key: str, about: About, code: Callable[[], str], table: Table) -> None:
    """A popover with the figure's picture, its table and its lines of Python; filled when it is opened.

    It is no fragment: few are opened, and every run of a page would pay for all of them.

    Args:
        key: as the figure's.
        about: what is written into both files.
        code: gives the lines.
        table: makes the table.
    """
    if is_presented():
        return
    popover = st.popover("Export", type="tertiary", on_change="rerun", key=f"export-{key}")
    with popover:
        if not popover.open:
            return
        name, make = about.file_name(key), None
        try:
            make = charged_later(lambda: csv_bytes(about, table()))
        except Refused as refusal:
            st.warning(str(refusal))
        with st.container(horizontal=True):
            _png_button(
                key=f"png-{key}",
                data={"figure": _figure_key(key), "file": f"{name}.png", "words": list(about.words().items())},
                width="content",
            )
            if make is not None:
                st.download_button("CSV", make, f"{name}.csv", "text/csv", key=f"csv-{key}", on_click="ignore")
        st.caption("The same in Python, from the repository's folder:")
        st.code(code(), language="python")


def csv_bytes(about: About, table: pd.DataFrame) -> bytes:
    """A table in UTF-8, below lines that begin with `#` and say what it is of."""
    head = "".join(f"# {name}: {value}\n" for name, value in about.words().items())
    return (head + table.to_csv(index=False, lineterminator="\n")).encode()


def pixel_table(images: NDArray[np.floating], **columns: ArrayLike) -> pd.DataFrame:
    """One row an image: the given columns of N values, then the (N, X) probabilities of ink, pixel by pixel."""
    pixels = pd.DataFrame(images, columns=[f"pixel {x}" for x in range(images.shape[1])])
    return pd.concat([pd.DataFrame(columns), pixels], axis=1)
