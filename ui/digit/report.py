"""One digit through one model: its figures, and its reconstructions."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.evaluate.likelihood import NORMAL_95
from dlgmm_core.runtime.wording import counted
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.digit_input import DigitInput
from ui.digit.inspected import SAMPLES
from ui.exporting import recipes
from ui.exporting.exports import About, export, figure, pixel_table
from ui.glossary.terms import in_glossary, meaning
from ui.images import fitting, tiled_picture
from ui.numbers import printed

__all__ = ["show_figures", "show_reconstructions"]

MOST = 5  # reconstructions, as many as stand beside each other below the digit
_STYLE = """<style>
.rebuilt { display: inline-block; margin: 0 11px 6px 0; font-size: .85em; font-variant-numeric: tabular-nums; }
.rebuilt img { image-rendering: pixelated; display: block; border: 1px solid #808080; }
</style>"""


def show_figures(report: ImageReport, bound: str, *, more_follow: bool) -> None:
    """log p(x), the bound, by its name in `BOUNDS`, and the gap between them; whether a report of more draws follows.

    The estimate of log p(x) has no interval: the weights that were drawn do not show the rare large ones that were not.
    """
    log_p, elbo, gap = st.columns([5, 4, 3])  # on a projector each as wide as its words
    terms = report.elbo_terms[bound]
    follow = f" {SAMPLES:,} draws follow once the digit rests." if more_follow else ""
    worth = counted(round(report.ess), "effective sample")
    estimated = (
        f"Estimated from S = {report.num_samples:,} draws by importance sampling, which are worth {worth}. Where these"
        " are few, it is uncertain by a nat or more, and more often too low than too high, since draws of large weight"
        f" are rare.{follow}"
    )
    log_p.metric(
        f"log p(x), S = {report.num_samples:,}, nats",
        printed(report.log_p, ".1f"),
        help=f"{estimated}\n\n{meaning('−log p(x)', 'S', 'effective samples')}",
    )
    drawn = f"Averaged over {report.draws} draws of every component; ± is the 95 % interval over them."
    elbo.metric(
        f"ELBO ({bound}), nats",
        f"{printed(terms.elbo, '.1f')} ± {NORMAL_95 * terms.error:.1f}",
        help=f"{drawn}\n\n{meaning('ELBO', *in_glossary([bound]))}",
    )
    gap.metric("gap, nats", printed(report.log_p - terms.elbo, ".1f"), help="log p(x) minus the bound, on this image.")


def show_reconstructions(checkpoint: Checkpoint, digit: DigitInput, report: ImageReport) -> None:
    """The image decoded from the mean code of each posterior component, with its number and weight.

    Of many, those of the largest weights; the table of ELBO terms has all.
    """
    images, shape = report.reconstructions, checkpoint.model_config.image_shape
    title, labels = "Reconstruction", [(0, "")]
    if len(images) > 1 and report.sticks is not None:
        title, weights = "Reconstructions, largest weights first", report.sticks.mean
        most = np.argsort(-weights, kind="stable")[:MOST].tolist()
        labels = [(k, f"k = {k + 1}<br/>π = {weights[k]:.2f}") for k in most]
    st.markdown(f"**{title}**")
    figure("reconstructions").html(_STYLE + "".join(_picture(images[k], k, words, shape) for k, words in labels))
    about = About("reconstructions, component 1 first", [checkpoint], settings={"image": digit.origin})
    rows = {"component": np.arange(1, len(images) + 1)}
    code = partial(recipes.report, checkpoint, digit.code, report)
    export("reconstructions", about, code, lambda: pixel_table(images, **rows))


def _picture(pixels: NDArray[np.float32], k: int, words: str, shape: Sequence[int]) -> str:
    zoom = fitting(2, shape)
    height, width = (zoom * length for length in shape)
    source = tiled_picture(pixels[None], 1, zoom, shape=shape)
    image = f'<img width="{width}" height="{height}" alt="Reconstruction by component {k + 1}" src="{source}"/>'
    return f'<figure class="rebuilt">{image}<figcaption>{words}</figcaption></figure>'
