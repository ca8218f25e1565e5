"""The page of the plane: it shows the exact posterior of a digit, exports it, and finds digits of several modes."""

import json
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from dlgmm_core.analysis.plane import kl_q_p
from dlgmm_core.analysis.plane_survey import PosteriorSurvey, save_survey
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.plane_grid import PlaneGrid
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from tests.app_helpers import Make, open_page, press
from tests.export_helpers import Lines, take
from ui import loaders
from ui.numbers import printed
from ui.plane import posteriors, survey

pytestmark = pytest.mark.usefixtures("few_digits")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few digits to search, and no families to fit."""
    monkeypatch.setattr(survey, "SEARCHED", 5)
    # takes seconds, and is tested elsewhere
    fits = {"one Gaussian": SimpleNamespace(divergence=0.25), "5 Gaussians": SimpleNamespace(divergence=0.25)}
    monkeypatch.setattr(posteriors, "best_fits", lambda *_: fits)


def widgets(at: AppTest) -> list[dict[str, Any]]:
    """What the squares of the plane are told, the whole plane first."""
    found = [json.loads(each.proto.json) for each in at.main.get("bidi_component") if '"triangle"' in each.proto.json]
    return sorted(found, key=lambda each: each["heat"] is not None)


def two_numbers(make: Make) -> tuple[Checkpoint, Checkpoint]:
    mixture = make("bells", "dlgmm", code_dim=2, num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 0.5))
    return mixture, make("triangle", "sb-vae", code_dim=3)


def test_without_codes_of_two_numbers_one_sentence_says_how_to_make_some(make: Make) -> None:
    make("other")
    at = open_page("plane")
    assert "on the page **Train**, with a code size of 2" in at.info[0].value and not widgets(at)
    assert "`" not in at.info[0].value  # no command: who reads this may have no shell there


def test_the_posterior_of_a_digit_has_its_exact_numbers_and_can_be_copied(
    make: Make, few_digits: Dataset, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_numbers(make)
    at = open_page("plane", digit_index="7", plane_checkpoint="bells", at="0.5,-1", digits="12", plane_gaps="true")
    plane, mixture, triangle = widgets(at)
    assert [len(each["ellipses"]) for each in (plane, mixture, triangle)] == [2, 2, 0]
    assert [each["triangle"] for each in (plane, mixture, triangle)] == [False, False, True]
    assert plane["now"] == {"at": [0.5, -1.0], "digits": True, "across": 12, "means": None}

    image, words = few_digits.test.binary[7], " ".join(each.value for each in at.main.markdown)
    shown = [float(number.replace("−", "-")) for number in re.findall(r"log p\(x\)\s\*\*(.*?)\*\*", words)]
    for checkpoint, key in ((first, "posterior-0"), (second, "posterior-1")):
        exported = take(at, key, monkeypatch)
        found = lines(exported, "log_p=log_p, gap=gap, back=exchanged, modes=len(peaks)")
        model = load_checkpoint(checkpoint.folder)[0]
        grid = PlaneGrid.of(model, image[None])
        field = grid.resolved(next(grid.fields(image[None])), image)
        with torch.no_grad():
            expected = kl_q_p(grid, field, image, model.posterior(torch.from_numpy(image)[None].float()))
        assert float(found["log_p"]) == pytest.approx(field.log_integral, abs=1e-2)
        assert float(found["gap"]) == pytest.approx(expected, abs=1e-2)
        assert min(abs(number - field.log_integral) for number in shown) < 0.02
    assert sum("amortisation" in each.value for each in at.main.caption) == 2
    assert len(take(at, "plane", monkeypatch).table) == len(few_digits.test)


def test_a_moved_prior_is_in_the_link_and_changes_the_posterior_of_its_model_alone(
    make: Make, few_digits: Dataset, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = two_numbers(make)
    at = open_page("plane", digit_index="7", plane_checkpoint="bells", means="2,0.5,-1,1")
    assert widgets(at)[0]["now"]["means"] == [2, 0.5, -1, 1]
    heads = [each.value for each in at.main.markdown if "its prior moved" in each.value]
    assert heads == ["**bells**, its prior moved"]

    image, model = few_digits.test.binary[7], load_checkpoint(first.folder)[0]
    moved = model.prior().moved_to(torch.tensor([[[2.0, 0.5]], [[-1.0, 1.0]]]))
    grid = PlaneGrid.of(model, image[None]).under(moved)
    expected = grid.resolved(next(grid.fields(image[None])), image).log_integral
    found = lines(take(at, "posterior-0", monkeypatch), "log_p=log_p")
    assert float(found["log_p"]) == pytest.approx(expected, abs=1e-2)

    for told, kept in ({"means": [1, 2, 3, 4]}, "1,2,3,4"), ({"means": [1, 2, "x", 4]}, None), ({"means": None}, None):
        at.session_state[f"plane-bells-{first.digest}"] = {"now": told}
        at.run()
        assert at.query_params.get("means") in (kept, None if kept is None else [kept])


@pytest.mark.parametrize(
    ("shares", "shown"),
    [
        ((0.476, 0.412, 0.095, 0.016), "48 %, 41 %, 9 %, 2 %"),  # sum to 100
        ((0.972, 0.018), "97 %, 2 %"),  # the rest has no mode
        ((0.494, 0.494, 0.012), "50 %, 49 %, 1 %"),
        ((1.0,), "100 %"),
    ],
)
def test_shares_in_percent_sum_to_what_the_shares_do(shares: tuple[float, ...], shown: str) -> None:
    assert posteriors.in_percent(shares).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_the_page_and_its_table_have_the_same_numbers_of_the_same_image_under_the_trained_prior(
    make: Make, few_digits: Dataset
) -> None:
    first, _ = two_numbers(make)
    at = press(open_page("plane", digit_index="0", plane_checkpoint="bells", means="2,0.5,-1,1"), "Search")
    assert any("Under the trained prior of bells" in each.value for each in at.main.caption)
    for row in at.dataframe[0].value.itertuples():
        moved = posteriors.posterior(first, few_digits.test.binary[row.Image], (2.0, 0.5, -1.0, 1.0))
        found = posteriors.posterior(first, few_digits.test.binary[row.Image])
        assert (row.Modes, row.Shares, row.Gap) == (
            len(found.shares),
            posteriors.in_percent(found.shares),
            found.kl_q_p,
        )
        assert moved.kl_q_p != found.kl_q_p
        at = open_page("plane", digit_index=str(row.Image), plane_checkpoint="bells")
        words = next(each.value for each in at.main.markdown if "KL(q‖p)" in each.value)
        assert f"**{printed(row.Gap, '.2f')}**" in words
        assert f"**{row.Modes}: {row.Shares}**" in words or row.Modes == 1


def test_only_a_plane_with_ellipses_asks_to_drag_one_and_only_a_triangle_is_explained(make: Make) -> None:
    two_numbers(make)
    make("lone", "gauss-vae", code_dim=2)
    for checkpoint, beside, has_ellipses, has_triangle in (
        ("bells", "lone", True, False),
        ("bells", "triangle", True, True),
        ("triangle", "bells", False, True),
    ):
        at = open_page("plane", digit_index="7", plane_checkpoint=checkpoint, plane_beside=beside)
        assert any("drag an ellipse" in each.value for each in at.main.markdown) == has_ellipses
        assert any("lies in a triangle" in each.value for each in at.main.caption) == has_triangle


def test_a_kept_survey_is_listed_at_once_and_a_button_shows_its_divided_digits_in_turn(make: Make) -> None:
    two_numbers(make)
    shares = ((0.9, 0.1), (0.6, 0.4), (1.0,))
    known = PosteriorSurvey((3, 5, 8), shares, (4.0, 4.0, 0.0), (2.0, 0.5, 9.0))
    save_survey(load_checkpoint(loaders.CHECKPOINTS / "bells")[1], known)
    at = open_page("plane", digit_index="7", plane_checkpoint="bells")
    assert list(at.dataframe[0].value["Image"]) == [3, 5, 8]
    for image in 5, 3, 5:
        press(at, "An image of several modes")
        assert at.number_input(key="digit-index").value == image


def test_a_click_on_a_row_of_the_search_shows_its_digit(make: Make) -> None:
    two_numbers(make)
    at = press(open_page("plane", plane_checkpoint="bells"), "Search")
    table = at.dataframe[0].value
    assert len(table) == 5 and (np.diff(table["Modes"]) <= 0).all()
