"""What tests of limits on pages share: a visitor who has used everything up, and how a refusal has to read."""

import base64
import io
import json
from collections.abc import Callable

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app_helpers import ALICE
from ui.visitors.limits import shared

USED_UP = "You have used up your share of computing (300 s in ten minutes): try again in "


def use_up(who: str = ALICE) -> None:
    shared().seconds.spend(who, 1000)


def forgive() -> None:
    shared.cache_clear()


def one_refusal(at: AppTest) -> str:
    assert not at.exception and not at.error
    (box,) = at.warning
    text: str = box.value
    assert "\n" not in text and text.endswith(".")
    return text


def figures(at: AppTest) -> list[str]:
    return [metric.value for metric in at.metric]


def names_drawn(at: AppTest) -> list[str]:
    charts = at.get("plotly_chart")
    return [trace["name"] for trace in json.loads(charts[0].proto.spec)["data"] if "name" in trace] if charts else []


def picture(level: int, paper: int = 230, ink: int = 30) -> bytes:
    """A bar, the broader the higher the level."""
    levels = np.full((120, 90), paper, np.uint8)
    levels[20:100, 40 : 50 + level] = ink
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()


def send(at: AppTest, level: int) -> None:
    at.file_uploader[0].set_value((f"{level}.png", picture(level), "image/png")).run()


def draw(at: AppTest, level: int) -> None:
    content = base64.b64encode(picture(level, paper=0, ink=255)).decode()
    at.session_state["digit-pad-picture"] = f"data:image/png;base64,{content}"
    at.run()


def forget(*kept: Callable[..., object]) -> None:
    """What is kept costs nothing, so nothing may be kept of other tests."""
    for each in kept:
        each.clear()  # type: ignore[attr-defined]
