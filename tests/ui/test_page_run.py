"""The view of a run on the page of training: how it stands, its owner's buttons, its curves."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dlgmm_core.config import TrainConfig
from dlgmm_core.data.datasets import Dataset, Split
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.models import MODELS, build_model
from dlgmm_core.store.checkpoints import HISTORY, save_checkpoint
from dlgmm_core.store.history import EpochMetrics, write_history
from dlgmm_core.train.preview import Previews
from dlgmm_core.train.training import TrainingRun, fit
from tests.app_helpers import (
    ALICE,
    Make,
    Manager,
    begun,
    labels,
    one_error,
    open_page,
    press,
    selected,
    shown,
    start,
    turn_to,
)
from tests.disk_helpers import full_disk
from tests.experiment_helpers import blobs, contents
from tests.export_helpers import Lines, same, take
from ui.visitors.ownership import NOTE

pytestmark = pytest.mark.usefixtures("repository", "alice")

SLEEP = "import time; time.sleep(60)"
HISTORY_OF_TWO = [
    EpochMetrics(1, -200.0, -190.0, 1, -190.0, 3.0, (0.5, 0.3, 0.2)),
    EpochMetrics(2, -150.0, -155.0, 2, -155.0, 3.0, (0.4, 0.3, 0.3)),
]


@pytest.fixture
def unfinished(own_checkpoints: Path) -> Path:
    """A run of Alice's after its first epoch."""
    images: Split = blobs(0, 60)
    run = TrainingRun.start(paper_model("dlgmm", 2, hidden=4), TrainConfig(max_epochs=3))
    next(fit(run, Dataset("toy", images, images, images, tuple("abc"))))
    run.save(own_checkpoints / "mine")
    return begun(own_checkpoints, "mine")


# --- a run ---------------------------------------------------------------------------------------


def test_a_run_belongs_to_the_visitor_who_started_it(manager: Manager, own_checkpoints: Path) -> None:
    begun(own_checkpoints, "theirs", "somebody else")
    manager.run("theirs", "train", SLEEP)
    at = turn_to(start(), "train")
    assert labels(at) == ["Start training"] and not at.get("progress")
    assert not any("theirs" in box.value for box in (*at.info, *at.caption, *at.markdown))


def test_the_newest_run_is_shown_and_the_others_can_be_chosen(manager: Manager, own_checkpoints: Path) -> None:
    for name in ("one", "two"):
        begun(own_checkpoints, name)
    at = turn_to(start(), "train")
    assert at.selectbox(key="train-run").options == ["two", "one"]
    assert at.info[0].value.startswith("two was stopped")
    at.selectbox(key="train-run").set_value("one").run()
    assert at.info[0].value.startswith("one was stopped")
    linked = open_page("train", train_run="one")
    assert linked.info[0].value.startswith("one was stopped")
    press(at, "Start training")
    assert at.selectbox(key="train-run").value == "my-dlgmm"


def test_a_run_under_way_shows_how_far_it_is_and_can_be_paused(manager: Manager, unfinished: Path) -> None:
    job = manager.run("mine", "train", SLEEP)
    lines = ("  0.0 %, 0:00 passed", " 41.0 %, 0:04 passed, 0:06 left, train -150.250 nats")
    job.output = "\n".join(f"epoch 2: {line}" for line in lines).encode()
    at = turn_to(start(), "train")
    (bar,) = at.get("progress")
    assert bar.proto.value == 41
    assert bar.proto.text.startswith("mine is training: epoch 2 of at most 1,000, at most ")
    parts = json.loads(at.get("plotly_chart")[0].proto.spec)["data"][0]
    assert (parts["name"], parts["x"], parts["y"]) == ("training, parts of an epoch", [1.41], [-150.25])
    assert labels(at) == ["Pause", "Keep", "Delete the run", "Start training"]
    press(at, "Pause")
    assert not at.exception and not job.running
    assert [box.value for box in at.info] == ["mine is paused after epoch 1."]


def test_before_the_first_epoch_a_run_shows_the_bound_that_it_starts_from_and_how_far_its_fit_is(
    manager: Manager, own_checkpoints: Path
) -> None:
    begun(own_checkpoints, "mine")
    at = turn_to(start(), "train")
    told = "Starts from first, whose bound on training images is -95.250 nats."
    words = "Fitting the components to the codes of first, start 4 of 12 …"
    manager.run("mine", "train", SLEEP).output = f"{told}\n{words}\n".encode()
    at.run()
    (bar,) = at.get("progress")
    assert bar.proto.value == 25 and shown(bar.proto.text) == f"mine is training: {words}"
    (points,) = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    assert (points["x"], points["y"]) == ([0.0], [-95.25])
    assert "Samples of the model appear here in its first seconds." in [box.value for box in at.caption]


