"""What the address of a new visitor asks for that a page does not know: said once, and then taken out of the address.

The functions of `ui.links` note what they read, and whether they understood it. Streamlit reads what widgets of its own
are bound to, and drops what it does not know: `bound_in_link` notes what such a widget may be told.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dlgmm_core.runtime.wording import nearest_name
from ui.parameters import PARAMETERS, parameters_of

__all__ = ["arrived", "bound_in_link", "end_page", "note", "report"]

_ARRIVED, _TOLD = "link-arrived", "link-told"
_PLAIN = re.compile(r"[A-Za-z0-9 .,()+_-]{1,48}", re.ASCII)  # what an address says may be meant to mislead a reader
_MOST = 3  # things that one sentence tells
_USUAL = "the default is shown"


@dataclass
class _Arrival:
    """What the address said at first, and what became of it.

    Attributes:
        asked: by name.
        refused: names whose values are never shown to a page.
        understood: names of which a page has understood the value, or not.
        known: what could be said instead, by name.
        bound: names that widgets of Streamlit's own read.
        page: the path of the visitor's first page.
        place: a container above the page, for the message.
    """

    asked: dict[str, str]
    refused: Collection[str]
    understood: dict[str, bool] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    page: str | None = None
    place: DeltaGenerator | None = None


def arrived(asked: dict[str, str], refused: Collection[str]) -> None:
    """Keeps what the address of a new visitor asks for, until a page has read it.

    Args:
        asked: by name.
        refused: names whose values no page writes, and which have left the address.
    """
    if asked:
        st.session_state[_ARRIVED] = _Arrival(asked, refused)


def note(name: str, text: str, understood: bool, known: Collection[str] = ()) -> None:
    """A page has read a value of the address; the first reading counts, or the first that is understood.

    Args:
        name: of the parameter.
        text: the value.
        understood: whether it makes sense.
        known: values that would, if they are words.
    """
    arrival: _Arrival | None = st.session_state.get(_ARRIVED)
    if arrival is not None and arrival.asked.get(name) == text:
        arrival.understood[name] = arrival.understood.get(name, False) or understood
        arrival.known[name] = list(known)


def bound_in_link(name: str, words: Collection[str] = ()) -> dict[str, Any]:
    """Arguments that keep a widget's value through page switches and, by the address, through reloads.

    Args:
        name: the widget's key, and of its value in the address.
        words: what the widget offers, as the address has it.
    """
    arrival: _Arrival | None = st.session_state.get(_ARRIVED)
    if arrival is not None and name in arrival.asked:
        arrival.bound.add(name)
        arrival.known[name] = list(words)
    return {"key": name, "bind": "query-params", "persist_state": "session"}


@contextmanager
def report(page: str) -> Iterator[None]:
    """Runs a page, and says above it what of the address it has not understood, for as long as it is open.

    Args:
        page: its path.
    """
    arrival: _Arrival | None = st.session_state.get(_ARRIVED)
    if arrival is None:
        opened, words = st.session_state.get(_TOLD, (None, ""))
        if opened != page:
            st.session_state.pop(_TOLD, None)
        else:
            place = st.empty()  # also where nothing is said: what follows would be drawn anew in another place
            if words:
                place.warning(words)
        yield
        return
    arrival.page = page if arrival.page is None else arrival.page
    arrival.place = st.empty()
    yield
    _tell(page)


def end_page() -> NoReturn:
    """Ends a page before its last line; after `st.stop` alone nothing could be said of its address any more."""
    arrival: _Arrival | None = st.session_state.get(_ARRIVED)
    if arrival is not None and arrival.page is not None:
        _tell(arrival.page)
    st.stop()


def _tell(page: str) -> None:
    arrival: _Arrival = st.session_state.pop(_ARRIVED)
    if arrival.place is not None and arrival.page == page:
        parts = _refusals(arrival, page)
        words = _words(list(parts.values()))
        st.session_state[_TOLD] = (page, words)
        if words:
            arrival.place.warning(words)
        for name in parts:
            if st.query_params.get(name) == arrival.asked[name]:
                del st.query_params[name]


def _words(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    more = f"; and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return f"Parts of this page's address were not understood: {'; '.join(parts[:_MOST])}{more}."


def _refusals(arrival: _Arrival, page: str) -> dict[str, str]:
    """What is to be said, by the name that the address has; nothing of names that other sites may have added."""
    here = parameters_of(page)
    parts: dict[str, str] = {}
    for name, text in arrival.asked.items():
        if name not in {*here, *arrival.understood, *arrival.bound}:
            near = [known for known in here if known.endswith(f"-{name}")] or _near(name, here)
            if near or any(name in names for names in PARAMETERS.values()):
                parts[name] = f"this page has no setting {_quoted(name, 'of that name')}{_meant(near)}"
        elif name in arrival.bound:
            value, words = st.session_state.get(name), arrival.known[name]
            if text != st.query_params.get(name) and not _is_value(text, value, words):
                instead = f"“{value}” is shown" if not words or value in words else _USUAL
                parts[name] = _refused(name, text, words, instead)
        elif name in arrival.refused or arrival.understood.get(name) is False:
            parts[name] = _refused(name, text, arrival.known.get(name, []), _USUAL)
    return parts


def _refused(name: str, text: str, known: list[str], instead: str) -> str:
    """A value that makes no sense, of several words those that are not known."""
    words = [word for word in text.split(",") if word not in known] if known else [text]
    near = [match for word in words for match in _near(word, known)]
    instead = "and is left out" if known and len(words) < len(text.split(",")) else f"so {instead}"
    said = _quoted(",".join(words), "what it says") if text else "empty"
    return f"“{name}” cannot be {said}{_meant(near)}, {instead}"


def _near(word: str, known: list[str]) -> list[str]:
    """The name that is nearest; none that is near enough is an empty list."""
    return [near] if (near := nearest_name(word, known)) else []


def _meant(near: list[str]) -> str:
    return f" (did you mean “{near[0]}”?)" if near else ""


def _quoted(text: str, otherwise: str) -> str:
    return f"“{text}”" if _PLAIN.fullmatch(text) else otherwise


def _is_value(text: str, value: Any, words: Collection[str]) -> bool:
    """Whether a widget's value is what the address says."""
    if text in words or text.casefold() == str(value).casefold():
        return True
    try:
        return float(text) == float(value)
    except (TypeError, ValueError):
        return False
