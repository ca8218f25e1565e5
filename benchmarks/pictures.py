"""Charts of measured figures for the documentation: a Plotly figure as a PNG file, drawn by Chromium."""

import io
from pathlib import Path

import plotly.graph_objects as go
from PIL import Image

from benchmarks.browsers import launched

__all__ = ["FIGURES", "write_picture"]

FIGURES = Path(__file__).resolve().parent / "figures"
COLOURS = 64  # of a picture, for a small file


def write_picture(figure: go.Figure, name: str, width: int, height: int) -> None:
    """Writes the figure to `benchmarks/figures/NAME.png`, at twice the width and height, in pixels."""
    figure.update_layout(width=width, height=height, template="plotly_white", font={"size": 14})
    with launched() as browser:
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2)
        page.set_content(figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
        picture = page.locator(".js-plotly-plot .main-svg").first
        picture.wait_for()
        found = page.locator(".js-plotly-plot").screenshot()
    FIGURES.mkdir(exist_ok=True)
    image = Image.open(io.BytesIO(found)).convert("RGB")
    image.quantize(COLOURS).save(FIGURES / f"{name}.png", optimize=True)
