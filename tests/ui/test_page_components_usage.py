"""The shares of components, the line where a mixture has collapsed, and a widget that sends nonsense."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from dlgmm_core.config import TrainConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import read_checkpoint, save_checkpoint
from tests.app_helpers import Make, make_mixture, open_page
from ui.components.usage import usage

pytestmark = pytest.mark.usefixtures("repository")


def data(at: AppTest) -> dict[str, Any]:
    """What the page gives to the browser."""
    assert not at.exception
    (widget,) = at.main.get("bidi_component")
    found: dict[str, Any] = json.loads(widget.proto.json)
    return found


def test_a_mixture_that_has_collapsed_is_shown_as_such(make: Make, own_checkpoints: Path) -> None:
    config = make_mixture(make, "collapsed", (0.0,) * 10, (1.0,) * 10).model_config
    model = build_model(config)
    state = model.state_dict()
    # raw a and b of the sticks, whatever the image: all that breaks off is the third piece
    raw = torch.full((2, 9), 0.0)
    raw[0, :2], raw[1, :2] = -4.0, 4.0
    raw[0, 2], raw[1, 2] = 4.0, -4.0
    state["layers.0.head.sticks.weight"].zero_()
    state["layers.0.head.sticks.bias"].copy_(raw.flatten())
    save_checkpoint(own_checkpoints / "collapsed", state, config, TrainConfig(), 3, -123.4)
    shares = usage(read_checkpoint(own_checkpoints / "collapsed"))
    assert shares == [float(k == 2) for k in range(10)]
    at = open_page("components")
    assert data(at)["usage"] == shares and data(at)["unused"] == 0.01
    (line,) = [caption.value for caption in at.caption if "less than 1 %" in caption.value]
    assert line.startswith("At the model's own prior, component 3 has 100 % of the test images") and line.endswith(
        "; 9 of 10 components are hardly used, with less than 1 % each."
    )


def test_a_mixture_whose_components_are_all_used_gets_no_such_line() -> None:
    at = open_page("components", components_checkpoint="mnist-dlgmm-clusters10-seed1")
    assert min(data(at)["usage"]) > 0.01 and sum(data(at)["usage"]) == pytest.approx(1)
    assert not [caption for caption in at.caption if "less than 1 %" in caption.value]


@pytest.mark.usefixtures("cache")
def test_shares_never_start_a_download(make: Make, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_mixture(make, "letters", (-1.0, 1.0), (1.0, 1.0)).model_config
    save_checkpoint(
        own_checkpoints / "letters", build_model(config).state_dict(), config, TrainConfig("omniglot"), 3, -123.4
    )
    asked: list[str] = []
    monkeypatch.setattr("ui.loaders.load_dataset", asked.append)
    at = open_page("components")
    at.selectbox(key="dataset").set_value("omniglot").run()
    assert data(at)["usage"] is None and not at.error and asked == []
    assert [caption.value for caption in at.caption if "downloaded" in caption.value] == [
        "How many test images each component has is not shown: Omniglot has not been downloaded yet."
    ]


@pytest.mark.parametrize(
    "now",
    [
        *(7, {}, {"means": [0], "scales": "x", "view": 3}, {"means": [True] * 5, "view": {"same": 1}}),
        {"means": [float("nan")] * 5, "scales": [1e300] * 5, "view": {}},
    ],
)
def test_bad_values_from_the_widget_change_nothing(now: object) -> None:
    at = open_page("components")
    (widget,) = at.main.get("bidi_component")
    before = data(at)["now"]
    for seed in (float("inf"), 0.5, True, "1"):
        at.session_state[str(widget.key)] = {"now": now, "seed": seed}
        at.run()
        assert (data(at)["now"], data(at)["seed"]) == (before, 0)
