"""Draws the paper's Figure 2 from the checkpoints of this repository: `python -m benchmarks.figure_2`.

Left and right in the paper: samples of the two extreme components of a DLGMM whose five prior means
lie between −1.5 and 1.5, and t-SNE maps of the codes of a Gauss-VAE and a DLGMM, coloured by class.

Reference: Nalisnick, Hertel & Smyth (2016), figure 2.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import load_checkpoint, read_checkpoint
from dlgmm_core.store.tsne_map import load_map
from ui.images import tile
from ui.scatter import INK, PAPER, draw_map

ROOT = Path(__file__).resolve().parent.parent / "checkpoints"
FIGURES = Path(__file__).resolve().parent / "figures"
SIDE, MARGIN, TITLE = 520, 16, 30  # of a panel, screen pixels


def main() -> None:
    """Writes both figures into `benchmarks/figures`."""
    FIGURES.mkdir(exist_ok=True)
    panels = {"components": extreme_components(FIGURE_2)}
    panels["tsne"] = [code_map("mnist-gauss-vae"), code_map("mnist-dlgmm")]
    for name, pair in panels.items():
        side_by_side(pair).quantize(128).save(FIGURES / f"{name}.png", optimize=True)
    print(f"{FIGURES}: written")


def extreme_components(name: str) -> list[Image.Image]:
    """Eight by eight samples of the first and of the last component, with the same noise."""
    model, _ = load_checkpoint(ROOT / name)
    means, scales = model.config.prior_means, model.config.prior_scales
    samples = component_samples(model, means, scales, count=64, seed=0)
    titles = (f"component 1, mean {means[0]:g}", f"component {len(means)}, mean {means[-1]:g}")
    return [_titled(Image.fromarray(tile(samples[k], 8)), title) for k, title in zip((0, -1), titles, strict=True)]


def code_map(name: str) -> Image.Image:
    """The stored t-SNE map of a checkpoint's test codes, one colour per class.

    Raises:
        FileNotFoundError: if the checkpoint has no map.
    """
    checkpoint = read_checkpoint(ROOT / name)
    dataset = load_dataset(checkpoint.train_config.dataset)
    found = load_map(checkpoint, len(dataset.test))
    if found is None:
        raise FileNotFoundError(f"{name} has no t-SNE map: run `python -m dlgmm_core evaluate {name}`.")
    dots = draw_map(found[0], dataset.test.known_labels, dataset.class_names, SIDE)
    return _titled(dots, f"{MODELS[checkpoint.model_config.model].label}, t-SNE of posterior means")


def _titled(panel: Image.Image, title: str) -> Image.Image:
    image = Image.new("RGB", (panel.width, panel.height + TITLE), PAPER)
    image.paste(panel.convert("RGB"), (0, TITLE))
    ImageDraw.Draw(image).text((panel.width / 2, TITLE / 2), title, INK, ImageFont.load_default(17), anchor="mm")
    return image


def side_by_side(panels: list[Image.Image]) -> Image.Image:
    """Panels in a row on a white background."""
    width = sum(p.width for p in panels) + MARGIN * (len(panels) + 1)
    image = Image.new("RGB", (width, max(p.height for p in panels) + 2 * MARGIN), PAPER)
    left = MARGIN
    for panel in panels:
        image.paste(panel, (left, MARGIN))
        left += panel.width + MARGIN
    return image


if __name__ == "__main__":
    main()
