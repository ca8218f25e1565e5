"""A browser that turns a page draws the widgets of the run that came last, and tells the server what it has drawn."""

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from tests.app_helpers import PAGES, open_page

LINKS = {
    "digit": {"digit-index": "3", "digit-view": "Stick", "digit-models": "mnist-dlgmm-tuned"},
    "latent": {"image": "3,4"},
    "plane": {"digit-index": "8"},
    "train": {"train-preset": "Everything by hand", "train-model": "DLDPMM", "train-seed": "7"},
}


@pytest.mark.usefixtures("repository", "alice")
@pytest.mark.parametrize(("page", "query"), [*((page, {}) for page in [*PAGES, "kumaraswamy"]), *LINKS.items()])
def test_a_widget_that_no_browser_has_drawn_yet_is_told_its_value_again(page: str, query: dict[str, str]) -> None:
    """Else it would be drawn at its default, and the server would be told that its visitor has chosen that."""
    at = open_page(page, **query)
    at._run(WidgetStates())  # of a browser that has drawn nothing
    state = at.session_state._state._state  # type: ignore[attr-defined]
    told = {
        node.proto.id: node.proto.set_value for node in at._tree if hasattr(getattr(node, "proto", None), "set_value")
    }
    defaults = {key: state._new_widget_state.widget_metadata[key].deserializer(None) for key in told}
    assert len(told) >= 3
    assert [key for key, is_told in told.items() if not is_told and state[key] != defaults[key]] == []
