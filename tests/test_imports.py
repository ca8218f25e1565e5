"""Imports go one way: read with `ast`, so that no import has to succeed for the rule to be checked."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A module imports modules of lower rank only.
RANK = {
    "dlgmm_core": 0,
    "dlgmm_core.arithmetic": 0,
    "dlgmm_core.assets": 0,
    "dlgmm_core.config": 0,
    "dlgmm_core.functional": 0,
    "dlgmm_core.memory": 0,
    "dlgmm_core.neighbours": 0,
    "dlgmm_core.seeding": 0,
    "dlgmm_core.sources": 0,
    "dlgmm_core.untrusted": 0,
    "dlgmm_core.assets.build_mnist": 1,
    "dlgmm_core.digits": 1,
    "dlgmm_core.distributions": 1,
    "dlgmm_core.normals": 1,
    "dlgmm_core.omniglot": 1,
    "dlgmm_core.storage": 1,
    "dlgmm_core.cluster": 2,
    "dlgmm_core.data": 2,
    "dlgmm_core.kumaraswamy": 2,
    "dlgmm_core.latents": 2,
    "dlgmm_core.networks": 3,
    "dlgmm_core.models": 4,
    "dlgmm_core.generation": 5,
    "dlgmm_core.objectives": 5,
    "dlgmm_core.paper": 5,
    "dlgmm_core.checkpoints": 6,
    "dlgmm_core.diagnosis": 6,
    "dlgmm_core.evaluation": 6,
    "dlgmm_core.ledger": 6,
    "dlgmm_core.microscope": 6,
    "dlgmm_core.experiments": 7,
    "dlgmm_core.history": 7,
    "dlgmm_core.inspection": 7,
    "dlgmm_core.knn": 7,
    "dlgmm_core.locks": 7,
    "dlgmm_core.maps": 7,
    "dlgmm_core.paths": 7,
    "dlgmm_core.probes": 7,
    "dlgmm_core.summaries": 7,
    "dlgmm_core.metrics": 8,
    "dlgmm_core.projection": 8,
    "dlgmm_core.results": 8,
    "dlgmm_core.training": 8,
    "dlgmm_core.baselines": 9,
    "dlgmm_core.records": 9,
    "dlgmm_core.reproduce": 10,
    "dlgmm_core.options": 11,
    "dlgmm_core.__main__": 12,
}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, package: str = "") -> set[str]:
    """Dotted names that a source imports anywhere, also within functions; `from p import m` gives p and p.m."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def file_imports(path: Path) -> set[str]:
    return imports(path.read_text(), ".".join(path.relative_to(ROOT).parent.parts))


def tops(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def upward(module: str, imported: set[str]) -> list[str]:
    """The modules of the package that `module` may not import, itself aside."""
    return sorted(name for name in imported if name in RANK and name != "dlgmm_core" and RANK[name] >= RANK[module])


def test_every_module_of_the_package_has_a_rank() -> None:
    modules = {module_name(path) for path in files("dlgmm_core")}
    assert modules == set(RANK), "give a new module its rank here"


@pytest.mark.parametrize("path", files("dlgmm_core"), ids=module_name)
def test_the_package_imports_downwards_only(path: Path) -> None:
    imported = file_imports(path)
    assert upward(module_name(path), imported) == []
    assert not tops(imported) & {"streamlit", "ui", "pages", "app", "tests", "benchmarks"}


def test_configuration_and_sources_import_nothing_of_the_package() -> None:
    for name in ("config", "sources", "functional", "seeding"):
        assert "dlgmm_core" not in tops(file_imports(ROOT / "dlgmm_core" / f"{name}.py")), name


@pytest.mark.parametrize("path", files("ui"), ids=module_name)
def test_what_pages_share_imports_no_page(path: Path) -> None:
    assert not tops(file_imports(path)) & {"pages", "app", "tests", "benchmarks"}


@pytest.mark.parametrize("path", files("pages"), ids=module_name)
def test_pages_import_no_torch_and_no_other_page(path: Path) -> None:
    assert not tops(file_imports(path)) & {"torch", "pages", "app", "tests", "benchmarks"}


def test_no_page_loads_what_fits_maps_before_it_is_needed() -> None:
    used = {name for path in files("pages") for name in file_imports(path) if tops({name}) & {"ui", "dlgmm_core"}}
    modules = {name for name in used if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}
    code = f"import sys, app, {', '.join(sorted(modules))}"
    code += "\nprint({'openTSNE', 'sklearn', 'scipy.stats'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "set()\n", "they take a third of the time until the server starts, and 60 MB"


def test_the_folders_of_the_application_are_where_these_tests_look() -> None:
    assert files("ui") and files("pages")


def test_the_reader_of_imports_sees_every_form() -> None:
    source = "import a.b as c\nfrom d import e\ndef f():\n    from . import g\n    from .h import i\nfrom ..j import k"
    assert imports(source, "p.q") == {"a.b", "d", "d.e", "p.q", "p.q.g", "p.q.h", "p.q.h.i", "p.j", "p.j.k"}


def test_the_rule_refuses_upward_and_sideways_imports() -> None:
    assert upward("dlgmm_core.latents", imports("from dlgmm_core import networks")) == ["dlgmm_core.networks"]
    assert upward("dlgmm_core.objectives", imports("import dlgmm_core.checkpoints")) == ["dlgmm_core.checkpoints"]
    assert upward("dlgmm_core.latents", imports("from .models import x", "dlgmm_core")) == ["dlgmm_core.models"]
    assert upward("dlgmm_core.models", imports("from dlgmm_core.config import ModelConfig")) == []
