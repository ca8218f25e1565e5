"""The frame of the picture of convergence shows where estimates converge, and what is below it is marked and said."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.evaluate.convergence import Convergence, sample_sizes
from dlgmm_core.store.checkpoints import Checkpoint
from ui.digit.convergence_figure import Found, convergence_figure, frame, words_below

SIZES = sample_sizes(5000)


def model(name: str, log_p: float, gap: float, first: float = 0.0, seen: int = 1) -> Found:
    """Eight runs that rise to log p(x); one of them begins lower, by `first` nats, for its first `seen` draws."""
    runs: NDArray[np.float64] = log_p - gap / SIZES[None] + np.linspace(-1, 1, 8)[:, None] / np.sqrt(SIZES)[None]
    runs[0, seen >= SIZES] -= first
    checkpoint = Checkpoint(Path(name), ModelConfig("gauss-vae"), TrainConfig(), 1, -100.0, "0" * 12)
    return checkpoint, Convergence(SIZES, runs, np.ones_like(runs)), log_p - gap


def test_one_low_first_draw_does_not_flatten_the_curves() -> None:
    usual = [model("a", -90, 8), model("b", -95, 10)]
    found = [*usual, model("c", -92, 9, first=300, seen=3)]
    low, top = frame(found)
    assert low < -105 and top == pytest.approx(-89, abs=3) and top - low < 40
    figure = convergence_figure(found)
    assert tuple(figure.layout.yaxis.range) == pytest.approx((low, top))
    (marks,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert list(marks.x) == [1, 2, 3] and set(marks.y) == {low}
    np.testing.assert_allclose(marks.customdata, found[2][1].log_p.min(0)[:3])
    assert words_below(found) == f"Below the frame, marked ▼: c to −{-found[2][1].log_p.min():.0f} up to S = 3."


def test_nothing_is_said_or_marked_where_all_is_in_the_frame() -> None:
    found = [model("a", -90, 8), model("b", -95, 10)]
    assert words_below(found) == "" and not [
        trace for trace in convergence_figure(found).data if trace.mode == "markers"
    ]
    low, top = frame(found)
    assert all(low <= elbo and low <= curves.log_p.min() and curves.log_p.max() <= top for _, curves, elbo in found)


def test_an_elbo_far_below_all_others_is_said_too() -> None:
    found = [model("a", -90, 8), model("b", -95, 10), model("c", -92, 400)]
    low, _ = frame(found)
    assert low > -150
    assert "the ELBO of c, −492" in words_below(found) and "c to −493 up to S = " in words_below(found)


@pytest.mark.parametrize("gap", [0.0, 1.0, 50.0])
def test_one_model_alone_is_shown_from_its_elbo_to_its_highest_estimate(gap: float) -> None:
    low, top = frame([model("a", -90, gap)])
    assert low < -90 - gap and top > -90 + 0.01 and np.isfinite([low, top]).all()
    assert top - low > 5
