"""Files that people send are seen as a person sees them; `test_hostile_uploads.py` has malicious ones."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core.data.digits import DigitError
from tests.picture_bytes import encoded
from ui.digit.uploads import read_picture


def half_black() -> NDArray[np.uint8]:
    """(40, 60), the left half black and the right half white."""
    levels = np.full((40, 60), 255, np.uint8)
    levels[:, :30] = 0
    return levels


def assert_half_black(picture: NDArray[np.uint8], tolerance: int = 0) -> None:
    assert picture.shape == (40, 60) and picture.dtype == np.uint8
    assert picture[:, :29].max() <= tolerance and picture[:, 31:].min() >= 255 - tolerance


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_accepted_format_gives_its_grey_levels(kind: str, mode: str) -> None:
    assert_half_black(read_picture(encoded(Image.fromarray(half_black()).convert(mode), kind)), tolerance=12)


def test_colours_stay() -> None:
    image = Image.new("RGB", (30, 10), (255, 0, 0))
    image.paste((0, 255, 0), (10, 0, 20, 10))
    image.paste((0, 0, 255), (20, 0, 30, 10))
    assert read_picture(encoded(image, "PNG"))[5, [5, 15, 25]].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_an_opaque_picture_is_the_same_with_an_alpha_channel() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (30, 20, 3), np.uint8)
    for levels in (colours, colours[..., :1].repeat(3, 2)):
        image = Image.fromarray(levels)
        expected = read_picture(encoded(image, "PNG"))
        assert np.array_equal(read_picture(encoded(image.convert("RGBA"), "PNG")), expected)
        assert np.array_equal(expected, levels if levels is colours else levels[..., 0])


def test_what_is_transparent_shows_white_paper() -> None:
    levels = half_black()
    clear = np.dstack([np.zeros((40, 60, 3), np.uint8), 255 - levels])  # black ink; paper is clear, and black below
    assert_half_black(read_picture(encoded(Image.fromarray(clear), "PNG")))
    half_clear = np.dstack([np.zeros((40, 60, 3), np.uint8), np.full((40, 60), 128, np.uint8)])
    assert np.unique(read_picture(encoded(Image.fromarray(half_clear), "PNG"))) == pytest.approx([127], abs=1)


def test_light_ink_on_transparency_shows_black_paper() -> None:
    clear = np.dstack([np.full((40, 60, 3), 255, np.uint8), half_black()])
    assert_half_black(read_picture(encoded(Image.fromarray(clear), "PNG")))


def test_a_transparent_colour_of_a_grey_png_shows_white_paper() -> None:
    levels = half_black() // 2  # 0 and 127, of which 127 is declared transparent
    assert_half_black(read_picture(encoded(Image.fromarray(levels), "PNG", transparency=127)))


def test_a_palette_is_looked_up_with_its_transparency() -> None:
    image = Image.fromarray((half_black() // 255).astype(np.uint8), "L").convert("P")
    image.putpalette([200, 200, 200, 10, 10, 10])
    image.putdata([0 if value else 1 for value in half_black().ravel()])
    assert set(np.unique(read_picture(encoded(image, "PNG")))) == {10, 200}
    assert set(np.unique(read_picture(encoded(image, "PNG", transparency=0)))) == {10, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_upright_by_its_exif(orientation: int) -> None:
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(half_black())
    stored = image.transpose(turn[orientation]) if orientation > 1 else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_half_black(read_picture(encoded(stored, "JPEG", quality=95, exif=exif)), tolerance=12)


@pytest.mark.parametrize(("paper", "ink"), [(65535, 0), (1000, 200), (300, 0)])
def test_sixteen_bits_are_scaled_and_not_clipped(paper: int, ink: int) -> None:
    levels = np.where(half_black() > 0, paper, ink).astype(np.uint16)
    assert_half_black(read_picture(encoded(Image.fromarray(levels), "PNG")))


def test_a_ramp_of_sixteen_bits_stays_a_ramp() -> None:
    levels = np.linspace(0, 65535, 60).astype(np.uint16)[None].repeat(40, 0)
    expected = np.linspace(0, 255, 60)[None].repeat(40, 0)
    np.testing.assert_allclose(read_picture(encoded(Image.fromarray(levels), "PNG")), expected, atol=1)


@pytest.mark.parametrize("kind", ["I", "F"])
def test_flat_pictures_of_wide_levels_do_not_divide_by_zero(kind: str) -> None:
    picture = read_picture(encoded(Image.new(kind, (10, 10), 7), "TIFF"))
    assert len(np.unique(picture)) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_levels_that_are_no_numbers_are_refused(odd: float) -> None:
    levels = half_black().astype(np.float32)
    levels[3, 4] = odd
    with pytest.raises(DigitError, match="not a picture that can be read"):
        read_picture(encoded(Image.fromarray(levels), "TIFF"))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_shows_its_first_frame(kind: str) -> None:
    first = Image.fromarray(half_black()).convert("RGB")
    others = [Image.new("RGB", first.size, colour) for colour in ("red", "white")]
    content = encoded(first, kind, save_all=True, append_images=others, lossless=True)
    assert_half_black(read_picture(content), tolerance=3)


@pytest.mark.parametrize("size", [(3, 3), (3, 200)])
def test_small_pictures_are_read(size: tuple[int, int]) -> None:
    assert read_picture(encoded(Image.new("L", size, 9), "PNG")).shape == size[::-1]


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (50, 2), (2000, 4)])
def test_pictures_too_small_for_a_digit_are_refused_with_their_size(size: tuple[int, int]) -> None:
    with pytest.raises(DigitError, match=f"only {size[0]} x {size[1]} pixels"):
        read_picture(encoded(Image.new("L", size, 9), "PNG"))


def test_large_pictures_are_reduced_in_proportion() -> None:
    levels = np.full((1000, 2000), 255, np.uint8)
    levels[:, :1000] = 0
    picture = read_picture(encoded(Image.fromarray(levels), "PNG"))
    assert picture.shape == (512, 1024)
    assert picture[:, :511].max() == 0 and picture[:, 513:].min() == 255
