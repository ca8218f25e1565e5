"""The visitor's view of the maps: kept in the session and, except for the group, in the address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from ui.links import put_in_link, whole_numbers_in_link, words_in_link
from ui.numbers import finite_numbers, whole_number

__all__ = [
    "COLOURS",
    "ESTIMATED",
    "MODES",
    "MapView",
    "current_view",
    "keep_view",
    "plain_view",
    "select_images",
    "show_component",
    "updated_view",
]

COLOURS = ("class", "component", "responsibility", "entropy", "nll")
ESTIMATED = ("responsibility", "nll")  # colours that need an estimate for every image
MODES = ("pan", "lasso", "box")
MOST_CORNERS = 300  # of an outline; the widget sends 200 at most
LARGEST_INDEX, LATEST_TURN = 10**9, 2**53 - 1  # the latter is the last whole number that JavaScript counts to
FARTHEST = 1e6  # in a map's coordinates
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


def current_view(count: int, categories: int) -> MapView:
    """The view in the session, or the one that the address asks for, of so many images and classes or components."""
    kept: MapView | None = st.session_state.get(_KEPT)
    return _from_link(count, categories) if kept is None else kept


def plain_view() -> dict[str, MapView]:
    """The session's values that make the maps show all classes in their colours, and nothing chosen."""
    return {_KEPT: MapView()}


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


def show_component(component: int, colour: str) -> None:
    """Makes the maps show the images of one component alone, counted from 0, in one of the colours of components."""
    st.session_state[_KEPT] = replace(
        st.session_state.get(_KEPT, MapView()), colour=colour, only=component, images=(), group=None
    )


def updated_view(state: Any, view: MapView) -> MapView:
    """The view in the widget's state, or `view` if that is no newer or anything in it is invalid."""
    now = state.get("now") if isinstance(state, Mapping) else None
    if not isinstance(now, Mapping):
        return view
    turn = whole_number(now.get("turn"), view.turn + 1, LATEST_TURN)
    if turn is None:
        return view
    try:
        return MapView(
            COLOURS[COLOURS.index(now["colour"])],
            MODES[MODES.index(now["mode"])],
            None if now["only"] is None else _index(now["only"]),
            tuple(map(_index, now["images"])),
            None if now["group"] is None else _group(now["group"]),
            turn,
        )
    except (KeyError, TypeError, ValueError):
        return view


def _index(value: Any) -> int:
    if (index := whole_number(value, 0, LARGEST_INDEX)) is None:
        raise ValueError(value)
    return index


def _group(group: Any) -> dict[str, Any]:
    corners = [finite_numbers(corner, 2, -FARTHEST, FARTHEST) for corner in group["outline"]]
    if not isinstance(group["map"], str) or None in corners or not 2 < len(corners) <= MOST_CORNERS:
        raise ValueError(group)
    return {"map": group["map"], "outline": [list(corner) for corner in corners if corner is not None]}


def _from_link(count: int, categories: int) -> MapView:
    one, two = (whole_numbers_in_link("image", number, 0, count - 1) for number in (1, 2))
    only = whole_numbers_in_link("only", 1, 0, categories - 1)
    return MapView(
        next(iter(words_in_link("colour", COLOURS)), COLOURS[0]),
        only=None if only is None else only[0],
        images=one or two or (),
    )
