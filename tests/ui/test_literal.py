"""Text of visitors as Markdown that shows it as it is."""

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from tests.app_helpers import shown
from ui.literal import literal, sentence


@each(st.text())
def test_nothing_is_lost_and_nothing_is_marked_up(text: str) -> None:
    for said in (literal(text), sentence(text)):
        assert shown(said) == text.replace("\u2060", "")
        assert all(said[i - 1] == "\\" for i, sign in enumerate(said) if sign in "*_`$<[~&")


@pytest.mark.parametrize(
    ("text", "broken"),
    [("a -> b", "-\u2060>"), (":cat:", ":\u2060cat:"), (":red[a]", ":red[a]"), ("x >= 1", ">\u2060=")],
)
def test_signs_that_streamlit_draws_of_others_are_kept_apart(text: str, broken: str) -> None:
    assert broken in sentence(text).replace("\\", "")


def test_addresses_in_names_are_no_links_and_those_in_sentences_are() -> None:
    for text in ("https://x.example", "www.x.example", "a@x.example"):
        assert "\u2060" in literal(text) and "\u2060" not in sentence(text)


@pytest.mark.parametrize(
    "text", [":red[a]", "# a", "- a", "1. a", "+ a", "**a**", "a_b_", "<b>", "&amp;", "$a$", "`a`"]
)
def test_what_would_be_markup_is_escaped(text: str) -> None:
    assert "\\" in literal(text)
