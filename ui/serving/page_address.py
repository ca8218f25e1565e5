"""Addresses that nearly name a page: `/Components`, `/digit%20`, `/digit/notes` and `/overview`, as links are typed.

Streamlit answers all of them with its page, which knows no other case, and finds none of its own files where the
address has more than one part: the window stays blank. Here the visitor is sent on to the page that is meant; of a name
that there is none of, that page says so.
"""

from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.root_path import path_in_app

__all__ = ["FIRST", "PageAddress"]

FIRST = "overview"  # the page whose address is the root itself


class PageAddress:
    """ASGI middleware that answers such an address, where Streamlit would send its page, with the right one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on, and files and answers back as they are."""
        path = path_in_app(scope) if scope["type"] == "http" else ""
        meant = path.split("/")[0].strip().lower()
        meant = "" if meant == FIRST else meant
        if path == meant:
            await self.app(scope, receive, send)
            return
        place = _relative(path + "/" * scope["path"].endswith("/"), meant, scope["query_string"])
        is_page = False

        async def send_on(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                about = dict(message["headers"])
                is_file = b"content-disposition" in about  # that is downloaded, such as a model that is taken away
                is_page = about.get(b"content-type", b"").startswith(b"text/html") and not is_file
                if is_page:
                    headers = [(b"location", place), (b"content-length", b"0")]
                    message = {"type": message["type"], "status": 307, "headers": headers}
            elif is_page:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, send_on)


def _relative(path: str, meant: str, query: bytes) -> bytes:
    """The page's address from where the browser is: what a proxy has put before the root is not known here."""
    return b"".join([b"../" * path.count("/") or b"./", quote(meant).encode(), b"?" * bool(query), query])
