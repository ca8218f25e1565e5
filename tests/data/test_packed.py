"""A packed split is the split it was made of, in less memory."""

import numpy as np
import pytest

from dlgmm_core.data.packed import PackedSplit
from dlgmm_core.data.splits import Split

RNG = np.random.default_rng(0)
INK = RNG.integers(0, 2, (40, 21), dtype=np.uint8)  # 21 pixels: the last byte of an image is not full
LABELS = np.arange(40)


@pytest.mark.parametrize("rows", [slice(None), slice(3, 9), np.array([5, 0, 39]), np.array([], np.int64)])
def test_rows_have_the_images_and_labels_of_the_split_that_they_were_kept_of(rows: "slice | np.ndarray") -> None:
    split = Split(255 * INK, INK, LABELS)
    for kept in (PackedSplit(split), split.without_grey()):
        assert len(kept) == len(INK)
        assert np.array_equal(kept.binary, INK)
        assert np.array_equal(kept[rows].binary, INK[rows])
        assert np.array_equal(kept[rows].known_labels, LABELS[rows])


def test_an_image_takes_a_bit_a_pixel() -> None:
    ink = np.ones((1000, 784), np.uint8)
    packed = PackedSplit(Split(255 * ink, ink, None))
    kept = sum(value.nbytes for value in vars(packed).values() if isinstance(value, np.ndarray))
    assert kept == ink.size / 8


def test_a_split_without_labels_stays_one() -> None:
    assert PackedSplit(Split(255 * INK, INK, None))[:2].labels is None
