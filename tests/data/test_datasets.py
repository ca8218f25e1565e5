"""Data sets: the published images, cut into the stated splits, made binary the same way everywhere."""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.data import datasets, sources
from dlgmm_core.data.assets.build_mnist import PUBLISHED
from dlgmm_core.data.binarized_mnist import binarized_mnist
from dlgmm_core.data.datasets import Dataset, binarization_levels, binarize, load_dataset, most_likely_origin


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset("mnist")


@pytest.fixture(scope="module")
def published_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The files that may not be shipped, and an empty cache for what is computed from them."""
    if not os.environ.get("DLGMM_DATA"):
        if os.environ.get("CI"):
            pytest.fail("CI must name the published files in DLGMM_DATA")
        pytest.skip("DLGMM_DATA is not set, so there are no published files to read")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def published_rows(published_data: None) -> NDArray[np.uint8]:
    """Every 25th image of Larochelle's test part."""
    return binarized_mnist("test")[::25]


def digest(images: NDArray[np.uint8]) -> str:
    return hashlib.sha256(np.packbits(images).tobytes()).hexdigest()


class TestMnist:
    def test_splits_have_their_sizes(self, mnist: Dataset) -> None:
        for split, count in ((mnist.train, 50_000), (mnist.valid, 10_000), (mnist.test, 10_000)):
            assert len(split) == count
            assert split.grey.shape == split.binary.shape == (count, 784)
            assert split.grey.dtype == split.binary.dtype == np.uint8
            assert split.labels.dtype == np.int64

    def test_digits_have_their_counts(self, mnist: Dataset) -> None:
        counts = {
            "train": [4932, 5678, 4968, 5101, 4859, 4506, 4951, 5175, 4842, 4988],
            "valid": [991, 1064, 990, 1030, 983, 915, 967, 1090, 1009, 961],
            "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        }
        for name, expected in counts.items():
            assert np.bincount(getattr(mnist, name).labels).tolist() == expected
        assert mnist.class_names == tuple("0123456789")

    def test_the_shipped_file_unpacks_to_the_published_ones(self, mnist: Dataset) -> None:
        grey = {"train": np.concatenate([mnist.train.grey, mnist.valid.grey]), "test": mnist.test.grey}
        labels = {"train": np.concatenate([mnist.train.labels, mnist.valid.labels]), "test": mnist.test.labels}
        for part in ("train", "test"):
            count = len(labels[part])
            images_file = struct.pack(">4i", 2051, count, 28, 28) + grey[part].tobytes()
            labels_file = struct.pack(">2i", 2049, count) + labels[part].astype(np.uint8).tobytes()
            assert hashlib.md5(images_file).hexdigest() == PUBLISHED[f"{part}_images"][1]
            assert hashlib.md5(labels_file).hexdigest() == PUBLISHED[f"{part}_labels"][1]

    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            ("train", "c86fad331a82b76ecb9d35de93ccee98d73005b6676035274505383f910b9f42"),
            ("valid", "0574090e360f029d0dda9da112c0cc70b08f187c7cfc2a830b1c44039b838129"),
            ("test", "8b022762decad45df9f2989fc43bcaa734b998c61b7103da207c957604dd347a"),
        ],
    )
    def test_the_fixed_binarization_never_changes(self, mnist: Dataset, part: str, expected: str) -> None:
        assert digest(getattr(mnist, part).binary) == expected


