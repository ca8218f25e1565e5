"""On a server without a data set's files no visitor starts a download: only the server's administrator does."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.__main__ import main
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data import sources
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.store.checkpoints import save_checkpoint
from tests.app_helpers import PAGES, Make, Manager, one_error, start, turn_to
from tests.cli_helpers import handlers_kept
from ui import loaders
from ui.jobs import child_process
from ui.jobs.manager import JobManager
from ui.serving.downloads import refuse_downloads
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


def test_a_job_inherits_the_refusal_and_fails_with_that_sentence(
    asked: list[str],
    of_omniglot: str,
    own_checkpoints: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    telling = tmp_path / "python"
    telling.write_text(f'#!/bin/sh\necho "${sources.DOWNLOAD}" "$@"\n', encoding="utf-8")
    telling.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(telling))
        job = JobManager().start(of_omniglot, "evaluate", [of_omniglot, "--device", "cpu"])
    job.process.wait()
    begins, command = f"0 -m {child_process.__name__} ", ["evaluate", of_omniglot, "--device", "cpu"]
    assert job.last_line == begins + " ".join([*command, "--checkpoints", str(own_checkpoints)])
    with handlers_kept():
        assert main([*command, "--checkpoints", str(own_checkpoints)]) == 1
    assert WORDS in capsys.readouterr().err and asked == []


@pytest.mark.parametrize(("value", "becomes"), [(None, "0"), (" ", "0"), ("0", "0"), ("1", "1"), ("yes", None)])
def test_a_server_downloads_only_if_its_environment_says_so(
    value: str | None, becomes: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv(sources.DOWNLOAD)
    else:
        monkeypatch.setenv(sources.DOWNLOAD, value)
    if becomes is None:
        with pytest.raises(SystemExit, match=f"^{sources.DOWNLOAD} must be 0 or 1"):
            refuse_downloads()
    else:
        refuse_downloads()
        assert os.environ[sources.DOWNLOAD] == becomes


def test_the_app_says_so_before_its_server_begins() -> None:
    assert "\nrefuse_downloads()\n" in (ROOT / "app.py").read_text(encoding="utf-8").partition("app = ")[0]