def test_samples_appear_within_the_first_epoch(manager: Manager, own_checkpoints: Path) -> None:
    run = TrainingRun.start(paper_model("dlgmm", prior_means=(-1.0, 0.0, 1.0), hidden=4), TrainConfig())
    Previews(run, begun(own_checkpoints, "mine"), 0).after_step(2, 5)
    manager.run("mine", "train", SLEEP)
    at = turn_to(start(), "train")
    (samples,) = (block.proto.body for block in at.get("html") if "run-samples" in block.proto.body)
    assert samples.count("<img") == 3
    words = "Samples of the prior after 0.4 epochs: always of the same noise."
    assert words in [box.value for box in at.caption]


def test_an_unfinished_run_can_be_resumed_after_the_servers_end(manager: Manager, unfinished: Path) -> None:
    at = turn_to(start(), "train")
    assert labels(at) == ["Resume", "Keep", "Delete the run", "Start training"]
    press(at, "Resume")
    assert not at.exception and not at.error
    assert manager.started == [("mine", "train", ["gauss-vae", "--name", "mine", "--resume"])]


def test_a_kept_run_is_listed_as_a_checkpoint_and_an_unfinished_one_is_not(manager: Manager, unfinished: Path) -> None:
    at = turn_to(start(), "train")
    assert selected(at).options == []
    press(at, "Keep")
    assert [box.value for box in at.success] == [
        "mine has ended; its best weights are among the checkpoints in the sidebar."
    ]
    assert selected(at).options == ["mine"]


def test_a_run_that_cannot_be_kept_for_want_of_room_stays_as_it_was(manager: Manager, unfinished: Path) -> None:
    at, before = turn_to(start(), "train"), contents(unfinished)
    with full_disk():
        press(at, "Keep")
    assert "cannot be written (File too large): make room on that disk and try again" in one_error(at)
    assert contents(unfinished) == before


@pytest.mark.parametrize("state", ["paused", "running"])
def test_a_cancelled_run_leaves_nothing(state: str, manager: Manager, unfinished: Path, own_checkpoints: Path) -> None:
    job = manager.run("mine", "train", SLEEP)
    if state == "paused":
        job.stop()
    at = press(turn_to(start(), "train"), "Delete the run")
    assert not job.running
    assert not at.exception and not list(own_checkpoints.iterdir())
    assert labels(at) == ["Start training"]


def test_before_the_first_epoch_there_is_nothing_to_keep_or_take_away_but_a_curve_of_its_parts(
    manager: Manager, own_checkpoints: Path
) -> None:
    begun(own_checkpoints, "mine")
    job = manager.run("mine", "train", SLEEP)
    at = turn_to(start(), "train")
    assert at.button(key="keep-mine").disabled and not at.button(key="pause-mine").disabled
    assert not at.get("plotly_chart") and not [each for each in at.get("popover") if "export" in each.proto.id]
    job.output = b"epoch 1:   5.0 %, 0:01 passed, 0:19 left, train -230.000 nats"
    (chart,) = at.run().get("plotly_chart")
    assert [trace["y"] for trace in json.loads(chart.proto.spec)["data"]] == [[-230.0]]
    press(at, "Pause")
    assert [box.value for box in at.info] == [
        "mine was stopped before the end of its first epoch: resuming starts it again."
    ]


def test_a_run_that_failed_says_why(manager: Manager, own_checkpoints: Path) -> None:
    begun(own_checkpoints, "mine")
    manager.ended("mine", "train", "raise SystemExit(1)")
    manager.jobs["mine"].output = b"epoch 1\rsomething\nerror: seed must be a whole number.\n"
    assert one_error(turn_to(start(), "train")) == "mine failed: error: seed must be a whole number."


def test_after_a_bound_that_is_not_finite_the_run_is_resumed_with_a_lower_learning_rate_for_good(
    manager: Manager, unfinished: Path
) -> None:
    manager.ended("mine", "train", "raise SystemExit(1)")
    manager.jobs["mine"].output = b"error: training stopped: resume with a learning rate below 0.0003.\n"
    at = turn_to(start(), "train")
    (rate,) = (field for field in at.number_input if field.label == "Learning rate from here on")
    assert (rate.value, rate.min, rate.max) == (3e-4, 1e-6, 1.0)
    rate.set_value(5e-5)
    press(at, "Resume")
    assert not at.exception and not at.error
    lower = ["gauss-vae", "--name", "mine", "--learning-rate", "5e-05"]
    assert manager.started == [("mine", "train", [*lower, "--resume"])]
    manager.jobs["mine"].process.wait()
    press(turn_to(start(), "train"), "Resume")
    assert manager.started[1:] == manager.started[:1]
    manager.jobs["mine"].process.wait()
    note = {"owner": ALICE, "arguments": ["gauss-vae", "--name", "mine", "--learning-rate", "2"]}  # no choice: too high
    (unfinished / NOTE).write_text(json.dumps(note), encoding="utf-8")
    at = turn_to(start(), "train")
    assert [field.value for field in at.number_input if field.label == "Learning rate from here on"] == [1.0]


def test_a_damaged_history_is_a_sentence(manager: Manager, own_checkpoints: Path) -> None:
    (begun(own_checkpoints, "mine") / HISTORY).write_text("epoch,colour\n1,red\n", encoding="utf-8")
    assert HISTORY in one_error(turn_to(start(), "train"))


