"""Writes the tables of the README and the documentation from recorded results.

Run it as `python -m benchmarks.tables`; a test fails if a page differs from what it would write.
"""

import re
from pathlib import Path
from typing import Any

from benchmarks.amortised_tables import AMORTISED_TABLES
from benchmarks.fast import fast_table
from benchmarks.layers import read_costs
from benchmarks.layers_tables import cost_table, gradient_table, layers_table, spared_table, strata_table
from benchmarks.measuring import in_words
from benchmarks.plane import exact_table, plane_table, read_posteriors
from benchmarks.recording import read_recorded
from benchmarks.result_tables import TABLES, markdown_table
from benchmarks.strata import read_found
from dlgmm_core.experiments.formatting import NONE
from dlgmm_core.experiments.results import read_results

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/results.md", "docs/layers.md", "docs/amortised.md", "docs/plane.md", "docs/benchmarks.md")


def main() -> None:
    """Rewrites the pages in place."""
    tables = all_tables()
    for name in PAGES:
        path = ROOT / name
        path.write_text(with_tables(path.read_text(encoding="utf-8"), tables), encoding="utf-8")
        print(f"{path}: tables written")


def all_tables() -> dict[str, str]:
    """Every table in Markdown, by the name in its markers."""
    rows = read_results(ROOT / "checkpoints")
    plain = [row for row in rows if row.context is None]
    errors, courses = read_found()
    tables = {name: table(plain) for name, table in TABLES.items()}
    tables |= {name: table(rows) for name, table in AMORTISED_TABLES.items()}
    tables |= {"layers": layers_table(plain), "layers-cost": cost_table(read_costs())}
    tables |= {"strata-gradient": gradient_table(errors), "strata": strata_table(courses)}
    tables |= {"strata-spared": spared_table(plain, courses)}
    tables |= {"fast": fast_table(plain)}
    tables |= {"plane": plane_table(read_posteriors()), "plane-exact": exact_table(plain)}
    return {**tables, "benchmarks": benchmarks_table(read_recorded())}


def with_tables(page: str, tables: dict[str, str]) -> str:
    """The page with every table written between its two markers `<!-- name -->` and `<!-- /name -->`.

    Raises:
        KeyError: if there is no such table.
    """
    return re.sub(r"(<!-- (\S+) -->\n).*?(<!-- /\2 -->)", lambda m: m[1] + tables[m[2]] + m[3], page, flags=re.DOTALL)


def benchmarks_table(recorded: dict[str, dict[str, Any]]) -> str:
    """Results of `python -m benchmarks`, with their aims."""
    lines = [
        [line["name"], line["against"] or NONE, *in_words(line), "yes" if line["reached"] else "no"]
        for benchmark in recorded.values()
        for line in benchmark["lines"]
    ]
    return markdown_table("what | against | found | aim | reached", lines)


if __name__ == "__main__":
    main()
