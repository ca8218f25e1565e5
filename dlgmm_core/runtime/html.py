"""HTML tables, as which objects are shown in a notebook, and pictures and numbers in HTML.

Tables take their colours from the notebook, light or dark, and all text is escaped.
"""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

__all__ = ["Markup", "bar", "base64_floats", "picture", "png_address", "table"]

_PICTURE, _BAR = 56, 80  # pixels: the longer side of a picture, the width of a bar for 1
_NUMBERS = "font-variant-numeric: tabular-nums"
_CELL = "text-align: left; padding: .1em .8em .1em 0"


class Markup(str):
    """Text that is HTML already; all other text is escaped."""


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its caption above; the first cell of a row names it.

    Args:
        caption: what the table shows.
        head: the names of the columns; none, for a table of names and values.
        rows: cells, as many as columns.
    """
    lines = [f'<caption style="caption-side: top; text-align: left"><b>{_escaped(caption)}</b></caption>']
    if head:
        cells = "".join(f'<th scope="col" style="{_CELL}">{_escaped(cell)}</th>' for cell in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    body = []
    for first, *others in rows:
        cells = "".join(f'<td style="{_CELL}">{_escaped(cell)}</td>' for cell in others)
        body.append(f'<tr><th scope="row" style="{_CELL}">{_escaped(first)}</th>{cells}</tr>')
    return f'<table style="{_NUMBERS}">{"".join(lines)}<tbody>{"".join(body)}</tbody></table>'


def bar(share: float) -> Markup:
    """A number from 0 to 1 to three decimals, and as long a bar."""
    width = round(_BAR * share)
    drawn = f'<span style="display: inline-block; width: {width}px; height: .6em; background: #3f90da"></span>'
    return Markup(f"{share:.3f} {drawn}")


def picture(ink: NDArray[np.floating] | NDArray[np.uint8], words: str) -> Markup:
    """An image (height, width) of ink between 0 and 1, white on black, enlarged by whole pixels.

    Args:
        ink: 0 to 1.
        words: what it shows, for those who cannot see it.
    """
    zoom = max(1, round(_PICTURE / max(ink.shape)))
    levels = np.round(255 * np.asarray(ink, dtype=np.float32)).astype(np.uint8)
    source = png_address(Image.fromarray(levels.repeat(zoom, 0).repeat(zoom, 1)))
    return Markup(f'<img alt="{html.escape(words)}" src="{source}"/>')


def png_address(image: Image.Image) -> str:
    """A PNG, as an address that holds the whole of it.

    Streamlit would serve it under an address of its own, and forget it when the next run ends: a browser that has not
    fetched it by then gets an error. The usual compression takes four times as long, and saves a tenth.
    """
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=3)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def base64_floats(values: ArrayLike) -> str:
    """Little-endian float32 in base64: what `floats` of the scripts reads."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def _escaped(text: str) -> str:
    return text if isinstance(text, Markup) else html.escape(text)
