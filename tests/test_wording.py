"""Messages call a setting as the place does where they are read: options in a terminal, fields on a page."""

import ast
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.sources import DataError
from dlgmm_core.options import option_of

ROOT = Path(__file__).parents[1]
IN_TERMINALS = ("commands", "experiments")  # whose messages no page shows
OPTION = re.compile(r"(?<!\w)--[a-z]")
COMMAND = re.compile(r"python -m dlgmm_core|\bdlgmm (train|evaluate|map|data|list|reproduce)\b")
FIELDS = [f.name for kind in (ModelConfig, TrainConfig) for f in fields(kind)]
UNMARKED = re.compile(rf"(?<![⟨\w])({'|'.join(name for name in FIELDS if '_' in name)})(?![⟩\w])")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def sentences(path: Path) -> list[str]:
    """The texts of a module in which there are spaces, without docstrings and styles."""
    tree = tree_of(path)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for node in ast.walk(tree):
        if id(node) in docs | inner:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text and "<style>" not in text:
            found.append(text)
    return found


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if not {"__main__.py", "options.py", *IN_TERMINALS} & {*path.parts}]


@pytest.mark.parametrize("error", [ConfigError, DataError])
def test_a_setting_in_a_message_is_called_as_its_reader_calls_it(error: type[ConfigError] | type[DataError]) -> None:
    found = error("⟨max_epochs⟩ must be above ⟨patience⟩.")
    assert str(found) == "max_epochs must be above patience."
    assert found.told(option_of) == "--epochs must be above --patience."
    assert f"{found}" == str(found)


@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig])
def test_every_setting_that_is_refused_is_named_in_its_message(kind: type[ModelConfig] | type[TrainConfig]) -> None:
    known = {"model": "dlgmm"} if kind is ModelConfig else {}
    for f in fields(kind):
        with pytest.raises(ConfigError) as error:
            kind(**{**known, f.name: object()})  # type: ignore[arg-type]
        assert error.value.told(lambda name: f"<{name}>").startswith(f"<{f.name}> must be ")


def test_several_values_are_written_as_they_are_given() -> None:
    with pytest.raises(ConfigError, match=r"^prior_means must be numbers between -1e\+30 and 1e\+30, not 0.0 nan\.$"):
        ModelConfig("dlgmm", num_components=2, prior_means=(0.0, float("nan")))


def test_no_message_of_the_core_names_an_option_or_an_unmarked_setting() -> None:
    for path in modules("dlgmm_core"):
        assert [text for text in sentences(path) if OPTION.search(text) or UNMARKED.search(text)] == [], path


def test_no_page_speaks_of_an_option_outside_of_a_whole_command() -> None:
    for path in modules("ui", "pages"):
        assert [text for text in sentences(path) if OPTION.search(text) and not COMMAND.search(text)] == [], path


def test_no_page_reads_an_error_as_markdown() -> None:
    """What an error says of a visitor's file is shown as it is."""
    for path in modules("ui", "pages"):
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        for told in (call.args[0] for call in calls if ast.unparse(call.func) == "st.error"):
            is_plain = isinstance(told, ast.JoinedStr | ast.Constant)
            assert is_plain or ast.unparse(told).startswith("sentence("), path


def test_the_program_is_called_as_its_user_called_it() -> None:
    written = [path for path in modules("dlgmm_core") if any(COMMAND.search(text) for text in sentences(path))]
    assert not written
