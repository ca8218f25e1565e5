"""A t-SNE map that can be clicked, and the image behind a point."""

import numpy as np
import streamlit as st

from dlgmm_core.checkpoints import TSNE, Checkpoint
from dlgmm_core.inspection import reconstruct
from ui import loaders
from ui.figures import map_figure
from ui.images import tile
from ui.jobs import measure_button

__all__ = ["show_image", "show_map"]


def show_map(checkpoint: Checkpoint, key: str) -> None:
    """Draws the map of a checkpoint's test codes; a click selects an image for every map."""
    path = checkpoint.folder / TSNE
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    stored = loaders.tsne_map(checkpoint, checkpoint.digest, stamp)
    if stored is None:
        st.info("This checkpoint has no map yet: measuring it makes one, in a few minutes.")
        measure_button(checkpoint.name, "Measure and map it", f"{key}-measure")
        return
    coordinates, settings = stored
    dataset = loaders.dataset(checkpoint.train_config.dataset)
    figure = map_figure(coordinates, dataset.test.labels, dataset.class_names, st.session_state.get("latent-image"))

    def select() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and "customdata" in points[0]:
            value = points[0]["customdata"]
            st.session_state["latent-image"] = int(value[0] if isinstance(value, list) else value)

    st.plotly_chart(figure, key=key, on_select=select, selection_mode="points", config={"scrollZoom": True})
    st.caption(
        f"Posterior means of {len(coordinates):,} test images; perplexity {settings.perplexity:g},"
        f" {settings.iterations} iterations, seed {settings.seed}."
    )


def show_image(checkpoint: Checkpoint, index: int) -> None:
    """The image and its reconstruction, side by side."""
    dataset = loaders.dataset(checkpoint.train_config.dataset)
    image = dataset.test.binary[index]
    rebuilt = reconstruct(loaders.model(checkpoint.folder, checkpoint.digest), image[None])
    st.image(
        tile(np.stack([image, rebuilt[0]]), columns=2, zoom=4, gap=8),
        output_format="PNG",
        caption=f"Test image {index}, class {dataset.class_names[dataset.test.labels[index]]}: the image (left) and its"
        " reconstruction from the mean code (right).",
        alt=f"Test image {index} and its reconstruction",
    )
