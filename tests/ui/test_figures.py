"""Figures of several models: names stand at their own points, and curves of siblings differ."""

from pathlib import Path

import pandas as pd
import pytest

from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import WEIGHTS, read_checkpoint
from tests.app_helpers import open_page
from tests.export_helpers import spec
from ui.figures import nll_figure


@pytest.mark.parametrize("sizes", [(50,), (50, 5000), (50, 500, 5000)])
@pytest.mark.parametrize("is_presented", [False, True])
def test_a_name_stands_above_its_own_points_below_the_line_that_ends_the_row_before(
    sizes: tuple[int, ...], is_presented: bool
) -> None:
    names = ["one", "other", "third"]
    common = {"model": "dlgmm", "code_size": "25", "value": 90.0, "ci95": 1.0, "paper": None}
    rows = pd.DataFrame([{**common, "name": name, "samples": size} for name in names for size in sizes])
    figure = nll_figure(rows, is_presented=is_presented)
    of_each = list(zip(*(trace.y for trace in figure.data if trace.error_x.array is not None), strict=True))
    starts = figure.layout.yaxis.tickvals
    written = {each.text: each.y for each in figure.layout.annotations}
    assert list(written) == names and not figure.layout.yaxis.zeroline
    assert tuple(figure.layout.yaxis.range) == (starts[-1], starts[0])  # downwards
    for name, own, start, end in zip(names, of_each, starts, starts[1:], strict=False):
        assert start == written[name] < own[0] and own[-1] < end
        assert end - own[-1] < own[0] - start  # the name has room above its points, and is seen to be theirs


def test_curves_of_all_models_of_one_family_differ_in_what_the_legend_shows(repository: Path) -> None:
    held = [read_checkpoint(path.parent) for path in sorted(repository.glob(f"mnist-*/{WEIGHTS}"))]
    for family in MODELS:
        siblings = [c.name for c in held if c.model_config.model == family]
        curves = spec(open_page("knn", models=",".join(siblings)), "knn-curves")["data"]
        assert sorted(curve["name"] for curve in curves) == siblings
        assert {curve["mode"] for curve in curves} == {"lines+markers"}
        assert {curve[part]["color"] for curve in curves for part in ("line", "marker")} == {MODELS[family].colour}
        assert len({(curve["line"]["dash"], curve["marker"]["symbol"]) for curve in curves}) == len(siblings)
