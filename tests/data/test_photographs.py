"""Digits in photographs are read as the digits that they are, whatever the light, the paper and the ink."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.made_photographs import KINDS, photograph
from benchmarks.photographs import Judge
from dlgmm_core.data.digits import find_digits, prepare_digit

EACH, SEED = 12, 41  # of a kind; of their own, neither tuned on nor reported


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def test_photographs_of_every_kind_are_read_nearly_as_often_as_the_clean_digits(judge: Judge) -> None:
    found = {kind: judge.accuracy(judge.made(kind, SEED, EACH)) for kind in KINDS}
    assert np.mean([share.photographs for share in found.values()]) > 0.91
    for kind, share in found.items():
        assert share.photographs > share.clean - 0.2, kind


def seven(judge: Judge, side: int) -> NDArray[np.uint8]:
    """(side, side), dark on light: the first test image, a seven, with a margin."""
    clean = Image.fromarray(255 - np.pad(judge.test[0], 14)).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(clean)


def far(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean difference of two 28 x 28 pictures in grey levels."""
    return float(np.abs(one.astype(float) - other).mean())


def test_colours_transparency_specks_and_frames_leave_the_digit_as_it_is(judge: Judge) -> None:
    page = seven(judge, 260)
    plain = prepare_digit(page).grey
    share = (255 - page[..., None]) / 255
    pictures = {
        "blue on black": share * np.array([60, 80, 255]),
        "yellow on white": 255 - share * np.array([0, 20, 200]),
        "white on transparency": np.dstack([np.full((260, 260, 3), 255), 255 - page]),
        "a dark pixel": np.where(np.indices(page.shape).sum(0) == 6, np.where(np.eye(260) > 0, 0, page), page),
        "a frame": np.pad(page[1:-1, 1:-1], 1),
    }
    for name, picture in pictures.items():
        assert far(prepare_digit(np.round(picture).astype(np.uint8)).grey, plain) < 8, name


def test_the_same_digit_small_and_large_is_the_same(judge: Judge) -> None:
    small, large = (prepare_digit(seven(judge, side)).grey for side in (300, 1000))
    assert far(small, large) < 3


def test_several_digits_are_all_found_with_a_warning(judge: Judge) -> None:
    picture = photograph(judge.test[[0, 1, 4]], "several", 5)
    found = find_digits(picture.picture)
    assert len(found.digits) == len(picture.boxes) and any("several digits" in text for text in found.warnings)
    assert found.evened.shape == found.ink.shape
