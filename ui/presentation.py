"""Presentation mode: the main picture of a page alone, in larger type, for a projector.

A button in the sidebar or the key P enters it, and it is in the link as `present=1`. There the arrow keys, or those of
a presenter's remote control, turn to the next page or to the lesson's next step; Escape leaves.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.link_report import end_page
from ui.links import numbers_in_link, put_in_link
from ui.widgets import widget

__all__ = [
    "AWAITED",
    "GUIDED",
    "aside",
    "end_of_picture",
    "filling",
    "is_presented",
    "make_room_below_card",
    "page_title",
    "show_switch",
]

_LINK = _KEPT = "present"
GUIDED = "guided"  # in the session: whether a card above the page says what to do on it
AWAITED = "awaited"  # in the session: whether the card waits for a guess; the page shows what that is about alone
_TURNS = {"previous": -1, "next": 1}

_STYLE = """<style>
:root { font-size: max(112.5%, min(1.5vw, 2.67vh)); --prior: 140px; }
[data-testid=stSidebar], [data-testid=stExpandSidebarButton], [data-testid=stHeader] { display: none; }
[data-testid=stMainBlockContainer] { padding: .25rem 1.5rem 0; }
[data-testid=stMainBlockContainer] [data-testid=stVerticalBlock] { gap: .625rem; }
[data-testid=stMain] h1 { font-size: 1.5rem; padding: 0 7rem 0 0; }
[data-testid=stMain] h2 { font-size: 1.25rem; padding: .375rem 0 0; }
[data-testid=stMain]::before { display: none; }
.st-key-lesson-head { padding-right: 6.5rem; }
.st-key-awaited { padding-top: .75rem; }
[data-testid=stMain] img { image-rendering: pixelated; }
.st-key-presentation { position: fixed; top: .25rem; right: 1rem; z-index: 1000; width: auto; }
</style>"""

# Below the lesson's card: its heading tells the page, and its step has chosen what is compared.
_BELOW_CARD = """<style>
.st-key-lesson { padding: .5rem .75rem; }
.st-key-lesson button { min-height: 0; padding: .125rem .625rem; }
[data-testid=stMain] [data-testid=stHeading]:has(h1) { position: absolute; width: 1px; clip-path: inset(50%); }
[class*=st-key-][class*=-checkpoint], .st-key-plane-beside { display: none; }
</style>"""

_widget = widget("presentation", '<div class="present"></div>', "presentation", "presentation")


def is_presented() -> bool:
    """Whether the visitor sees presentation mode."""
    return bool(st.session_state.get(_KEPT, False))


def show_switch() -> int:
    """Draws the switch, in the sidebar or over the picture; returns by how many pages the visitor turns, mostly 0."""
    if _KEPT not in st.session_state:
        st.session_state[_KEPT] = numbers_in_link(_LINK, 1, 1, 1) is not None
    on = is_presented()
    put_in_link(_LINK, [1] if on else None)
    if on:
        st.html(_STYLE)
        buttons = [
            ("previous", "‹", "Previous page", "ArrowLeft PageUp"),
            ("next", "›", "Next page", "ArrowRight PageDown"),
            ("leave", "×", "Leave the presentation", "Escape P"),
        ]
        place = st.container(key="presentation")
    else:
        buttons = [("enter", "Present", "Present this page alone, in larger type: key P", "P")]
        place = st.sidebar
    with place:
        asked = _widget(
            key=f"presentation-{on}", data={"on": on, "buttons": buttons}, on_asked_change=lambda: None
        ).asked
    if asked == ("leave" if on else "enter"):
        st.session_state[_KEPT] = not on
        st.rerun()
    return _TURNS.get(asked, 0) if on else 0


def make_room_below_card() -> None:
    """Leaves out what a presented page need not show below the lesson's card, so that its picture is in sight."""
    if is_presented():
        st.html(_BELOW_CARD)


def page_title(title: str, words: str, help: str | None = None) -> None:
    """The page's title, with a tooltip, and in words what to do on it, unless it is presented or the lesson says it."""
    st.title(title, help=help)
    if not is_presented() and not st.session_state.get(GUIDED, False):
        st.write(words)


def aside(words: str) -> None:
    """What a figure shows, in words below it, unless it is presented: there, a speaker says it."""
    if not is_presented():
        st.caption(words)


def filling(key: str, least: int) -> DeltaGenerator:
    """A container for a chart that stretches: in a presentation down to the window's end, or `least` pixels tall."""
    if is_presented():
        height = f"max({least}px, calc(100vh - 5rem))"
        st.html(f"<style>.st-key-{key} [data-testid=stPlotlyChart] {{ height: {height}; }}</style>")
    return st.container(key=key)


def end_of_picture() -> None:
    """Ends a page that is presented: what follows is not part of its main picture."""
    if is_presented():
        end_page()
