"""What tests of the page Your digit share: the figures and the charts of weights that it shows."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

__all__ = ["bars", "metrics_of"]


def metrics_of(at: AppTest) -> list[str]:
    return [metric.value for metric in at.metric]


def bars(at: AppTest) -> list[dict[str, Any]]:
    """What charts of weights draw."""
    found = (each.proto for each in at.main.get("bidi_component") if each.proto.component_name.endswith("weights"))
    return [json.loads(proto.json) for proto in found]
