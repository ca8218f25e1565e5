"""Checkpoints and caches lie where they can: never in the program, and also where nobody has a home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlgmm_core.runtime.folders import cache_folder, checkpoints_folder

ROOT = Path(__file__).resolve().parents[2]
HOME_VARIABLES = ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DLGMM_CHECKPOINTS")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a home beside it that is not there."""
    for name in HOME_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def test_checkpoints_lie_in_the_project_then_where_the_environment_says_then_with_the_user(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "checkout" / "checkpoints").mkdir(parents=True)
    assert checkpoints_folder().is_relative_to(place / "home")
    monkeypatch.setenv("DLGMM_CHECKPOINTS", "~/models")
    assert checkpoints_folder() == place / "home" / "models"
    monkeypatch.setenv("DLGMM_CHECKPOINTS", "models")
    assert checkpoints_folder() == place / "work" / "models"
    assert checkpoints_folder(place / "checkout") == place / "checkout" / "checkpoints"
    monkeypatch.setenv("DLGMM_CHECKPOINTS", "")
    assert checkpoints_folder().is_relative_to(place / "home")
    (place / "work" / "checkpoints").mkdir()
    assert checkpoints_folder() == place / "work" / "checkpoints"


def test_nothing_is_made_by_asking(place: Path) -> None:
    checkpoints_folder()
    assert cache_folder().is_relative_to(place / "home")
    assert sorted(path.name for path in place.rglob("*")) == ["work"]


def test_a_home_that_is_no_folder_is_done_without(place: Path) -> None:
    (place / "home").write_bytes(b"")
    assert checkpoints_folder() == place / "work" / "checkpoints"
    assert cache_folder() == cache_folder() and cache_folder().is_dir()


def without_home(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python as somebody without an account: no entry among the users, no HOME."""
    nobody = "import os, pwd; pwd.getpwuid = pwd.getpwall = lambda *_: {}[0]\n"
    return subprocess.run(
        [sys.executable, "-c", nobody + code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_without_a_home_checkpoints_lie_in_the_working_folder_and_the_cache_ends_with_the_process(
    tmp_path: Path,
) -> None:
    code = """
from dlgmm_core.runtime.folders import cache_folder, checkpoints_folder
print(checkpoints_folder(), cache_folder(), cache_folder().is_dir(), sep="\\n")"""
    run = without_home(code, tmp_path, TMPDIR=str(tmp_path))
    checkpoints, cache, made = run.stdout.splitlines()
    assert (Path(checkpoints), Path(cache).parent, made) == (tmp_path / "checkpoints", tmp_path, "True")
    assert not os.path.exists(cache)


@pytest.mark.skipif(not os.environ.get("DLGMM_DATA"), reason="DLGMM_DATA names no folder with the published files")
def test_published_data_are_read_where_there_is_no_home_and_no_cache(tmp_path: Path) -> None:
    code = """
import tempfile
tempfile.mkdtemp = lambda *_: open("/nowhere/at all")
import numpy as np
from dlgmm_core.data.binarized_mnist import binarized_mnist
from dlgmm_core.data.sources import cached_array
print(len(binarized_mnist("test")), cached_array("three", lambda: np.arange(3)).tolist())"""
    run = without_home(code, tmp_path, DLGMM_DATA=os.environ["DLGMM_DATA"])
    assert (run.stdout, run.stderr) == ("10000 [0, 1, 2]\n", "")
    assert not list(tmp_path.iterdir())
