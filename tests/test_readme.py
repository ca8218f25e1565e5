"""README says what the checkpoints' metrics say."""

from benchmarks.readme_tables import ROOT, results_table, with_results


def test_results_in_readme_are_those_of_the_checkpoints() -> None:
    readme = (ROOT / "README.md").read_text()
    table = results_table(ROOT / "checkpoints")
    assert table.count("\n") > 2
    assert with_results(readme, table) == readme
