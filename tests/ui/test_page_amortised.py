"""Pages of an amortised model: priors in the address and from the browser, and exports at the prior that is shown."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.data.datasets import load_dataset
from tests.amortised_helpers import CONFIG, ELSEWHERE, save_amortised
from tests.app_helpers import open_page
from tests.export_helpers import Lines, same, take

NAME = "turned"
MEANS = "1.25,-0.5,2,-1.75"


def widget(at: AppTest) -> Any:
    """The first of the page."""
    assert not at.exception, at.exception
    return at.main.get("bidi_component")[0]


def now(at: AppTest) -> tuple[tuple[float, ...], float]:
    found = json.loads(widget(at).proto.json)["now"]
    return tuple(found["means"]), found["alpha"]


def test_both_pages_show_and_export_the_prior_in_the_address(
    own_checkpoints: Path, few_digits: None, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = save_amortised(own_checkpoints / NAME)
    there = model.at(ELSEWHERE)
    at = open_page("components", means=MEANS, alpha="0.05", compared="1", noise="2")
    assert now(at) == (ELSEWHERE.prior_means, 0.05)
    exported = take(at, "components", monkeypatch)
    rows = [exported.pixels(row=f"component {k}") for k in range(1, 5)]
    same(lines(exported, "rows=rows")["rows"], rows)
    same(np.array(rows), component_samples(there, ELSEWHERE.prior_means, (0.8,) * 4, 16, 2))
    assert exported.words["α"] == "0.05"
    at = open_page("digit", digit_index="4", means=MEANS, alpha="0.05")
    exported = take(at, "turned-weights", monkeypatch)
    weights = lines(exported, "weights=weights")["weights"]
    same(weights, exported.table["E[π|x]"].to_numpy())
    expected = expected_weights(there, load_dataset("mnist").test.binary[4:5])
    assert expected is not None
    same(weights, expected[0])


@pytest.mark.parametrize("page", ["components", "digit"])
def test_a_prior_that_the_model_does_not_know_is_taken_from_neither_address_nor_browser(
    page: str, own_checkpoints: Path, few_digits: None
) -> None:
    save_amortised(own_checkpoints / NAME)
    own = CONFIG.prior_means, CONFIG.concentration
    at = open_page(page, means="3,0,0,0", alpha="9", scales="2,2,2,2", digit_index="4")
    assert now(at) == own
    hostile: list[Any] = [{"means": [9] * 4, "alpha": -1}, {"means": None, "alpha": "x", "scales": [2] * 4}, 3]
    for answer in hostile:
        at.session_state[str(widget(at).key)] = {"now": answer}
        assert now(at.run()) == own
    at.session_state[str(widget(at).key)] = {"now": {"means": list(ELSEWHERE.prior_means), "alpha": 0.05}}
    at.run()
    assert ["".join(at.query_params[name]) for name in ("alpha", "means")] == ["0.05", MEANS]
    assert now(at) == (ELSEWHERE.prior_means, 0.05)
