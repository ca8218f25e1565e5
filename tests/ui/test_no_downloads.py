"""On a server without a data set's files no visitor starts a download: only the server's administrator does."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data import sources
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.store.checkpoints import save_checkpoint
from tests.app_helpers import PAGES, Make, Manager, one_error, start, turn_to
from ui import loaders
from ui.jobs.manager import JobManager
from ui.training.runs import RunError, start_run

pytestmark = pytest.mark.usefixtures("repository", "cache")

ROOT = Path(__file__).resolve().parents[2]
WORDS = "is not on this computer, which downloads nothing by itself (DLGMM_DOWNLOAD): choose another data set"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been downloaded, on a server that its administrator has said nothing to."""
    found: list[str] = []
    monkeypatch.setenv(sources.DOWNLOAD, "0")
    monkeypatch.setattr(sources.pooch, "retrieve", lambda url, *_, **__: found.append(url))
    for name in ("binarized-mnist", "omniglot"):
        loaders._dataset.clear(name, None)
    return found


@pytest.fixture
def of_omniglot(own_checkpoints: Path) -> str:
    """A mixture of drawings, beside one of digits."""
    for name, dataset in (("drawings", "omniglot"), ("digits", "mnist")):
        config = ModelConfig("dlgmm", 3, 2, (-1.0, 1.0), (1.0, 1.0), hidden=4)
        recipe = replace(TrainConfig(), dataset=dataset)
        save_checkpoint(own_checkpoints / name, build_model(config).state_dict(), config, recipe, 1, -1.0)
    return "drawings"


@pytest.mark.parametrize("dataset", ["omniglot", "binarized-mnist"])
def test_the_choice_of_a_data_set_that_is_missing_is_a_sentence_and_no_download(
    dataset: str, asked: list[str], of_omniglot: str
) -> None:
    at, told = start(), set()
    for page in PAGES:
        at.selectbox(key="dataset").set_value(dataset)
        turn_to(at, page)
        if at.error:
            assert WORDS in one_error(at)
            assert f"have “{PROGRAM} data get {dataset}” run on it with DLGMM_DOWNLOAD=1." in one_error(at)
            told.add(page)
        assert len(at.error) <= 1
    assert {"clusters", "digit", "latent", "knn"} <= told and asked == []
    at.selectbox(key="dataset").set_value("mnist").run()
    assert not at.error and not at.exception


def test_a_run_on_a_data_set_that_is_missing_is_refused(asked: list[str], manager: Manager, make: Make) -> None:
    make("other")
    with pytest.raises(RunError, match=re.escape(WORDS)):
        start_run("alice", "mine", ["dlgmm", "--name", "mine", "--dataset", "omniglot", "--seed", "0"])
    at: AppTest = turn_to(start(), "train")
    at.selectbox(key="dataset").set_value("binarized-mnist").run()
    next(button for button in at.button if button.label == "Start training").click().run()
    assert WORDS in one_error(at) and not manager.started and asked == []
    assert [path.name for path in loaders.CHECKPOINTS.iterdir()] == ["other"]


def test_a_job_downloads_nothing_either(
    asked: list[str], of_omniglot: str, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = JobManager().start(of_omniglot, "evaluate", [of_omniglot, "--device", "cpu"])
    job.process.wait()
    assert job.failed and WORDS in job.last_line


@pytest.mark.parametrize(
    ("value", "becomes"), [(None, "0"), (" ", "0"), ("0", "0"), ("1", "1"), ("yes", "DLGMM_DOWNLOAD must be 0 or 1")]
)
def test_a_server_downloads_only_if_its_environment_says_so(value: str | None, becomes: str) -> None:
    environment = {name: text for name, text in os.environ.items() if name != sources.DOWNLOAD}
    if value is not None:
        environment[sources.DOWNLOAD] = value
    code = "import os; from ui.serving.downloads import refuse_downloads as r; r(); print(os.environ['DLGMM_DOWNLOAD'])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    assert (run.stdout or run.stderr).strip().startswith(becomes)
    assert (run.returncode == 0) == (becomes in ("0", "1"))


def test_the_app_says_so_before_its_server_begins() -> None:
    assert "\nrefuse_downloads()\n" in (ROOT / "app.py").read_text(encoding="utf-8").partition("app = ")[0]
