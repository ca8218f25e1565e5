"""The table of posteriors on the plane: shares and means of what was measured."""

from benchmarks.plane import plane_table
from dlgmm_core.analysis.plane_survey import PosteriorSurvey
from dlgmm_core.experiments.formatting import NONE

Shares = tuple[tuple[float, ...], ...]


def survey(shares: Shares, gaps: tuple[float, ...], **best: tuple[float, ...]) -> PosteriorSurvey:
    return PosteriorSurvey(tuple(range(len(gaps))), shares, (0.0,) * len(gaps), gaps, best, 2)


def test_a_row_has_the_share_of_several_modes_and_the_gaps_in_the_mean_with_their_intervals() -> None:
    found = {
        "one": survey(((1.0,), (0.6, 0.4), (0.5, 0.3, 0.2), (1.0,)), (1.0, 3.0, 12.0, 2.0), a=(0.5, 0.1), b=(0.2, 0.0)),
        "other": survey(((1.0,), (1.0,)), (1.0, 2.0), c=(0.4,)),
    }
    head, _, *rows = plane_table(found).splitlines()
    assert head.count("|") == 10
    assert rows == [
        f"| `one` | 50.0 | 4.50 ± 4.96 | 2.50 | 25.0 | 6.50 ± 10.78 | 0.30 ± 0.39 | 0.10 ± 0.20 | {NONE} |",
        f"| `other` | 0.0 | 1.50 ± 0.98 | 1.50 | 0.0 | 1.00 | {NONE} | {NONE} | 0.40 |",
    ]
