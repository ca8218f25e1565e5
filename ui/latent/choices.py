"""What is chosen on the latent-space page: which maps are drawn, and the image behind a point."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from dlgmm_core.analysis.inspection import reconstruct
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui import findings, loaders
from ui.exporting import recipes_test_set
from ui.exporting.exports import About, export, figure, pixel_table
from ui.few import choose_few, chosen_few, show_only
from ui.images import fitting, tiled_picture
from ui.latent.map_view import select_images, show_component
from ui.literal import literal
from ui.sidebar import compare_also

__all__ = ["choose_images", "choose_maps", "only_maps", "open_on_map", "show_image"]

_KEY = "latent-maps-chosen"
Mapped = tuple[Checkpoint, ProjectionConfig]


def choose_maps(checkpoints: Sequence[Checkpoint], dataset: str) -> list[Mapped]:
    """Asks which of the available maps are drawn, and names those that are missing.

    Args:
        checkpoints: of the sidebar.
        dataset: whose test set the maps are to be of.
    """
    own = [c for c in checkpoints if c.train_config.dataset == dataset]
    settings = {c.name: _settings(c) for c in own}
    mapped = {c.name: (c, found) for c in own if (found := settings[c.name]) is not None}
    picked = choose_few("Maps", [checkpoint for checkpoint, _ in mapped.values()], _KEY, "maps") if mapped else []
    if missing := [name for name in settings if name not in mapped]:
        st.info(f"No map yet of {', '.join(missing)}: compute one under **More**.")
    if others := [c.name for c in checkpoints if c not in own]:
        st.info(
            f"A map shows the test set of its model's own data set: choose another data set for {', '.join(others)}."
        )
    return [mapped[checkpoint.name] for checkpoint in picked]


def only_maps(names: Sequence[str]) -> dict[str, object]:
    """The session's values that make the page draw these maps, of those that there are."""
    return chosen_few(names, _KEY)


def _settings(checkpoint: Checkpoint) -> ProjectionConfig | None:
    """The settings of the stored map; None if it is missing or unreadable."""
    stored = loaders.told(lambda: findings.tsne_map(checkpoint))
    return None if stored is None else stored[1]


def show_image(checkpoints: Sequence[Checkpoint], dataset: Dataset, index: int) -> None:
    """The image, and its reconstruction under each model."""
    image, zoom, its_class = dataset.test.binary[index], fitting(4, dataset.shape), dataset.class_of(index)
    st.header(f"Image {index}{its_class and f', class {literal(its_class)}'}", anchor=False)
    pictures = [(image, "the image")]
    for checkpoint in checkpoints:
        model = loaders.model(checkpoint)
        pictures.append((reconstruct(model, image[None])[0], checkpoint.name))
    with figure("image"), st.container(horizontal=True, gap="medium"):
        for pixels, words in pictures:
            st.image(
                tiled_picture(pixels[None], columns=1, zoom=zoom, shape=dataset.shape),
                width=zoom * dataset.shape[1],
                caption=words,
                alt=f"Test image {index}: {words}",
            )
    st.caption(
        "Reconstructions are decoded from the mean code. Shift-click a second image, or"
        " enter its number under **More**, to see the path between the two."
    )
    about = About("a test image and its reconstructions", checkpoints, dataset.name, settings={"image": index})
    pixels, names = np.stack([pixels for pixels, _ in pictures]), [words for _, words in pictures]
    code = partial(recipes_test_set.reconstructions, checkpoints, dataset.name, index)
    export("image", about, code, lambda: pixel_table(pixels, picture=names))


def choose_images(images: tuple[int, ...], count: int) -> None:
    """Two number inputs that select images."""
    keys = ("latent-first", "latent-second")
    for place, key in enumerate(keys):
        st.session_state[key] = images[place] if place < len(images) else None

    def select() -> None:
        chosen = [st.session_state[key] for key in keys]
        select_images(tuple(int(i) for i in chosen if i is not None))

    first, second = st.columns(2)
    first.number_input("Image A", 0, count - 1, None, 1, key=keys[0], on_change=select, placeholder="none")
    second.number_input("Image B", 0, count - 1, None, 1, key=keys[1], on_change=select, placeholder="none")


def open_on_map(name: str, component: int, colour: str) -> None:
    """Turns to the page of maps: that of one checkpoint, with the images of one component, counted from 0."""
    compare_also(name)
    show_only(name, _KEY)
    show_component(component, colour)
    st.switch_page("../pages/latent.py", query_params={})  # without, it fails where a widget is in the link
