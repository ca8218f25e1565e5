"""The names that the package hands out, and the examples in its docstrings."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import dlgmm_core

ROOT = Path(__file__).resolve().parents[1]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "dlgmm_core").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_every_public_name_is_there_listed_and_documented() -> None:
    assert set(dlgmm_core.__all__) <= set(dir(dlgmm_core))
    for name in dlgmm_core.__all__:
        assert getattr(dlgmm_core, name).__doc__, name


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_say_what_happens(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0 and result.failed == 0
