"""README and the documentation: tables are those recorded, links lead somewhere, code and commands work."""

import math
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

import dlgmm_core
from benchmarks.amortised_tables import NOTHING
from benchmarks.recording import read_recorded
from benchmarks.strata import read_found
from benchmarks.tables import PAGES, ROOT, all_tables, with_tables
from dlgmm_core import MODELS
from dlgmm_core.commands.table import build_parser
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import contents_of
from dlgmm_core.takeaway.page import page_bytes

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCS}
README = TEXTS["README.md"]


def blocks(text: str, language: str) -> list[str]:
    """The code of every fenced block in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """What a link into a page may name: its headings, as a host of repositories writes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_table_is_on_a_page_and_says_what_is_recorded() -> None:
    tables = all_tables()
    assert all(table.count("\n") > 2 or table == NOTHING for table in tables.values())
    marks = [mark for name in PAGES for mark in re.findall(r"<!-- ([a-z]\S*) -->", TEXTS[name])]
    assert sorted(marks) == sorted(tables)
    assert {name: with_tables(TEXTS[name], tables) for name in PAGES} == {name: TEXTS[name] for name in PAGES}


def test_readme_is_short_has_three_pictures_and_names_every_folder_of_the_core() -> None:
    assert (ROOT / "README.md").stat().st_size <= 9000
    assert README.count("![") == 3
    folders = {path.parent.name for path in (ROOT / "dlgmm_core").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^  (\w+)/ ", README, re.MULTILINE))


def test_readme_has_the_seconds_that_were_measured() -> None:
    lines = read_recorded()["fast"]["lines"]
    seconds = {line["name"].split()[1]: str(math.ceil(line["ours"])) for line in lines}
    (said,) = re.findall(
        r"after (\d+) s on two idle cores, the mixtures after (\d+) and (\d+),\sSB-VAE after (\d+)", README
    )
    assert said == tuple(seconds[name] for name in ("gauss-vae", "dlgmm", "dldpmm", "sb-vae"))


def test_the_page_of_layers_has_the_command_and_the_seconds_of_its_strata() -> None:
    spent = [course.seconds for course in read_found()[1]]
    page = TEXTS["docs/layers.md"]
    (asked,) = set(re.findall(r"`python -m benchmarks\.strata --seconds (\d+)`", page))
    assert all(before < float(asked) <= last for *_, before, last in spent)
    lasts = [last for *_, last in spent]
    assert f"had {asked} processor seconds, {min(lasts):.0f} to {max(lasts):.0f} in all" in page


def test_the_page_of_the_api_has_all_public_names() -> None:
    listed = re.findall(r"^   dlgmm_core\S*\.(\w+)$", TEXTS["docs/api.md"], re.MULTILINE)
    assert sorted(listed) == sorted(dlgmm_core.__all__)


def test_every_page_of_the_app_is_in_the_tour_by_its_picture_and_none_is_heavy() -> None:
    pictures = [ROOT / "docs" / "screenshots" / f"{page.stem}.png" for page in (ROOT / "pages").glob("*.py")]
    assert all(f"](screenshots/{picture.name})" in TEXTS["docs/app.md"] for picture in pictures)
    sizes = [picture.stat().st_size for picture in pictures]
    assert len(sizes) == 11 and max(sizes) <= 150 * 1024 and sum(sizes) <= 1.2 * 2**20


def test_every_link_leads_somewhere_and_the_index_to_every_page() -> None:
    broken = []
    for page, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            place = ((ROOT / page).parent / path).resolve() if path else ROOT / page
            known = anchors(place.read_text(encoding="utf-8")) if anchor else set()
            if not place.exists() or (anchor and anchor not in known):
                broken.append(f"{page}: {target}")
    assert broken == []
    index = TEXTS["docs/index.md"]
    pages = {path.name for path in DOCS if path.parent.name == "docs"} - {"index.md"}
    assert {name for name in pages if f"]({name})" not in index or f"\n{name[:-3]}\n" not in index} == set()


@pytest.mark.parametrize("page", [page for page, text in TEXTS.items() if blocks(text, "python")])
def test_the_python_on_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.chdir(tmp_path)
    models = dict(MODELS)
    try:
        exec(compile("\n".join(blocks(TEXTS[page], "python")), page, "exec"), {"__name__": page})
    finally:
        MODELS.clear()
        MODELS.update(models)


def test_every_command_on_a_page_is_one_that_the_command_line_knows() -> None:
    commands = [
        words[words.index(name) + 1 :]
        for text in TEXTS.values()
        for line in "".join(blocks(text, "bash")).replace("\\\n", " ").splitlines()
        for words in [shlex.split(line, comments=True)]
        for name in ("dlgmm", "dlgmm_core")
        if words[:1] == ["dlgmm"] == [name] or words[:3] == ["python", "-m", "dlgmm_core"] == ["python", "-m", name]
    ]
    assert len(commands) > 8
    for command in commands:
        build_parser().parse_args(command)


def test_the_page_that_is_shown_is_the_one_that_its_command_makes() -> None:
    model, checkpoint = load_checkpoint(ROOT / "checkpoints" / "digits-dlgmm-clusters10")
    wanted = page_bytes([contents_of(model, checkpoint, load_dataset("digits"))]).decode()
    found = (ROOT / "docs" / "demo" / "digits.html").read_text(encoding="utf-8")
    holds = re.compile(r'(?<=id="models">).*(?=</script>)')  # whose last digits differ between processors
    assert holds.sub("", found, count=1) == holds.sub("", wanted, count=1), "make it again: docs/take-away.md"
    assert checkpoint.digest in found


def test_every_module_that_a_page_names_is_there() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"`(dlgmm_core(?:\.\w+)+)`", text)}
    assert named
    for name in named:
        import_module(name)
    mathematics = TEXTS["docs/mathematics.md"]
    table = mathematics[mathematics.index("| equation |") : mathematics.index("Names without a folder")]
    for module, name in re.findall(r"\| `([a-z]+)(?:\.(\w+))?` \|$", table, re.MULTILINE):
        assert not name or hasattr(import_module(f"dlgmm_core.model.{module}"), name), name
    files = re.findall(r"`((?:model|evaluate)/\w+\.py)`", README)
    assert len(files) > 8 and all((ROOT / "dlgmm_core" / file).exists() for file in files)