class TestBinarize:
    def test_ink_has_the_probability_of_its_grey_level(self) -> None:
        draws = 20_000
        levels = np.arange(256, dtype=np.uint8)
        share = binarize(np.tile(levels, (draws, 1)), 3).mean(0)
        p = levels / 255
        # the binomial's standard deviation; 5 of them are exceeded by one of 254 once in 7,000 seeds
        assert (np.abs(share - p) <= 5 * np.sqrt(p * (1 - p) / draws)).all()

    def test_pixels_are_drawn_independently(self) -> None:
        ink = binarize(np.full((20_000, 8), 128, np.uint8), 4)
        correlation = np.corrcoef(ink.T) - np.eye(8)
        assert np.abs(correlation).max() < 5 / np.sqrt(20_000)

    def test_paper_never_inks_and_full_ink_always_does(self) -> None:
        assert not binarize(np.zeros(1_000_000, np.uint8), 5).any()
        assert binarize(np.full(1_000_000, 255, np.uint8), 5).all()

    def test_a_seed_means_the_same_images_each_time(self) -> None:
        grey = np.full((100, 784), 128, np.uint8)
        np.testing.assert_array_equal(binarize(grey, 1, 2), binarize(grey, 1, 2))

    @pytest.mark.parametrize("at_once", [4, 400, 1 << 20])
    def test_how_many_pixels_are_drawn_at_once_changes_nothing(
        self, at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grey = np.random.default_rng(0).integers(0, 256, (9, 141), dtype=np.uint8)
        expected = binarize(grey, 1, 2)
        monkeypatch.setattr("dlgmm_core.data.splits._AT_ONCE", at_once)
        np.testing.assert_array_equal(binarize(grey, 1, 2), expected)
        np.testing.assert_array_equal(grey.ravel() >= binarization_levels(grey.size, 1, 2), expected.ravel())

    @pytest.mark.parametrize("other", [(1, 3), (2, 2), (2, 1), (1,)])
    def test_another_seed_means_other_images(self, other: tuple[int, ...]) -> None:
        grey = np.full((100, 784), 128, np.uint8)
        agreement = (binarize(grey, 1, 2) == binarize(grey, *other)).mean()
        assert agreement == pytest.approx(0.5, abs=0.02)

    @pytest.mark.parametrize("shape", [(0,), (3,), (5, 7), (2, 3, 5)])
    def test_the_shape_is_kept(self, shape: tuple[int, ...]) -> None:
        ink = binarize(np.full(shape, 255, np.uint8), 6)
        assert ink.shape == shape
        assert ink.dtype == np.uint8


class TestOrigins:
    def test_a_binarized_image_is_traced_to_its_grey_one(self, mnist: Dataset) -> None:
        origin = most_likely_origin(binarize(mnist.test.grey[:500], 7), mnist.test.grey)
        assert (origin == np.arange(500)).mean() > 0.99

    def test_published_images_are_traced_to_distinct_look_alikes(
        self, mnist: Dataset, published_rows: NDArray[np.uint8]
    ) -> None:
        origin = most_likely_origin(published_rows, mnist.test.grey)
        assert len(set(origin.tolist())) >= len(origin) - 2
        p = mnist.test.grey[origin] / 255
        distance, expected = np.abs(published_rows - p).mean(), (2 * p * (1 - p)).mean()
        assert distance == pytest.approx(expected, rel=0.05)

    def test_blocks_of_rows_are_put_together_in_order(self) -> None:
        grey = np.random.default_rng(8).choice(np.array([0, 255], np.uint8), (50, 784))
        expected = np.random.default_rng(9).integers(0, 50, 4_500)
        np.testing.assert_array_equal(most_likely_origin(grey[expected] // 255, grey), expected)


class TestBinarizedMnist:
    def test_every_part_gets_the_labels_of_its_origins(
        self, mnist: Dataset, published_rows: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """With a few images of each part, and a few of MNIST to trace them to: of all 60,000 it takes minutes."""
        few = replace(mnist, train=mnist.train[:1500], valid=mnist.valid[:1000])
        parts = {
            "train": binarize(mnist.train.grey[:20], 1),
            "valid": binarize(mnist.valid.grey[:20], 1),
            "test": published_rows[:20],
        }
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setattr(datasets, "_load_mnist", lambda: few)
        monkeypatch.setattr(datasets, "binarized_mnist", parts.__getitem__)
        loaded = load_dataset("binarized-mnist")
        np.testing.assert_array_equal(loaded.train.labels, mnist.train.labels[:20])
        np.testing.assert_array_equal(loaded.valid.labels, mnist.valid.labels[:20])
        np.testing.assert_array_equal(loaded.test.binary, published_rows[:20])
        np.testing.assert_array_equal(loaded.test.grey, published_rows[:20] * 255)
        assert loaded.test.labels.dtype == np.int64
        assert loaded.class_names == mnist.class_names


def test_omniglot_is_cut_by_drawers_named_by_alphabets_and_binarized_the_same_way_for_ever(
    published_data: None,
) -> None:
    """One test, for two workers would both read it."""
    omniglot = load_dataset("omniglot")
    splits = (omniglot.train, omniglot.valid, omniglot.test)
    characters = 964 + 659
    assert [len(split) for split in splits] == [14 * characters, characters, 5 * characters]

    assert len(omniglot.class_names) == 50
    assert omniglot.class_names == tuple(sorted(omniglot.class_names))
    counts = [np.bincount(split.known_labels, minlength=50) for split in splits]
    np.testing.assert_array_equal(counts[0], 14 * counts[1])
    np.testing.assert_array_equal(counts[2], 5 * counts[1])
    assert counts[1][omniglot.class_names.index("Greek")] == 24

    for split in splits:  # strokes are light on dark
        assert split.grey.mean() / 255 == pytest.approx(0.08, abs=0.005)
        assert split.binary.mean() == pytest.approx(split.grey.mean() / 255, abs=0.001)
        assert split.grey.max(1).min() > 100

    assert [digest(split.binary) for split in splits] == [
        "0d91b6e062b3930023cb112030c2f69da7c841176d9c64baad026dd8a2341197",
        "a02c1ad3245fe28e184802a8312a414e452715e5b03a342a1c8c76919d3cd395",
        "f8f773549048bcad63ae1cc22070ca36c85750894f9c712d78c6e3adb0ce9855",
    ]


def test_an_unknown_data_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(sources.DataError, match="'svhn': choose one of mnist, binarized-mnist, omniglot, digits, "):
        load_dataset("svhn")


def test_every_data_set_has_a_label_for_people() -> None:
    assert all(family.label for family in datasets.DATASETS.values())


def test_a_data_set_is_local_once_all_its_files_are(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {name for name, family in datasets.DATASETS.items() if family.is_local()} == {"mnist", "digits"}
    monkeypatch.setenv("DLGMM_DATA", str(tmp_path))
    for part in ("train", "valid", "test"):
        assert not datasets.DATASETS["binarized-mnist"].is_local()
        (tmp_path / f"binarized_mnist_{part}.amat.gz").touch()
    assert datasets.DATASETS["binarized-mnist"].is_local()
    (tmp_path / "omniglot").mkdir()
    for part in ("background", "evaluation"):
        assert not datasets.DATASETS["omniglot"].is_local()
        (tmp_path / "omniglot" / f"images_{part}.zip").touch()
    assert datasets.DATASETS["omniglot"].is_local()
