"""What differs between models or bodies stands in their rows: no other place asks for one by its name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.config import ModelConfig
from dlgmm_core.model import bodies
from dlgmm_core.model.bodies import BODIES
from dlgmm_core.model.models import MODELS

ROOT = Path(__file__).parents[1]
NAMED = set(MODELS)

# Where models are named because the paper's figures, an experiment, a lesson, an entry or a preset is of these.
NAMING = (
    "dlgmm_core/model/models.py",
    "dlgmm_core/experiments/*table.py",
    "dlgmm_core/experiments/paper.py",
    "ui/glossary/model_terms.py",
    "ui/lesson/*.py",
    "ui/training/presets.py",
)


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """The strings of a module, without those that stand alone, which are docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node


def asked_by_name(source: str, *, is_shown: bool) -> list[int]:
    """The lines that name a model or, in what is shown, its label.

    "dlgmm" is the program's name, too, and counts where it is compared or looked up beside a model, or makes one.
    """
    tree = ast.parse(source)
    words = (NAMED | ({MODELS[name].label for name in NAMED} if is_shown else set())) - {"dlgmm", "DLGMM"}
    found = {node.lineno for node in strings(tree) if any(word in node.value for word in words)}
    for node in ast.walk(tree):
        asking = (
            node if isinstance(node, ast.Compare | ast.Subscript) else node.func if isinstance(node, ast.Call) else None
        )
        if asking is not None and "model" in ast.unparse(asking).lower():
            found |= {part.lineno for part in strings(node) if part.value == "dlgmm"}
    return sorted(found)


def all_modules() -> dict[Path, Path]:
    """Of the program, and their paths below the root."""
    folders = ("dlgmm_core", "ui", "pages")
    return {path: path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py")}


def test_no_place_but_the_lists_of_what_is_the_papers_asks_for_a_models_name() -> None:
    modules = all_modules()
    asked = {
        relative: lines
        for path, relative in modules.items()
        if (lines := asked_by_name(path.read_text("utf-8"), is_shown=relative.parts[0] != "dlgmm_core"))
    }
    assert {str(path): lines for path, lines in asked.items() if not any(map(path.match, NAMING))} == {}
    for pattern in NAMING:
        assert any(path.match(pattern) for path in asked), f"{pattern} names none: leave it out"
    compared = {
        (str(relative), node.lineno)
        for path, relative in modules.items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare) and asked_by_name(ast.unparse(node), is_shown=False)
    }
    assert compared == set(), "not even a list compares a name: it has a row for what differs"


@pytest.mark.parametrize(
    "line",
    [
        'if model == "sb-vae": pass',
        'colours["dldpmm"]',
        'models[name] = MODELS["dlgmm"]',
        'command("train", "gauss-vae")',
        'for name in ("gauss-vae", "dlgmm"): pass',
        'baseline = f"{dataset}-gauss-vae{ending}"',
        'model = paper_model("dlgmm", 5)',
        'st.caption(f"{name} is no SB-VAE.")',
    ],
)
def test_the_reader_of_names_sees_every_form(line: str) -> None:
    assert asked_by_name(line, is_shown=True) == [1]
    assert asked_by_name('"""Of an SB-VAE."""\nprogram = "dlgmm"', is_shown=True) == []


def test_a_body_is_named_in_its_row_and_as_the_default_alone() -> None:
    named = {
        (str(relative), node.value)
        for path, relative in all_modules().items()
        for node in strings(ast.parse(path.read_text("utf-8")))
        if node.value in BODIES
    }
    rows = {("dlgmm_core/model/bodies.py", name) for name in BODIES}
    assert named == rows | {("dlgmm_core/config/model_config.py", ModelConfig("gauss-vae").body)}
    named_in_rows = [n.value for n in strings(ast.parse(Path(bodies.__file__).read_text("utf-8"))) if n.value in BODIES]
    assert sorted(named_in_rows) == sorted(BODIES), "once each"
