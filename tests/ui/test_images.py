"""Digits tiled into one picture: every pixel where it belongs."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ui.images import tile, tiled_picture


def test_images_lie_in_rows_with_grey_between_them() -> None:
    images = np.stack([np.full(784, level) for level in (0.0, 0.25, 1.0)])
    sheet = tile(images, columns=2, zoom=1, gap=3)
    assert sheet.shape == (59, 59) and sheet.dtype == np.uint8
    assert (sheet[:28, :28] == 0).all() and (sheet[:28, 31:] == 64).all() and (sheet[31:, :28] == 255).all()
    assert (sheet[28:31] == 128).all() and (sheet[:, 28:31] == 128).all()
    assert (sheet[31:, 31:] == 128).all()  # nothing there


def test_pixels_are_whole_squares() -> None:
    image = np.random.default_rng(0).random(784)
    sheet = tile(image[None], columns=1, zoom=4)
    assert sheet.shape == (112, 112)
    blocks = sheet.reshape(28, 4, 28, 4).swapaxes(1, 2).reshape(28, 28, 16)
    assert (blocks == blocks[..., :1]).all()
    np.testing.assert_array_equal(blocks[..., 0], np.round(255 * image.astype(np.float32)).reshape(28, 28))


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.bool_])
def test_zeros_and_ones_are_black_and_white_whatever_their_type(kind: type) -> None:
    image = np.arange(784) % 2
    np.testing.assert_array_equal(tile(image[None].astype(kind), 1, zoom=1).ravel(), 255 * image)


@pytest.mark.parametrize(("count", "columns", "shape"), [(1, 9, (28, 268)), (9, 9, (28, 268)), (10, 9, (58, 268))])
def test_the_last_row_may_be_short(count: int, columns: int, shape: tuple[int, int]) -> None:
    assert tile(np.zeros((count, 784)), columns, zoom=1, gap=2).shape == shape


def test_an_address_holds_the_whole_picture() -> None:
    images = np.random.default_rng(1).random((7, 784))
    kind, content = tiled_picture(images, columns=3, zoom=2, gap=4).split(",")
    assert kind == "data:image/png;base64"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content)), formats=["PNG"]))
    np.testing.assert_array_equal(found, tile(images, columns=3, zoom=2, gap=4))
