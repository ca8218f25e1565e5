"""Where the app's root lies: at `server.baseUrlPath`, which may be any path, and below whatever mounts the app.

A proxy may strip a prefix that the server never sees, so the browser's own address says what is before the root
(`ui.serving.server`); the server knows what comes after it.
"""

from collections.abc import Iterable

from starlette.routing import Route
from starlette.types import Scope
from streamlit import config

__all__ = ["base_path", "below_root", "path_in_app"]


def base_path() -> str:
    """The path of the root, as "/lab" or "/a/b"; "" if it is that of the host."""
    parts = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{parts}" if parts else ""


def below_root(routes: Iterable[Route]) -> list[Route]:
    """The same routes below the root, as Streamlit's own are."""
    return [Route(base_path() + route.path, route.endpoint, methods=route.methods) for route in routes]


def path_in_app(scope: Scope) -> str:
    """What of a request's path comes after the root, without slashes around it: "" for the first page."""
    path: str = scope["path"]
    for prefix in (scope.get("root_path", ""), base_path()):
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
    return path.strip("/")