@pytest.mark.parametrize(
    ("model", "title", "key"),
    [("dlgmm", "Components", "components-checkpoint"), ("gauss-vae", "Your digit", "digit-checkpoint")],
)
def test_a_run_that_has_ended_says_what_it_reached_and_opens_where_it_is_best_seen(
    model: str, title: str, key: str, manager: Manager, make: Make, own_checkpoints: Path
) -> None:
    components = MODELS[model].has_components
    changes = {"num_components": 2, "prior_means": (-1.0, 1.0), "prior_scales": (1.0, 1.0)} if components else {}
    make("mine", model, **changes)
    begun(own_checkpoints, "mine")
    usage = (0.995, 0.005) if components else ()
    bounds = (-150.0, -140.0, -123.4)
    history = [EpochMetrics(n, -130.0, bound, n, bound, 3.0, usage) for n, bound in enumerate(bounds, 1)]
    write_history(own_checkpoints / "mine", history)
    at = turn_to(start(), "train")
    (words,) = (text.value for text in at.markdown if "nats" in text.value)
    assert words.startswith("**−123.40 nats**, the best validation bound, in epoch 3 of 3 · ")
    assert ("**1 of 2** components have a mean weight of 1 % or more" in words) == components and words.endswith(
        "trained in **9 s**"
    )
    press(at, f"Open in {title}")
    assert [each.value for each in at.title] == [title] and at.selectbox(key=key).value == "mine"


# --- its curves ----------------------------------------------------------------------------------


@pytest.fixture
def ended(own_checkpoints: Path) -> Callable[..., list[dict[str, object]]]:
    """Opens the page on a run of that model that has ended, and returns its figures."""

    def show(model: str, train: TrainConfig | None = None) -> list[dict[str, object]]:
        config = paper_model(model, hidden=4)
        save_checkpoint(
            begun(own_checkpoints, "mine"), build_model(config).state_dict(), config, train or TrainConfig(), 2, -155.0
        )
        history = [replace(e, usage=e.usage if MODELS[model].has_components else ()) for e in HISTORY_OF_TWO]
        write_history(own_checkpoints / "mine", history)
        at = turn_to(start(), "train")
        (samples,) = (block.proto.body for block in at.get("html") if "run-samples" in block.proto.body)
        assert len(at.success) == 1
        assert samples.count("<img") == 5  # of the prior: equal components have the same samples
        return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]

    return show


def texts(figure: dict[str, object]) -> list[str]:
    return [note["text"] for note in figure["layout"].get("annotations", [])]  # type: ignore[attr-defined]


def test_a_mixtures_curves_bear_the_authors_level_and_the_use_of_its_components(
    ended: Callable[..., list[dict]], manager: Manager
) -> None:
    bounds, usage = ended("dlgmm")
    assert [trace["name"] for trace in bounds["data"]] == ["training", "validation", "best, kept"]
    assert texts(bounds) == ["the authors' run: −104.75"]
    low, high = bounds["layout"]["yaxis"]["range"]
    assert low < -155 and high > -104.75 and bounds["layout"]["shapes"][0]["y0"] == -104.75
    assert [trace["y"] for trace in usage["data"]] == [[0.5, 0.4], [0.3, 0.3], [0.2, 0.3]]
    assert len({trace["stackgroup"] for trace in usage["data"]}) == 1
    assert [figure["layout"]["xaxis"]["title"]["text"] for figure in (bounds, usage)] == ["epoch", "epoch"]


@pytest.mark.parametrize(
    ("model", "train", "level"),
    [
        ("gauss-vae", TrainConfig(), ["the authors' run: −103.24"]),
        ("sb-vae", TrainConfig(), []),
        ("gauss-vae", TrainConfig(bound="iwae"), []),
    ],
)
def test_without_a_known_level_or_without_a_mixture_the_chart_claims_none(
    model: str, train: TrainConfig, level: list[str], ended: Callable[..., list[dict]], manager: Manager
) -> None:
    (bounds,) = ended(model, train)
    assert texts(bounds) == level


@pytest.mark.parametrize("is_running", [False, True])
def test_the_curves_are_taken_away_with_their_epochs_also_while_there_come_more(
    is_running: bool, manager: Manager, unfinished: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_running:
        manager.run("mine", "train", SLEEP)
    write_history(unfinished, HISTORY_OF_TWO[:1])
    at = turn_to(start(), "train")
    write_history(unfinished, HISTORY_OF_TWO)
    exported = take(at, "run", monkeypatch)
    assert exported.words == {"figure": "bounds in training, nats per image", "run": "mine"}
    found = lines(exported, "bounds=[epoch.valid_bound for epoch in history], usage=[e.usage for e in history]")
    assert found["bounds"].tolist() == exported.table["valid_bound"].tolist() == [-190.0, -155.0]
    same(found["usage"], exported.table[["usage_1", "usage_2", "usage_3"]])
