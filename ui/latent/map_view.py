"""The visitor's view of the maps: kept in the session and, except for the group, in the address."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from ui.links import numbers_in_link, put_in_link

__all__ = ["COLOURS", "MODES", "MapView", "current_view", "keep_view", "select_images", "updated_view"]

COLOURS = ("class", "component", "entropy", "nll")
MODES = ("pan", "lasso", "box")
MOST_CORNERS = 300
_KEPT = "latent-view"


@dataclass(frozen=True)
class MapView:
    """Colouring, mode of dragging, selection and group.

    Attributes:
        colour: a name in `COLOURS`.
        mode: what dragging does, a name in `MODES`.
        only: the class or component shown alone, counted from 0.
        images: none, one or two test images.
        group: the outline drawn, {map: name, outline: [[x, y], …]} in the map's coordinates.
        turn: counts the widget's messages, so that both sides recognise outdated ones.
    """

    colour: str = COLOURS[0]
    mode: str = MODES[0]
    only: int | None = None
    images: tuple[int, ...] = ()
    group: dict[str, Any] | None = None
    turn: int = 0

    def within(self, count: int, categories: int) -> "MapView":
        """The same without images beyond `count`, and categories (classes or components) beyond `categories`."""
        images = tuple(dict.fromkeys(i for i in self.images if 0 <= i < count))[:2]
        only = self.only if self.only is not None and 0 <= self.only < categories else None
        return replace(self, images=images, only=only)

    def data(self) -> dict[str, Any]:
        """For the widget."""
        return {**asdict(self), "images": list(self.images)}


def current_view() -> MapView:
    """The view in the session, or the one that the address asks for."""
    kept: MapView | None = st.session_state.get(_KEPT)
    return _from_link() if kept is None else kept


def keep_view(view: MapView) -> None:
    """In the session and in the address."""
    st.session_state[_KEPT] = view
    put_in_link("image", view.images or None)
    put_in_link("only", None if view.only is None else [view.only])
    if view.colour == COLOURS[0]:
        st.query_params.pop("colour", None)
    else:
        st.query_params["colour"] = view.colour


def select_images(images: tuple[int, ...]) -> None:
    """Selects images from outside the maps."""
    st.session_state[_KEPT] = replace(st.session_state[_KEPT], images=images)


def updated_view(state: Any, view: MapView) -> MapView:
    """The view in the widget's state, or `view` where that is no newer, or invalid."""
    if not isinstance(state, Mapping) or not isinstance(now := state.get("now"), Mapping):
        return view
    try:
        if now["turn"] == view.turn:
            return view
        return MapView(
            now["colour"] if now["colour"] in COLOURS else view.colour,
            now["mode"] if now["mode"] in MODES else view.mode,
            None if now["only"] is None else int(now["only"]),
            tuple(int(i) for i in now["images"]),
            _group(now["group"]),
            int(now["turn"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return view


def _group(group: Any) -> dict[str, Any] | None:
    if group is None:
        return None
    outline = [[float(x), float(y)] for x, y in group["outline"][:MOST_CORNERS]]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in outline):
        return None
    return {"map": str(group["map"]), "outline": outline}


def _from_link() -> MapView:
    images = numbers_in_link("image", 1, 0, 1e9) or numbers_in_link("image", 2, 0, 1e9) or ()
    only = numbers_in_link("only", 1, 0, 1e9)
    if not all(i.is_integer() for i in images):
        images = ()
    colour = st.query_params.get("colour")
    return MapView(
        colour if colour in COLOURS else COLOURS[0],
        only=int(only[0]) if only is not None and only[0].is_integer() else None,
        images=tuple(int(i) for i in images),
    )
