"""What tests of the page of latent space share: made-up maps, and a stand-in for the browser."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig, save_map
from tests.app_helpers import open_page
from ui import loaders

SETTINGS = ProjectionConfig(perplexity=12, iterations=34, seed=56)
NOW = {"colour": "class", "mode": "pan", "only": None, "images": [], "group": None}


def map_of(checkpoint: Checkpoint) -> Checkpoint:
    """With a map of the test set, made up."""
    size = len(loaders.dataset(checkpoint.train_config.dataset).test)
    places = np.random.default_rng(len(checkpoint.name)).normal(size=(size, 2)).astype(np.float32)
    save_map(checkpoint, places, SETTINGS)
    return checkpoint


@dataclass
class Maps:
    """What the page gives to the browser, and a browser's answers."""

    at: AppTest
    turn: int = 0

    def widget(self, part: str) -> Any:
        assert not self.at.exception, self.at.exception
        (found,) = (w for w in self.at.main.get("bidi_component") if f"live_{part}" in w.proto.component_name)
        return found

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.widget("maps").proto.json)
        return found

    @property
    def path(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.widget("path").proto.json)
        return found

    @property
    def names(self) -> list[str]:
        return [each["name"] for each in self.data["maps"]]

    def says(self, **now: Any) -> None:
        self.turn += 1
        self.hears({"now": {**NOW, "turn": self.turn, **now}})

    def hears(self, answer: Any, part: str = "maps") -> None:
        self.at.session_state[str(self.widget(part).key)] = answer
        self.at.run()

    @property
    def link(self) -> dict[str, str]:
        query = self.at.query_params
        return {name: "".join(query[name]) for name in ("maps", "image", "only", "colour", "at") if name in query}


def open_maps(**query: str) -> Maps:
    return Maps(open_page("latent", **query))
