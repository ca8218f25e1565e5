"""Requests to a server's parts without a server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message

__all__ = ["Answer", "asked"]


@dataclass(frozen=True)
class Answer:
    """What an app has answered.

    Attributes:
        status: as 200.
        headers: in their order; a name may come twice.
        body: all parts of it.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def asked(
    app: ASGIApp,
    path: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    scheme: str = "http",
    query: str = "",
    body: bytes | None = b"",
) -> Answer:
    """An app's answer to a request, whose body must not be read where it is None."""
    sent: list[Message] = []

    async def receive() -> Message:
        assert body is not None, "the body was read"
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    start, *parts = sent
    return Answer(start["status"], list(start["headers"]), b"".join(part.get("body", b"") for part in parts))
