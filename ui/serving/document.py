"""The document in which Streamlit shows all pages: what is the same on each is in it once, and in no run of a page.

On a link such as `/components`, Streamlit's document looks for its server under `/components/` first, and two failed
requests later under `/`. Writing the server's address into it avoids both, and tells our widgets where to fetch from.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.paper import PAPER
from ui.root_path import path_in_app
from ui.theme import STYLE
from ui.widgets import scripts

__all__ = ["Document"]

# The root is the page's address without the parts that come after it, of which a page has none or one.
_ADDRESS = """
window.dlgmmRoot = location.origin + location.pathname.replace(/(\\/[^/]+){%d}\\/*$/, "") + "/";
window.__streamlit = { BACKEND_BASE_URL: window.dlgmmRoot };
"""
_SCRIPTS = scripts("history", "paper", "whole_names")
_STYLES = STYLE + PAPER
# of a request: a compressed answer cannot be written into, and "not modified" would be said of Streamlit's file alone
_NOT_PASSED_ON = (b"accept-encoding", b"if-none-match", b"if-modified-since")


class Document:
    """ASGI middleware that writes the server's address, our scripts and our styles into Streamlit's document.

    It is meant for paths of at most one part below the root, which is where all pages are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on; pages, the only documents asked for as HTML, get what is written into them."""
        headers = dict(scope.get("headers", []))
        is_get = scope["type"] == "http" and scope["method"] == "GET"
        is_page = is_get and b"text/html" in headers.get(b"accept", b"")
        path = path_in_app(scope) if is_page else ""
        if not is_page or "/" in path:
            await self.app(scope, receive, send)
            return
        plain = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k not in _NOT_PASSED_ON]}
        start: Message = {}
        body = b""

        async def insert(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = _with_ours(body, is_below_root=bool(path))
            response_headers = MutableHeaders(scope=start)
            for name in ("etag", "last-modified"):  # of Streamlit's file, which outlives a change of ours
                del response_headers[name]
            if "content-length" in response_headers:
                response_headers["content-length"] = str(len(whole))
            await send(start)
            await send({"type": "http.response.body", "body": whole})

        await self.app(plain, receive, insert)


def _with_ours(document: bytes, *, is_below_root: bool) -> bytes:
    """Scripts come before Streamlit's; styles after its own, and before those of a page, which may change them."""
    head = f"<head><script>{_ADDRESS % is_below_root}{_SCRIPTS}</script>".encode()
    return document.replace(b"<head>", head, 1).replace(b"<body>", b"<body>" + _STYLES.encode(), 1)
