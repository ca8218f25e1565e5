"""Addresses that nearly name a page lead to it; files and answers of other addresses stay as they are."""

from urllib.parse import unquote, urljoin

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send
from streamlit import config

from tests.asgi_helpers import asked
from ui.serving.page_address import PageAddress


@pytest.fixture(params=["", "lab"])
def root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the app's root."""
    monkeypatch.setattr(config, "get_option", lambda name: request.param)
    return f"/{request.param}/" if request.param else "/"


def answered(root: str, path: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of the answer by an app like Streamlit's: pages, files to download, the health check."""

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["path"] != f"{root}_stcore/health"
        named = {"content-disposition": "attachment"} if scope["path"].endswith(".html") else None
        answer = HTMLResponse("page", headers=named) if is_page else PlainTextResponse("ok")
        await answer(scope, receive, send)

    place, _, query = path.partition("?")
    found = asked(PageAddress(streamlit), unquote(root + place), {}, query=query)
    return found.status, dict(found.headers), found.body


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("Components?present=1", "components?present=1"),
        ("digit%20", "digit"),
        ("digit/notes", "digit"),
        ("Digit/", "digit"),
        ("plane/x/?a=b&c=%20", "plane?a=b&c=%20"),
        ("Overview?present=1", "?present=1"),
        ("overview/x", ""),
        ("nowhere/at/all", "nowhere"),
        ("a%0d%0aset-cookie:x/b", "a%0D%0Aset-cookie%3Ax"),
        ("http:/example.org/x", "http%3A"),
        ("\N{GREEK CAPITAL LETTER SIGMA}", "%CF%83"),
    ],
)
def test_what_nearly_names_a_page_leads_to_it(root: str, path: str, page: str) -> None:
    status, headers, body = answered(root, path)
    assert (status, body) == (307, b"")
    asked = f"http://proxy.example/before{root}{path}"  # a proxy's own path, of which the server knows nothing
    assert urljoin(asked, headers[b"location"].decode()) == f"http://proxy.example/before{root}{page}"


@pytest.mark.parametrize("path", ["", "components", "components/", "nowhere", "?x=/A/b", "media/0.html"])
def test_a_page_and_what_is_no_page_are_answered_as_before(root: str, path: str) -> None:
    assert answered(root, path)[::2] == (200, b"page")
    assert answered(root, "_stcore/health")[::2] == (200, b"ok")
