"""Steps of the lesson about what may not be there: left out, or opened as they tell."""

import json
import re
import shutil
from pathlib import Path

import pytest

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import pixel_entropy
from dlgmm_core.analysis.plane_survey import read_survey
from dlgmm_core.config import Context
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.store.checkpoints import read_checkpoint
from tests.amortised_helpers import CONFIG, save_amortised
from tests.app_helpers import Make
from tests.fixtures import CHECKPOINTS
from tests.lesson_helpers import ALWAYS, answer, card_of, compared, open_step, press, words
from ui.lesson.modes import MODEL
from ui.lesson.steps import STEPS, offered_steps

pytestmark = pytest.mark.usefixtures("repository", "forgotten")


def test_steps_about_what_is_not_there_are_left_out_and_the_last_one_sums_up(
    own_checkpoints: Path, make: Make, copied: Path, few_digits: Dataset
) -> None:
    assert len(offered_steps()) == ALWAYS + 1  # the one about layers, too
    mixture = {"num_components": 3, "prior_means": (-1.0, 0.0, 1.0), "prior_scales": (1.0,) * 3}
    make("mnist-dlgmm-clusters10", "dlgmm", **mixture)
    assert [step.title for step in offered_steps()[ALWAYS:-1]] == ["Class or style?"]  # the ninth, for now
    at = open_step(9, "components")
    answer(at, STEPS[9])
    assert at.selectbox(key="components-checkpoint").value == "mnist-dlgmm-clusters10"
    assert "| Step | Your guess |" not in words(at)
    press(at, "Next")
    assert card_of(at) == ["Step 10 of 10: Several layers"]
    answer(at, STEPS[10])
    for row in ("| 9. Class or style? | one whole digit |", "| 10. Several layers | 42 codes | 289 codes |"):
        assert row in words(at)
    shutil.copy(copied / RESULTS, own_checkpoints)
    save_amortised(own_checkpoints / "turned")
    assert offered_steps() == STEPS[:-1]
    answer(open_step(9), STEPS[8])
    assert "| 9. What does a mixture gain? | 42.0 nats |" in words(open_step(12))
    for text in ("damaged", '["damaged"]'):
        (own_checkpoints / RESULTS).write_text(text, encoding="utf-8")
        assert len(offered_steps()) == ALWAYS + 3
        at = open_step(7)  # which asks for what is recorded
        assert any(RESULTS in box.value for box in at.info) and not at.exception


def test_the_step_about_layers_opens_a_tree(make: Make) -> None:
    mixture = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0), "layers": 2}
    make("line", "dlgmm", code_dims_below=(2,), components_below=(1,), **mixture)
    make("tree", "dlgmm", code_dims_below=(2,), components_below=(3,), **mixture)
    make("plain", "gauss-vae")
    at = open_step(len(offered_steps()), "components")
    assert card_of(at) == ["Step 9 of 9: Several layers"]
    assert at.selectbox(key="components-checkpoint").value == "tree"


def test_the_step_about_retraining_opens_the_moved_prior_with_both_decoders(own_checkpoints: Path) -> None:
    model, _ = save_amortised(own_checkpoints / "turned")
    at = open_step(10, "components")
    assert card_of(at) == ["Step 10 of 10: Retrain"]
    answer(at, STEPS[11])
    means = (-1.5, -0.5, 2.0, 1.5)
    entropies = [
        pixel_entropy(component_samples(each, means, CONFIG.prior_scales, 200)[2]).mean()
        for each in (model.at(Context(means, 1.0)), model.at())
    ]
    found = "less certain" if entropies[0] > entropies[1] else "more certain"
    assert compared(at)["The answer"] == found
    (widget,) = at.main.get("bidi_component")
    now = json.loads(widget.proto.json)["now"]
    assert (tuple(now["means"]), now["compared"]) == (means, True)
    assert at.query_params["compared"] in ("1", ["1"])


def test_the_step_about_the_second_mode_opens_its_digit_and_model() -> None:
    at = open_step(13)
    assert card_of(at) == ["Step 13 of 13: The second mode"]
    assert not at.main.get("bidi_component")  # the picture comes after the guess
    answer(at, STEPS[12])
    survey = read_survey(read_checkpoint(CHECKPOINTS / MODEL))
    assert survey is not None and at.number_input(key="digit-index").value == survey.divided[0]
    assert at.selectbox(key="plane-checkpoint").value == MODEL
    assert len(at.main.get("bidi_component")) == 3
    outcome = STEPS[12].measure()
    assert outcome is not None and len(re.findall(r"\d+ % of the mass", outcome.because)) >= 2
