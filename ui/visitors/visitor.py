"""Who is asking: a random number in a cookie, which appears in no link, page or file.

Runs belong to the visitor who started them. The cookie is set with the first page and outlives reloads
and the server; scripts in the browser cannot read it, and files keep only its digest.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from ui.root_path import base_path

__all__ = ["COOKIE", "VisitorCookie", "asking", "digest", "is_remembered", "on_behalf_of", "visitor"]

COOKIE = "dlgmm-visitor"
LIFETIME = 365 * 24 * 3600  # seconds
_behalf: ContextVar[str] = ContextVar("behalf", default="")  # for whom a thread works that runs no page


class VisitorCookie:
    """ASGI middleware that gives a visitor without the cookie a new one with the page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on; pages are the only documents asked for as HTML."""
        headers = dict(scope.get("headers", []))
        is_page = scope["type"] == "http" and b"text/html" in headers.get(b"accept", b"")
        if not is_page or COOKIE in HTTPConnection(scope).cookies:
            await self.app(scope, receive, send)
            return
        cookie = Response()
        secure = scope["scheme"] == "https"
        path = scope.get("root_path", "") + base_path() or "/"
        token = secrets.token_urlsafe(32)
        cookie.set_cookie(COOKIE, token, LIFETIME, path=path, secure=secure, httponly=True, samesite="lax")

        async def give(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.headers["set-cookie"].encode())]
            await send(message)

        await self.app(scope, receive, give)


def is_remembered() -> bool:
    """Whether the visitor will be recognised after a reload, which needs cookies."""
    return COOKIE in st.context.cookies


def visitor() -> str:
    """The digest of the visitor's cookie; without cookies, of a number that lasts until the page is reloaded."""
    token = st.context.cookies.get(COOKIE) or st.session_state.setdefault("visitor", secrets.token_urlsafe(32))
    return digest(token)


def asking() -> str:
    """The visitor whose page is running, or for whom the thread works; empty where the server itself works."""
    return _behalf.get() or (visitor() if get_run_yield_check() is not None else "")


@contextmanager
def on_behalf_of(who: str) -> Iterator[None]:
    """Lets a thread that runs no page work for a visitor."""
    before = _behalf.set(who)
    try:
        yield
    finally:
        _behalf.reset(before)


def digest(token: str) -> str:
    """What is stored instead of a cookie's value: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()
