"""Outside `model/` nobody asks of which class a part of a model is: the part says itself what differs."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core import model

ROOT = Path(__file__).parents[1]
MODEL = Path(model.__file__).parent

# Where a class is asked for, and why nothing else says it.
ALLOWED = {
    ("dlgmm_core/train/mixture_start.py", name): "it writes the weights of just these networks"
    for name in ("MixtureHead", "MixturePrior", "NormalHead")
}


def classes_of_models() -> set[str]:
    """Of latents, sticks, priors, heads, bodies and models: all classes that are defined in `model/`."""
    modules = [importlib.import_module(f"{model.__name__}.{path.stem}") for path in MODEL.glob("[a-z]*.py")]
    return {
        name
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__
    }


CLASSES = classes_of_models()


def asked_for(source: str) -> Iterator[str]:
    """The classes of `model/` that a module asks for: in `isinstance`, `issubclass`, `match`, or of a `type`."""
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            parts = list(node.args[1:])
        elif isinstance(node, ast.MatchClass):
            parts = [node.cls]
        elif isinstance(node, ast.Compare) and "type(" in ast.unparse(node.left):
            parts = list(node.comparators)
        for name in (each for part in parts for each in ast.walk(part)):
            if isinstance(name, ast.Name | ast.Attribute):
                found = name.id if isinstance(name, ast.Name) else name.attr
                if found in CLASSES:
                    yield found


def test_no_class_of_a_part_of_a_model_is_asked_for_outside_model() -> None:
    assert {"Beta", "DenseDecoder", "FullNormals", "MixturePrior", "NormalLatent", "AmortisedModel"} <= CLASSES
    found = {
        (str(path.relative_to(ROOT)), name)
        for folder in ("dlgmm_core", "ui", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if MODEL not in path.parents
        for name in asked_for(path.read_text("utf-8"))
    }
    assert found == set(ALLOWED), "give the part an attribute or a method that says it, or its row one"


@pytest.mark.parametrize(
    "line",
    [
        "assert isinstance(head, networks.MixtureHead)",
        "if not isinstance(part, Layer | MixtureHead): pass",
        "if isinstance(part, (MixtureHead, int)): pass",
        "x = issubclass(kind, MixtureHead)",
        "x = type(head) is MixtureHead",
        "match head:\n case MixtureHead(): pass",
    ],
)
def test_the_reader_of_classes_sees_every_form(line: str) -> None:
    assert "MixtureHead" in asked_for(line)
    assert list(asked_for("isinstance(value, int | str); MixtureHead(5, prior)")) == []
