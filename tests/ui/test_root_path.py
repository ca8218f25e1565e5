"""The app's root, wherever it lies: at the host's, at a path of its own, or below what mounts the app."""

import pytest
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config

from ui.root_path import base_path, below_root, path_in_app


@pytest.mark.parametrize("setting", ["", "lab", "/lab/", "a/b"])
@pytest.mark.parametrize("mount", ["", "/outer"])
def test_the_path_in_the_app_is_the_same_wherever_the_app_lies(
    setting: str, mount: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "get_option", lambda name: setting)
    root = mount + base_path()
    for path in ("", "components", "decoder/x/y", "lab", "laboratory"):
        scope = {"path": f"{root}/{path}", "root_path": mount}
        assert path_in_app(scope) == path
    route = Route("/maps/{name}", lambda request: Response(), methods=["POST"])
    (moved,) = below_root([route])
    assert moved.path == f"{base_path()}/maps/{{name}}" and moved.methods == {"POST"}
    assert base_path() == (f"/{setting.strip('/')}" if setting else "")
