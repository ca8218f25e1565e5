"""Files counted at the door: what no person sends is turned away before it is read.

A page takes so many pictures a minute and says so in a sentence (`ui.visitors.limits`). Its widget keeps files in
memory before the page hears of them, and a script could fill that without any page.
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
        """Passes everything on, but for files that are too many."""
        if scope["type"] == "http" and scope["method"] in ("PUT", "POST") and _UPLOADS in scope["path"]:
            session = scope["path"].partition(_UPLOADS)[2].partition("/")[0]
            try:
                shared().transfers.count(digest(HTTPConnection(scope).cookies.get(COOKIE, session)))
            except Refused as refusal:
                await PlainTextResponse(str(refusal), 429)(scope, receive, send)
                return
        await self.app(scope, receive, send)
