"""The page of training: a form that starts the run it describes, refusals in a sentence, and what became of runs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core import __main__ as cli
from dlgmm_core.checkpoints import HISTORY
from dlgmm_core.models import MODELS, build_model
from dlgmm_core.options import build_parser
from tests.app_helpers import Make, one_error, start, turn_to
from ui import jobs, training
from ui.jobs import Job

pytestmark = pytest.mark.usefixtures("repository")


class Manager:
    """Stands in for the manager of jobs: remembers what it was asked, and starts nothing."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, list[str]]] = []
        self.jobs: dict[str, Job] = {}

    def start(self, name: str, verb: str, arguments: list[str]) -> Job:
        self.started.append((name, verb, arguments))
        return self.run(name, verb, "pass")

    def run(self, name: str, verb: str, program: str) -> Job:
        process = subprocess.Popen([sys.executable, "-c", program])
        self.jobs[name] = Job(name, verb, process)
        return self.jobs[name]

    def get(self, name: str) -> Job | None:
        return self.jobs.get(name)

    def all(self) -> list[Job]:
        return list(self.jobs.values())


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager()
    for module in (jobs, training):
        monkeypatch.setattr(module, "job_manager", lambda: manager)
    yield manager
    for job in manager.all():
        job.process.kill()
        job.process.wait()


def fill(at: AppTest, **values: object) -> AppTest:
    """Fills in the form, by the beginnings of labels, and submits it."""
    for label, value in values.items():
        start = label.replace("_", " ")
        kinds = (*at.text_input, *at.number_input, *at.selectbox)
        (widget,) = (w for w in kinds if w.label.startswith(start))
        widget.set_value(value)
    (submit,) = (b for b in at.button if b.label == "Start training")
    submit.click().run()
    return at


@pytest.mark.parametrize(
    "name", ["", " ", "Big", "-x", "a b", "../up", "a/b", "ünï", "a" * 41, "..", "con.txt", "a\nb"]
)
def test_a_bad_name_is_refused_in_one_sentence(name: str, manager: Manager, shelf: Path) -> None:
    at = fill(turn_to(start(), "train"), Name=name)
    assert one_error(at).startswith("The name must be 1 to 40 small letters, digits and hyphens")
    assert not manager.started and not list(shelf.iterdir())


def test_a_name_that_is_taken_is_refused_in_one_sentence(manager: Manager, make: Make) -> None:
    make("mine")
    at = fill(turn_to(start(), "train"), Name="mine")
    assert "There is a checkpoint “mine” already" in one_error(at)
    assert not manager.started


@pytest.mark.parametrize("means", ["a b", "", "   ", "1;2", "0 0 nan", "inf 0", "-inf 0", "1e400"])
def test_bad_prior_means_are_refused_in_one_sentence(means: str, manager: Manager, shelf: Path) -> None:
    at = fill(turn_to(start(), "train"), Prior_means=means)
    one_error(at)
    assert not manager.started and not list(shelf.iterdir())


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ("-1.5 0 1.5", (-1.5, 0.0, 1.5)),
        ("-2,2", (-2.0, 2.0)),
        ("-0.00001 3", (-1e-5, 3.0)),
        ("1.2345678", (1.2345678,)),
    ],
)
def test_the_form_starts_the_run_that_it_describes(
    means: str, expected: tuple[float, ...], manager: Manager, shelf: Path
) -> None:
    at = turn_to(start(), "train")
    fill(at, Name="my-run", Bound="marginal", Epochs=7, Prior_means=means, Numbers_in_a_code=11, Seed=3)
    assert not at.exception and not at.error
    ((name, verb, arguments),) = manager.started
    assert (name, verb) == ("my-run", "train")
    options = build_parser().parse_args([verb, *arguments])
    model, recipe = cli._model_config(options), cli._train_config(options)
    assert (options.name, model.model, model.code_dim) == ("my-run", "dlgmm", 11)
    assert model.prior_means == expected and model.num_components == len(expected)
    assert (recipe.bound, recipe.max_epochs, recipe.seed, recipe.dataset) == ("marginal", 7, 3, "mnist")


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_starts_with_the_defaults_of_the_form(model: str, manager: Manager, shelf: Path) -> None:
    at = turn_to(start(), "train")
    at.selectbox(key="train-model").set_value(model).run()
    fill(at)
    ((_, verb, arguments),) = manager.started
    config = cli._model_config(build_parser().parse_args([verb, *arguments]))
    family = MODELS[model]
    assert (config.model, config.num_components) == (model, family.default_components)
    assert config.concentration == family.default_concentration
    build_model(replace(config, hidden=4))


def ended(manager: Manager, name: str, program: str) -> None:
    manager.run(name, "train", program).process.wait()


def test_a_run_that_failed_says_why(manager: Manager, shelf: Path) -> None:
    (shelf / "mine").mkdir()
    (shelf / "mine" / jobs.LOG).write_text("epoch 1\rsomething\nerror: seed must be a whole number.\n")
    ended(manager, "mine", "raise SystemExit(1)")
    assert one_error(turn_to(start(), "train")) == "mine failed: error: seed must be a whole number."


def test_a_run_that_ended_says_so_and_shows_its_history(manager: Manager, make: Make, shelf: Path) -> None:
    make("mine")
    header = "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n"
    (shelf / "mine" / HISTORY).write_text(f"{header}1,-200.0,-190.0,1,-190.0,3.0\n2,-150.0,-155.0,2,-155.0,3.0\n")
    ended(manager, "mine", "pass")
    at = turn_to(start(), "train")
    assert [box.value for box in at.success] == [
        "mine has ended; its best weights are among the checkpoints in the sidebar."
    ]
    (chart,) = at.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    assert [trace["name"] for trace in figure["data"]] == ["training", "validation", "best, kept"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "epoch"


def test_a_run_that_was_stopped_before_its_first_epoch_claims_no_weights(manager: Manager, shelf: Path) -> None:
    ended(manager, "mine", "raise SystemExit(130)")
    at = turn_to(start(), "train")
    assert not at.success and not at.error
    assert any("mine was stopped before its first epoch" in box.value for box in at.info)


def test_a_running_run_can_be_cancelled(manager: Manager, shelf: Path) -> None:
    job = manager.run("mine", "train", "import time; time.sleep(60)")
    at = turn_to(start(), "train")
    assert any("mine is training" in caption.value for caption in at.caption)
    at.button(key="cancel-mine").click().run()
    assert not at.exception and not job.running


def test_a_damaged_history_is_a_sentence(manager: Manager, shelf: Path) -> None:
    (shelf / "mine").mkdir()
    (shelf / "mine" / HISTORY).write_text("epoch,colour\n1,red\n")
    ended(manager, "mine", "pass")
    assert HISTORY in one_error(turn_to(start(), "train"))


def test_measuring_starts_an_evaluation_of_that_checkpoint(manager: Manager, make: Make) -> None:
    make("raw")
    at = turn_to(start(), "likelihood")
    at.button(key="measure-raw").click().run()
    assert not at.exception
    assert manager.started == [("raw", "evaluate", ["raw"])]
