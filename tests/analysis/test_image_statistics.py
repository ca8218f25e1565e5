"""Image statistics against sums written out, and on pictures and maps whose values are known."""

from collections.abc import Callable

import numpy as np
import pytest
from torch import Tensor

from dlgmm_core.analysis import image_statistics
from dlgmm_core.analysis.image_statistics import map_purity, pixel_entropy, reconstruction_loss, within_outline
from dlgmm_core.analysis.inspection import reconstruct
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.models import LatentVariableModel

Toy = Callable[[ModelConfig], LatentVariableModel]


def test_the_loss_sums_minus_log_p_over_pixels_for_any_size_of_blocks(
    config: ModelConfig, toy: Toy, four_bit_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, images = toy(config).float(), four_bit_images.numpy().astype(np.uint8)
    p = reconstruct(model, images).astype(np.float64)
    written_out = -np.log(np.where(images == 1, p, 1 - p)).sum(1)
    whole = reconstruction_loss(model, images)
    assert whole == pytest.approx(written_out, rel=1e-4)
    monkeypatch.setattr(image_statistics, "BLOCK", 5)
    assert reconstruction_loss(model, images) == pytest.approx(whole, rel=1e-5)


def test_pixel_entropy_is_zero_for_certain_pixels_and_largest_for_even_odds() -> None:
    sure, halves = np.array([0.0, 1.0, 1.0, 0.0]), np.full(4, 0.5)
    assert pixel_entropy(np.stack([sure, halves])) == pytest.approx([0, 4 * np.log(2)])
    assert pixel_entropy(np.array([[0.2]])) == pytest.approx([-0.2 * np.log(0.2) - 0.8 * np.log(0.8)])
    assert pixel_entropy(np.zeros((2, 3, 4))).shape == (2, 3)


def test_purity_counts_the_others_and_not_the_point_itself() -> None:
    line = np.array([[0, 0], [1, 0], [10, 0], [11, 0]], dtype=np.float32)
    assert map_purity(line, np.array([0, 0, 1, 1]), k=1).tolist() == [1, 1, 1, 1]
    assert map_purity(line, np.array([0, 1, 2, 3]), k=1).tolist() == [0, 0, 0, 0]
    assert map_purity(line, np.array([0, 0, 0, 1]), k=2).tolist() == [1, 1, 0.5, 0]


def test_points_in_one_place_are_each_others_neighbours() -> None:
    heap = np.array([[5, 5]] * 6 + [[9, 9]], dtype=np.float32)
    assert map_purity(heap, np.array([1, 1, 1, 1, 1, 1, 2]), k=2).tolist() == [1, 1, 1, 1, 1, 1, 0]


def test_places_within_an_outline_are_those_of_a_polygon_with_a_hole_in_its_middle() -> None:
    square = np.array([(0, 0), (4, 0), (4, 4), (0, 4)], float)
    places = np.array([(2, 2), (5, 2), (-1, 2), (2, 5), (3.9, 0.1), (2, -0.1)], np.float32)
    assert within_outline(places, square).tolist() == [True, False, False, False, True, False]
    twice = np.concatenate([square, square[:1], square[::-1] / 4 + 1.5, square[3:] / 4 + 1.5, square[:1]])
    assert within_outline(np.array([(2, 2), (0.5, 2)], np.float32), twice).tolist() == [False, True]
