"""README says what the recorded results say."""

from pathlib import Path

from benchmarks.readme_tables import ROOT, TABLES, with_results
from dlgmm_core.experiments.results import read_results


def test_results_in_readme_are_those_recorded() -> None:
    readme, rows = (ROOT / "README.md").read_text(), read_results(ROOT / "checkpoints")
    assert all(table(rows).count("\n") > 2 for table in TABLES.values())
    assert with_results(readme, rows) == readme


def test_pictures_in_readme_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    pictures = [line.split("](")[1].rstrip(")") for line in readme.splitlines() if line.startswith("![")]
    assert pictures and all((Path(ROOT) / picture).is_file() for picture in pictures)


def test_every_page_is_in_the_tour_by_its_picture_and_none_is_heavy() -> None:
    readme = (ROOT / "README.md").read_text()
    pictures = [ROOT / "docs" / "screenshots" / f"{page.stem}.png" for page in (ROOT / "pages").glob("*.py")]
    assert all(f"](docs/screenshots/{picture.name})" in readme for picture in pictures)
    sizes = [picture.stat().st_size for picture in pictures]
    assert len(sizes) == 8 and max(sizes) <= 150 * 1024 and sum(sizes) <= 1.2 * 2**20
