"""README says what the recorded results say."""

from pathlib import Path

from benchmarks.readme_tables import ROOT, TABLES, with_results
from dlgmm_core.results import read_results


def test_results_in_readme_are_those_recorded() -> None:
    readme, rows = (ROOT / "README.md").read_text(), read_results(ROOT / "checkpoints")
    assert all(table(rows).count("\n") > 2 for table in TABLES.values())
    assert with_results(readme, rows) == readme


def test_pictures_in_readme_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    pictures = [line.split("](")[1].rstrip(")") for line in readme.splitlines() if line.startswith("![")]
    assert pictures and all((Path(ROOT) / picture).is_file() for picture in pictures)
