"""Nothing in the package unpickles, for a file that is unpickled can run anything; `ast` reads the sources."""

import ast
from pathlib import Path

import pytest

from dlgmm_core import checkpoints


def pickle_uses(source: str) -> list[str]:
    """Imports of pickle and its kin, calls of load on torch or joblib, and allow_pickle other than False."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [a.name for a in names if a.name.split(".")[0] in PICKLERS]
            case ast.ImportFrom(module=str(module), names=names):
                harmless = module == "joblib" and {a.name for a in names} <= {"Parallel", "delayed"}  # no files
                found += [module] if module.split(".")[0] in PICKLERS and not harmless else []
                found += [f"torch.{a.name}" for a in names if module == "torch" and a.name in ("load", "save")]
            case ast.Attribute(value=ast.Name(id="torch"), attr="load" | "save" as name):
                found.append(f"torch.{name}")
            case ast.keyword(arg="allow_pickle", value=value) if not (
                isinstance(value, ast.Constant) and value.value is False
            ):
                found.append("allow_pickle")
    return found


PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def test_nothing_in_the_package_unpickles() -> None:
    sources = sorted(Path(checkpoints.__file__).parent.rglob("*.py"))
    assert len(sources) > 10
    assert {path.name: uses for path in sources if (uses := pickle_uses(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, joblib",
        "from pickle import loads",
        "from joblib import Parallel, load",
        "import torch\nx = torch.load('f')",
        "from torch import load",
        "np.load('f', allow_pickle=True)",
    ],
)
def test_the_search_for_pickles_finds_them(source: str) -> None:
    assert pickle_uses(source)
