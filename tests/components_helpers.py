"""The page of components without a browser: what it gives to the widget, and a browser's answer."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from dlgmm_core.config import ModelConfig
from tests.app_helpers import open_page

VIEW = {"same": True, "ink": False, "scales": False}


@dataclass
class Widget:
    """What the page gives to the browser, and a browser's answer."""

    at: AppTest

    @property
    def data(self) -> dict[str, Any]:
        assert not self.at.exception, self.at.exception
        (widget,) = self.at.main.get("bidi_component")
        found: dict[str, Any] = json.loads(widget.proto.json)
        return found

    @property
    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["now"]
        return found

    def floats(self, name: str, *shape: int) -> NDArray[np.float32]:
        return np.frombuffer(base64.b64decode(self.data[name]), "<f4").reshape(shape)

    def says(self, **answer: Any) -> None:
        (widget,) = self.at.main.get("bidi_component")
        self.at.session_state[str(widget.key)] = answer
        self.at.run()

    def moves(self, means: Sequence[float], deviations: Sequence[float] = (1.0,) * 5, **view: bool) -> None:
        self.says(now={"means": list(means), "scales": list(deviations), "view": VIEW | view})

    def chooses(self, name: str) -> None:
        self.at.selectbox(key="components-checkpoint").set_value(name).run()

    @property
    def link(self) -> dict[str, str]:
        """What the address says about the widget."""
        query = self.at.query_params
        return {name: "".join(query[name]) for name in ("means", "scales", "view", "noise") if name in query}


def open_components(**query: str) -> Widget:
    return Widget(open_page("components", **query))


def trained(config: ModelConfig) -> dict[str, Any]:
    own = {} if config.contexts is None else {"alpha": config.concentration, "compared": False}
    return {"means": list(config.prior_means), "scales": list(config.prior_scales), "view": VIEW, **own}
