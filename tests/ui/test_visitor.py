"""The cookie that tells visitors apart: given once, with a page, and read as a digest."""

import hashlib
from http.cookies import SimpleCookie

import pytest
from starlette.types import Receive, Scope, Send
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from tests.asgi_helpers import asked
from ui.visitors.visitor import COOKIE, VisitorCookie


def given(cookies: str = "", accept: str = "text/html,*/*", scheme: str = "http") -> SimpleCookie:
    """The cookies that come with an answer to such a request."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kind", b"page")]})
        await send({"type": "http.response.body", "body": b"hello"})

    found = asked(VisitorCookie(page), "/train", {"accept": accept, "cookie": cookies}, scheme=scheme)
    assert found.body == b"hello" and found.headers[0] == (b"x-kind", b"page")
    return SimpleCookie("".join(value.decode() for name, value in found.headers if name == b"set-cookie"))


def test_a_new_visitor_gets_a_cookie_that_scripts_cannot_read_and_keeps_it() -> None:
    cookie = given()[COOKIE]
    assert len(cookie.value) >= 43  # 256 random bits
    assert cookie["httponly"] and cookie["samesite"] == "lax" and cookie["path"] == "/" and not cookie["secure"]
    assert int(cookie["max-age"]) > 10**7
    assert not given(f"other=1; {COOKIE}={cookie.value}")


def test_two_visitors_get_different_cookies() -> None:
    assert given()[COOKIE].value != given()[COOKIE].value


def test_over_https_the_cookie_never_travels_in_the_clear() -> None:
    assert given(scheme="https")[COOKIE]["secure"]


def test_what_is_no_page_sets_no_cookie() -> None:
    assert not given(accept="*/*")


def show() -> None:
    import streamlit as st

    from ui.visitors.visitor import is_remembered, visitor

    st.text(visitor())
    st.text(is_remembered())


def test_a_visitor_is_known_by_the_digest_of_the_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: "secret"})
    at = AppTest.from_function(show, default_timeout=60).run()
    assert [text.value for text in at.text] == [hashlib.sha256(b"secret").hexdigest(), "True"]


def test_without_cookies_a_visitor_is_known_until_the_page_is_reloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContextProxy, "cookies", {})
    one, other = (AppTest.from_function(show, default_timeout=60).run() for _ in range(2))
    names = [one.text[0].value, other.text[0].value]
    assert one.run().text[0].value == names[0] != names[1]
    assert one.text[1].value == "False"
