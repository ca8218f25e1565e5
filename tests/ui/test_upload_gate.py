"""Uploads are counted before they are read: more than a person sends is refused unread."""

import pytest
from starlette.types import Receive, Scope, Send

from tests.asgi_helpers import asked
from ui.serving.upload_gate import UploadGate
from ui.visitors.limits import TRANSFERS, shared
from ui.visitors.visitor import COOKIE


@pytest.fixture(autouse=True)
def two_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_UPLOADS_PER_VISITOR", "2")
    shared.cache_clear()


def answer(path: str = "/_stcore/upload_file/session/file", method: str = "PUT", cookie: str = "") -> tuple[int, str]:
    """Status and text of the answer to a request whose body nobody may read."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    headers = {"cookie": f"{COOKIE}={cookie}"} if cookie else {}
    found = asked(UploadGate(app), path, headers, method=method, body=None)
    return found.status, found.body.decode()


def test_a_visitor_who_sends_more_than_any_page_takes_is_refused_in_every_tab() -> None:
    tabs = [f"/lab/_stcore/upload_file/tab-{number}/file" for number in range(2 * TRANSFERS)]
    assert [answer(tab, cookie="alice")[0] for tab in tabs] == [204] * (2 * TRANSFERS)
    status, words = answer(cookie="alice")
    assert status == 429
    assert words == (
        f"You have sent more files within a minute than one visitor may ({2 * TRANSFERS}): try again in 10 seconds."
    )
    assert answer(cookie="bob")[0] == 204


def test_without_cookies_sessions_are_counted() -> None:
    for _ in range(2 * TRANSFERS):
        assert answer()[0] == 204
    assert answer()[0] == 429
    assert answer("/_stcore/upload_file/another/file")[0] == 204


def test_nothing_but_files_is_counted() -> None:
    for _ in range(3 * TRANSFERS):
        assert answer("/components", "GET")[0] == answer(method="DELETE")[0] == 204
    assert answer()[0] == 204
