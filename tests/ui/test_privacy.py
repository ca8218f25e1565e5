"""Two visitors on every page: neither sees a run of the other's, until it is published."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import WEIGHTS, save_metrics
from tests.app_helpers import PAGES, Make, Manager, begun, make_mixture, selected, start, turn_to
from tests.latent_helpers import map_of
from ui.training.ended_runs import publish_run
from ui.training.runs import runs_of
from ui.visitors.visitor import COOKIE

pytestmark = pytest.mark.usefixtures("repository", "few_digits")

BOB = hashlib.sha256(b"bob").hexdigest()
Visit = Callable[[str], None]


@pytest.fixture
def visit_as(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Lets another visitor come."""
    return lambda who: monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: who})


@pytest.fixture
def bobs(make: Make, manager: Manager, own_checkpoints: Path) -> None:
    """A mixture of everybody's; and of Bob's one that has ended, a damaged one, and one in progress."""
    ours = map_of(make_mixture(make, "common", (-1.0, 1.0), (1.0, 1.0)))
    theirs = map_of(make_mixture(make, "bobs-own", (-2.0, 2.0), (1.0, 1.0)))
    for checkpoint in (ours, theirs):
        save_metrics(checkpoint, {"test": {"mnist": {"nll": {"50": {"value": 99.5, "ci95": 0.5, "ess": 9.0}}}}})
    for name in ("bobs-own", "bobs-damaged", "bobs-running"):
        begun(own_checkpoints, name, BOB)
    (own_checkpoints / "bobs-damaged" / WEIGHTS).write_bytes(b"no weights")
    for name, verb in (("bobs-own", "map"), ("bobs-running", "train")):
        manager.run(name, verb, "import time; time.sleep(60)", BOB)


def protos(node: Any) -> Iterator[str]:
    """What a page, or a part of it, sends to the browser."""
    yield str(getattr(node, "proto", ""))
    for child in getattr(node, "children", {}).values():
        yield from protos(child)


def sent(at: AppTest, *, without_sidebar: bool = False) -> str:
    return "\n".join(protos(at.main if without_sidebar else at._tree))


@pytest.mark.parametrize("page", PAGES)
def test_a_run_is_on_its_owners_pages_and_on_nobody_elses(
    page: str, bobs: None, few_digits: Dataset, visit_as: Visit
) -> None:
    def opened(who: str) -> AppTest:
        visit_as(who)
        at = start()
        assert not at.exception
        return at if page == "overview" else turn_to(at, page)

    assert "bobs" not in sent(opened("alice"))
    of_bob = opened("bob")
    shows_none = page in ("glossary", "plane")  # or only of codes of two numbers
    assert "bobs-own" in sent(of_bob, without_sidebar=True) or shows_none
    assert "bobs-damaged" in sent(of_bob)
    assert selected(of_bob).value == ["bobs-own", "common"]

    publish_run(next(run for run in runs_of(BOB) if run.name == "bobs-own"), published=True)
    of_alice = opened("alice")
    choice = selected(of_alice)
    assert choice.options == ["bobs-own", "common"] and choice.value == ["common"]
    assert not any(name in sent(of_alice) for name in ("bobs-damaged", "bobs-running"))
    (groups,) = (each for each in of_alice.button_group if each.label == "Models")
    assert groups.options == ["Yours", "The class's"] and groups.value == ["Yours"]


def test_a_link_to_a_run_of_anothers_names_nothing(bobs: None, visit_as: Visit) -> None:
    visit_as("alice")
    at = start()
    at.query_params.update({"models": "bobs-own", "components-checkpoint": "bobs-own", "train-run": "bobs-running"})
    for page in ("components", "train"):
        turn_to(at, page)
        assert "bobs" not in sent(at) and selected(at).value == ["common"]
