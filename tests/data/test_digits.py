"""A picture becomes a digit as MNIST has them: light on dark, 20 pixels, its mass in the middle."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dlgmm_core.data.datasets import ASSETS
from dlgmm_core.data.digits import DigitError, prepare_digit


def drawing(size: tuple[int, int], box: tuple[int, int, int, int], paper: int, ink: int) -> NDArray[np.uint8]:
    """A ring on plain paper; (width, height), and left, top, right, bottom in pixels."""
    image = Image.new("L", size, paper)
    left, top, right, bottom = box
    ImageDraw.Draw(image).ellipse((left, top, right - 1, bottom - 1), outline=ink, width=max(1, (right - left) // 6))
    return np.asarray(image)


def extent(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(grey.max(1)), np.flatnonzero(grey.max(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def centre(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    mass = grey.astype(np.float64)
    return np.array([mass.sum(0) @ np.arange(28), mass.sum(1) @ np.arange(28)]) / mass.sum()


@pytest.fixture(scope="module")
def mnist() -> NDArray[np.uint8]:
    """The first hundred test digits, (100, 28, 28)."""
    with np.load(ASSETS / "mnist.npz", allow_pickle=False) as file:
        digits: NDArray[np.uint8] = file["test_images"][:100].reshape(-1, 28, 28)
    return digits


@pytest.mark.parametrize(
    ("paper", "ink", "inverted"), [(0, 255, False), (255, 0, True), (210, 60, True), (40, 130, False)]
)
def test_either_polarity_becomes_full_ink_on_black(paper: int, ink: int, inverted: bool) -> None:
    digit = prepare_digit(drawing((90, 120), (20, 10, 70, 100), paper, ink))
    assert digit.inverted is inverted
    assert digit.box == (20, 10, 70, 100)
    assert digit.grey.shape == (28, 28) and digit.grey.dtype == np.uint8
    assert digit.grey.max() == 255 and digit.grey[[0, -1]].max() == 0 and np.median(digit.grey) == 0


def test_both_polarities_give_the_same_digit() -> None:
    dark = drawing((90, 120), (20, 10, 70, 100), 0, 255)
    np.testing.assert_allclose(prepare_digit(dark).grey, prepare_digit(255 - dark).grey, atol=1)


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(50, 100, (10, 20)), (100, 50, (20, 10)), (60, 60, (20, 20)), (10, 5, (20, 10))]
)
def test_the_longer_side_fills_twenty_pixels_in_proportion(width: int, height: int, expected: tuple[int, int]) -> None:
    digit = prepare_digit(drawing((200, 150), (30, 20, 30 + width, 20 + height), 0, 255))
    left, top, right, bottom = extent(digit.grey)
    assert (right - left, bottom - top) == expected


@pytest.mark.parametrize("corner", [(0, 0), (140, 0), (0, 90), (70, 40)])
def test_the_place_in_the_picture_does_not_matter(corner: tuple[int, int]) -> None:
    x, y = corner
    picture = np.zeros((150, 200), np.uint8)
    picture[y : y + 60, x : x + 60] = drawing((60, 60), (10, 10, 50, 50), 0, 255)
    alone = prepare_digit(drawing((60, 60), (10, 10, 50, 50), 0, 255))
    np.testing.assert_array_equal(prepare_digit(picture).grey, alone.grey)


def test_mass_is_where_mnist_has_it_within_half_a_pixel(mnist: NDArray[np.uint8]) -> None:
    middle = np.mean([centre(image) for image in mnist], axis=0)
    np.testing.assert_allclose(middle, 14, atol=0.1)
    for image in mnist:
        grey = prepare_digit(image).grey
        left, top, right, bottom = extent(grey)
        # Where a side of the 28 pixels is reached, the mass may stay off the middle.
        free = np.array([left > 0 and right < 28, top > 0 and bottom < 28])
        assert (np.abs(centre(grey) - 14) <= 0.52)[free].all()  # beyond a half: levels are rounded
        assert free.any()


def test_mass_far_off_the_middle_keeps_the_digit_whole() -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[10:90, 10:12] = 255  # a flag: all the mass at the left, a faint line to the right
    picture[10, 10:90] = 80
    digit = prepare_digit(picture)
    left, top, right, bottom = extent(digit.grey)
    assert (right - left, bottom - top) == (20, 20) and right == 28


@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_paper_is_an_error(level: int) -> None:
    with pytest.raises(DigitError, match="no ink"):
        prepare_digit(np.full((50, 40), level, np.uint8))


def test_faint_noise_on_paper_is_no_ink_and_does_not_widen_the_box() -> None:
    noise = np.random.default_rng(0).integers(0, 25, (120, 90)).astype(np.uint8)
    with pytest.raises(DigitError, match="no ink"):
        prepare_digit(noise)
    picture = np.maximum(noise, drawing((90, 120), (20, 10, 70, 100), 0, 255))
    assert prepare_digit(picture).box == (20, 10, 70, 100)


@pytest.mark.parametrize(("scale", "likeness"), [(1, 0.99), (5, 0.85)])
def test_a_test_digit_moved_and_enlarged_comes_back_as_itself(
    mnist: NDArray[np.uint8], scale: int, likeness: float
) -> None:
    correlations = []
    for number, image in enumerate(mnist):
        picture = Image.new("L", (300, 260), 0)
        picture.paste(Image.fromarray(image).resize((28 * scale, 28 * scale), Image.Resampling.BICUBIC), (90, 17))
        levels = np.asarray(picture)
        grey = prepare_digit(255 - levels if number % 2 else levels).grey
        correlations.append(np.corrcoef(grey.ravel(), image.ravel())[0, 1])
    assert np.median(correlations) > 0.98
    # Faint edges are paper here, and those of an enlarged digit are wider: some come back in a box a pixel off.
    assert np.quantile(correlations, 0.1) > likeness


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(20, 21), slice(30, 31)), (slice(20, 21), slice(5, 60)), (slice(2, 70), slice(30, 31))],
    ids=["one pixel", "a horizontal hair", "a vertical hair"],
)
def test_the_thinnest_ink_is_a_digit_of_twenty_pixels(rows: slice, columns: slice) -> None:
    picture = np.zeros((80, 80), np.uint8)
    picture[rows, columns] = 255
    grey = prepare_digit(picture).grey
    left, top, right, bottom = extent(grey)
    assert max(right - left, bottom - top) == 20 and grey.max() == 255


@pytest.mark.parametrize("shape", [(3, 3), (512, 3), (3, 512), (28, 28)])
def test_pictures_of_any_shape_are_prepared(shape: tuple[int, int]) -> None:
    picture = np.zeros(shape, np.uint8)
    picture[1:-1, 1:-1] = 200
    assert prepare_digit(picture).grey.shape == (28, 28)
