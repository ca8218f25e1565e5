"""The package installs with its data, runs anywhere, and asks for what it is tested with."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dlgmm_core import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
BIN = "Scripts" if os.name == "nt" else "bin"


def pinned(name: str) -> set[str]:
    """The packages of a requirements file, all of them at exact versions."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(line.split("==")[0]) for line in lines if not line.startswith("-r ")}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_what_the_package_asks_for_is_what_it_is_tested_with() -> None:
    asked = [Requirement(line) for line in (*PROJECT["dependencies"], *(line for e in EXTRAS.values() for line in e))]
    here = [each for each in asked if each.marker is None or each.marker.evaluate()]
    assert [str(each) for each in here if not each.specifier.contains(version(each.name))] == []


def test_the_files_of_exact_versions_name_the_same_packages_as_the_ranges() -> None:
    assert pinned("requirements.txt") == names(PROJECT["dependencies"]) | names(EXTRAS["app"])
    assert pinned("requirements-dev.txt") == names(EXTRAS["dev"]) | names(EXTRAS["cluster"])


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [__version__]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment with the wheel in it; what it needs comes from the environment
    that runs the tests. Its MNIST is cut down, so that an epoch and an evaluation take a second.
    """
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    venv.create(folder / "env", symlinks=os.name != "nt")
    python = folder / "env" / BIN / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
    (site / "needs.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    wheel = str(next(folder.glob("*.whl")))
    install = ["-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
    data = site / "dlgmm_core" / "data" / "assets" / "mnist.npz"
    assert data.read_bytes() == (ROOT / "dlgmm_core" / "data" / "assets" / "mnist.npz").read_bytes()
    with np.load(data) as whole:
        few = {name: whole[name][: 10_500 if name.startswith("train") else 200] for name in whole}
    np.savez(data, **few)
    return python.parent


def run(command: Path | str, *arguments: str, folder: Path) -> str:
    """What a command says, run in a folder by somebody whose home is in that folder, too."""
    environment = {"PATH": os.defpath, "HOME": str(folder / "home"), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [str(command), *arguments], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Calls the command's own entry point several times in one process: to load PyTorch takes longer than each call.
SEVERAL = """
import sys
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name="dlgmm")
for arguments in sys.argv[1:]:
    assert command.load()(arguments.split()) == 0, arguments
"""


def test_the_installed_command_trains_measures_and_lists_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    train = "train dlgmm --hidden 8 --code-dim 3 --batch-size 500 --epochs 1 --device cpu"
    evaluate = "evaluate mnist-dlgmm --samples 5 --device cpu"
    said = run(installed / "python", "-c", SEVERAL, train, evaluate, "list", folder=tmp_path)
    trained, measured, listed = said.splitlines()
    assert "trained" in trained and "S=5" in measured and listed.startswith("mnist-dlgmm ")
    weights = list(tmp_path.rglob("weights.safetensors"))
    assert len(weights) == 1 and weights[0].is_relative_to(tmp_path / "home")
    (tmp_path / "checkpoints").mkdir()
    assert run(installed / "dlgmm", "list", folder=tmp_path) == ""


def test_the_installed_package_is_the_one_imported_and_its_needs_are_met(installed: Path, tmp_path: Path) -> None:
    code = "import dlgmm_core, importlib.util; print(dlgmm_core.__file__, importlib.util.find_spec('ui'))"
    imported, ui = run(installed / "python", "-c", code, folder=tmp_path).split()
    assert Path(imported).is_relative_to(installed.parent) and ui == "None"
    check = ["-m", "pip", "--python", str(installed / "python"), "check"]
    assert "No broken requirements" in run(sys.executable, *check, folder=tmp_path)
