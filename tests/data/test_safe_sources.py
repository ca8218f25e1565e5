"""Nothing that comes from outside is ever run: `ast` reads the program's sources for what could run it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    ROOT / "app.py",
    *(p for part in ("dlgmm_core", "ui", "pages", "benchmarks") for p in (ROOT / part).rglob("*.py")),
]

PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
HARMLESS = {"joblib.Parallel", "joblib.delayed"}  # no files
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec", "runpy.run_path", "runpy.run_module"),
    *("os.system", "os.popen", "os.posix_spawn", "pty.spawn", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("torch.load", "torch.save", "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter"),
    *("pandas.read_pickle", "pandas.eval", "yaml.load", "yaml.full_load", "yaml.unsafe_load"),
}
FORBIDDEN_STARTS = ("os.exec", "os.spawn")
MUST_BE_FALSE = {"allow_pickle", "shell", "unsafe_allow_html", "unsafe_allow_javascript"}


def dangers(source: str) -> list[str]:
    """What a source calls or names that could run a file's or a visitor's text, under whatever name it is imported."""
    tree = ast.parse(source)
    origins = dict(_imports(tree))
    named = [*origins.values(), *(_dotted(node, origins) for node in ast.walk(tree))]
    found = [name for name in named if _is_dangerous(name)]
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in MUST_BE_FALSE)
    return found + [str(k.arg) for k in keywords if not (isinstance(k.value, ast.Constant) and k.value.value is False)]


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that imports bind, and what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield (each.asname, each.name) if each.asname else (each.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


def _dotted(node: ast.AST, origins: dict[str, str]) -> str:
    """What a name or a chain of attributes stands for; nothing where it is neither."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([origins.get(node.id, node.id), *reversed(parts)])


def _is_dangerous(name: str) -> bool:
    if name in HARMLESS:
        return False
    return name.partition(".")[0] in PICKLERS or name in FORBIDDEN or name.startswith(FORBIDDEN_STARTS)


def test_nothing_in_the_program_runs_what_it_reads() -> None:
    assert len(SOURCES) > 60
    assert {
        str(path.relative_to(ROOT)): found for path in SOURCES if (found := dangers(path.read_text(encoding="utf-8")))
    } == {
        "benchmarks/notebook.py": ["exec", "compile", "eval", "compile"],  # cells of the repository's own notebook
    }


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import os, joblib",
        "import joblib.externals",
        "from pickle import loads",
        "from joblib import Parallel, load",
        "import torch\nx = torch.load('f')",
        "import torch as t\nx = t.jit.load('f')",
        "from torch import load",
        "from torch import load as read",
        "np.load('f', allow_pickle=True)",
        "np.load('f', allow_pickle=flag)",
        "eval(text)",
        "f = eval",
        "exec(text)",
        "compile(text, 'f', 'exec')",
        "__import__(name)",
        "from builtins import eval as calculate",
        "import os\nos.system('ls')",
        "import os as o\no.popen('ls')",
        "import os.path\nos.system('ls')",
        "from os import system",
        "import os\nos.execvp('ls', [])",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.getoutput('ls')",
        "import yaml\nyaml.load(text)",
        "import pandas as pd\npd.read_pickle('f')",
        "import pandas as pd\npd.eval(text)",
        "st.markdown(text, unsafe_allow_html=True)",
    ],
)
def test_the_search_finds_what_could_run_a_text(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "import re\nre.compile('x')",
        "from joblib import Parallel, delayed",
        "np.load('f', allow_pickle=False)",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "import yaml\nyaml.safe_load(text)",
        "import os\nos.environ.get('x')",
    ],
)
def test_the_search_leaves_alone_what_runs_nothing(source: str) -> None:
    assert dangers(source) == []
