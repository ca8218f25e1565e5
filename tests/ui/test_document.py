"""What every page needs is written into Streamlit's document, and into nothing else that the server sends."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import streamlit
from starlette.types import Receive, Scope, Send

from tests.asgi_helpers import asked
from ui.paper import PAPER
from ui.serving.document import Document
from ui.theme import STYLE

SHIPPED = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
PAGE = {"accept": "text/html,application/xhtml+xml", "accept-encoding": "gzip", "if-none-match": "theirs"}


def answer(path: str, headers: Mapping[str, str], method: str = "GET") -> tuple[dict[bytes, bytes], bytes]:
    """Headers and body of what the middleware sends where the server sends Streamlit's document in two parts."""

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        assert b"if-none-match" not in dict(scope["headers"])
        own = [(b"content-length", str(len(SHIPPED)).encode()), (b"etag", b"theirs"), (b"last-modified", b"then")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": SHIPPED[:1000], "more_body": True})
        await send({"type": "http.response.body", "body": SHIPPED[1000:]})

    found = asked(Document(server), path, headers, method=method)
    return dict(found.headers), found.body


@pytest.mark.parametrize("path", ["/", "/components"])
def test_a_page_gets_scripts_before_those_of_streamlit_and_styles_before_those_of_pages(path: str) -> None:
    headers, document = answer(path, PAGE)
    assert headers == {b"content-length": str(len(document)).encode()}
    ours, theirs = document.index(b"window.dlgmmRoot ="), document.index(b'<script type="module"')
    assert ours < document.index(b"history.hasOwnSteps = true") < theirs
    styles = (STYLE + PAPER).encode()
    assert document.count(styles) == 1
    assert document.index(b"</head>") < document.index(styles) < document.index(b'id="root"')


@pytest.mark.parametrize(
    ("path", "accept", "method"),
    [
        ("/", "*/*", "GET"),
        ("/", "text/html", "HEAD"),
        ("/static/js/index.html", "text/html", "GET"),
        ("/_stcore/x", "", "GET"),
    ],
)
def test_everything_else_is_sent_as_it_is(path: str, accept: str, method: str) -> None:
    headers, body = answer(path, {"accept": accept}, method)
    assert body == SHIPPED and headers[b"etag"] == b"theirs"
    assert headers[b"content-length"] == str(len(SHIPPED)).encode()
