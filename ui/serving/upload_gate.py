"""Uploads are counted before they are read, and refused beyond what a person sends.

Pages limit the pictures of a minute themselves (`ui.visitors.limits`). But Streamlit keeps uploaded files in memory
before a page runs, and a script could fill it without any page.
"""

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.visitors.limits import shared
from ui.visitors.shares import Refused
from ui.visitors.visitor import COOKIE, digest

__all__ = ["UploadGate"]

_UPLOADS = "/_stcore/upload_file/"


class UploadGate:
    """ASGI middleware that answers 429 to files beyond what visitors may send."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on, except for too many files."""
        if scope["type"] == "http" and scope["method"] in ("PUT", "POST") and _UPLOADS in scope["path"]:
            session = scope["path"].partition(_UPLOADS)[2].partition("/")[0]
            try:
                shared().transfers.count(digest(HTTPConnection(scope).cookies.get(COOKIE, session)))
            except Refused as refusal:
                await PlainTextResponse(str(refusal), 429)(scope, receive, send)
                return
        await self.app(scope, receive, send)
