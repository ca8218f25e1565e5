"""Pages of an amortised model: priors in the address and from the browser, and exports at the prior that is shown."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.config import Context, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.experiments.results import RESULTS, write_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.store.figures import Elbo, Figures
from tests.amortised_helpers import CONFIG, ELSEWHERE, save_amortised
from tests.app_helpers import Make, open_page
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


def how_near(at: AppTest) -> str:
    """The sentence about models that were trained for one prior alone."""
    found = [re.findall(r"How close .*?(?:alone|size)\.", caption.value) for caption in at.caption]
    (sentence,) = (each for sentences in found for each in sentences)
    return str(sentence)


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


def test_components_tells_how_near_it_is_to_models_that_were_trained_alike_for_one_prior(
    own_checkpoints: Path, make: Make
) -> None:
    _, checkpoint = save_amortised(own_checkpoints / NAME)
    make("aaa", "dlgmm", num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 1.0))
    at = open_page("components")
    assert at.selectbox(key="components-checkpoint").value == NAME
    assert json.loads(widget(at).proto.json)["measured"] is None
    assert how_near(at) == "How close it comes to such models has not been measured for its code size."

    def row(bound: float, config: ModelConfig, train: TrainConfig, context: Context | None = None) -> Row:
        return Row(
            model="dlgmm",
            dataset="mnist",
            eval_dataset="mnist",
            recipe="amortised",
            code_dim=config.code_dim,
            context=context,
            figures=Figures(Elbo("eq1", bound, 0.1)),
            model_config=config,
            train_config=train,
            checkpoint=NAME if context else f"other{bound}",
        )

    other = Context((0.0, 0.0, 0.5, 1.0), 2.0)
    train, longer = checkpoint.train_config, replace(checkpoint.train_config, max_epochs=7)
    rows = [
        row(-110.0, CONFIG, train, other),
        row(-120.0, CONFIG, train, ELSEWHERE),
        row(-100.0, replace(CONFIG.at(other), hidden=16), train),
        row(-90.0, CONFIG.at(other), longer),
    ]
    write_results(own_checkpoints, rows)
    at = open_page("components")
    measured = json.loads(widget(at).proto.json)["measured"]
    assert measured["priors"] == [
        [list(other.prior_means), 2.0, -110.0],
        [sorted(ELSEWHERE.prior_means), 0.05, -120.0],
    ]
    assert measured["bound"] == "eq1"
    assert how_near(at) == "How close it comes to such models has not been measured for its code size."
    rows += [row(-111.0, CONFIG.at(other), train)]
    write_results(own_checkpoints, rows)
    assert how_near(open_page("components")) == (
        "How close it comes was measured at 1 prior, of α 2: there, its bound eq1 on the test images is not below that"
        " of the model trained in the same way for that prior alone."
    )
    rows += [row(-109.39, CONFIG.at(other), train), row(-121.0, CONFIG.at(ELSEWHERE), train)]
    write_results(own_checkpoints, rows)
    assert how_near(open_page("components")) == (
        "How close it comes was measured at 2 priors, of α 0.05 and 2: there, its bound eq1 on the test images is at"
        " most 0.7 nats below that of the model trained in the same way for that prior alone."
    )
    (own_checkpoints / RESULTS).write_text("damaged", encoding="utf-8")
    assert json.loads(widget(open_page("components")).proto.json)["measured"] is None


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
