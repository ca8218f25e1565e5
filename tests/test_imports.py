"""Imports go one way: read with `ast`, so that no import has to succeed for the rule to be checked."""

from graphlib import CycleError, TopologicalSorter

import pytest

from tests.import_helpers import ROOT, file_imports, files, imports, module_name, tops

# A folder of a package, or a module at its top, imports what has a lower rank; inside a folder imports form no circle.
RANK = {
    "dlgmm_core": {
        "checks": -1,
        "config": 0,
        "runtime": 1,
        "model": 2,
        "data": 2,
        "store": 3,
        "evaluate": 4,
        "train": 5,
        "analysis": 5,
        "experiments": 6,
        "takeaway": 6,
        "options": 7,
        "commands": 8,
        "__main__": 9,
    },
    "ui": {
        **dict.fromkeys(
            (
                "theme",
                "numbers",
                "images",
                "literal",
                "resting",
                "turns",
                "root_path",
                "widgets",
                "identical",
                "layers",
                "glossary",
                "paper",
            ),
            0,
        ),
        "parameters": -2,
        "link_report": -1,
        "links": 0,
        **dict.fromkeys(("few", "figures", "scatter", "visitors", "presentation"), 1),
        "loaders": 2,
        "findings": 3,
        "groups": 2,
        "gone": 1,
        "parts": 2,
        **dict.fromkeys(("sidebar", "jobs"), 3),
        **dict.fromkeys(("estimates", "serving", "exporting"), 4),
        # the parts of one page each
        **dict.fromkeys(("overview", "components", "clusters", "digit", "latent", "tables", "bench", "training"), 5),
        "plane": 6,  # which asks for a digit as "digit" does
        "lesson": 7,
        "main": 8,
    },
}


def part(name: str, package: str) -> str:
    """The folder of `package` that a module lies in, or the module's own name at the top; empty for anything else."""
    names = name.split(".")
    return names[1] if names[0] == package and len(names) > 1 else ""


def upward(module: str, imported: set[str]) -> list[str]:
    """The parts of its own package that `module` may not import."""
    package = module.split(".")[0]
    rank, own = RANK[package], part(module, package)
    parts = {part(name, package) for name in imported} & set(rank) - {own}
    return sorted(each for each in parts if rank[each] >= rank[own])


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import one another in a circle, in its order; none, if there is no circle."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("package", RANK)
def test_every_part_of_a_package_has_a_rank(package: str) -> None:
    parts = {part(module_name(path), package) for path in files(package)} - {""}
    assert parts == set(RANK[package]), "give a new folder its rank"


def test_few_modules_lie_at_the_top_of_the_core() -> None:
    assert len(list((ROOT / "dlgmm_core").glob("*.py"))) <= 5


def test_the_core_imports_downwards_only() -> None:
    for path in files("dlgmm_core"):
        if module_name(path) != "dlgmm_core":  # which hands out the public names
            assert upward(module_name(path), file_imports(path)) == [], path
        assert not tops(file_imports(path)) & {"streamlit", "ui", "pages", "app", "tests", "benchmarks"}, path


@pytest.mark.parametrize("package", RANK)
def test_no_modules_of_a_package_import_one_another_in_a_circle(package: str) -> None:
    modules = {module_name(path): path for path in files(package) if path.name != "__init__.py"}
    assert circle({name: file_imports(path) & set(modules) for name, path in modules.items()}) == []


def test_checks_and_functions_import_nothing_of_the_package_and_configurations_the_checks_alone() -> None:
    for name in ("checks", "model/functional", "runtime/seeding", "runtime/files"):
        assert "dlgmm_core" not in tops(file_imports(ROOT / "dlgmm_core" / f"{name}.py")), name
    read = set().union(*map(file_imports, files("dlgmm_core/config")))
    ours = {name for name in read if tops({name}) == {"dlgmm_core"}}
    assert {part(name, "dlgmm_core") for name in ours} == {"checks", "config"}


def test_what_pages_share_imports_downwards_only_and_no_page() -> None:
    for path in files("ui"):
        if module_name(path) != "ui":
            assert upward(module_name(path), file_imports(path)) == [], path
        assert not tops(file_imports(path)) & {"pages", "app", "tests", "benchmarks"}, path


def test_pages_are_short_and_import_neither_torch_nor_pandas_nor_another_page() -> None:
    for path in files("pages"):
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= 80, f"{path}: a page asks and places; what it shows is made in `ui`"
        assert not tops(file_imports(path)) & {"torch", "pandas", "pages", "app", "tests", "benchmarks"}, path


def test_the_folders_of_the_application_are_where_these_tests_look() -> None:
    assert files("ui") and files("pages")


def test_the_reader_of_imports_sees_every_form() -> None:
    source = "import a.b as c\nfrom d import e\ndef f():\n    from . import g\n    from .h import i\nfrom ..j import k"
    assert imports(source, "p.q") == {"a.b", "d", "d.e", "p.q", "p.q.g", "p.q.h", "p.q.h.i", "p.j", "p.j.k"}


def test_the_rule_refuses_upward_and_sideways_imports_and_circles() -> None:
    assert upward("dlgmm_core.model.latents", imports("from dlgmm_core.store import files")) == ["store"]
    assert upward("dlgmm_core.model.objectives", imports("import dlgmm_core.data.datasets")) == ["data"]
    assert upward("dlgmm_core.model.latents", imports("from ..train.training import x", "dlgmm_core.model")) == [
        "train"
    ]
    assert upward("dlgmm_core.model.models", imports("from dlgmm_core.config import ModelConfig")) == []
    assert upward("ui.digit.stick", imports("from ui.latent import map_view\nfrom ui import loaders")) == ["latent"]
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []
