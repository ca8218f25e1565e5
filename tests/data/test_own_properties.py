"""Any images in any kind of file: every image is in one part, with its own label, whatever they came in."""

import csv

import numpy as np
import pytest
from hypothesis import given as each
from hypothesis import strategies as st
from PIL import Image

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.data.levels import PARTS
from dlgmm_core.data.own import Reading, read_own
from tests.fuzz_helpers import fuzz
from tests.source_helpers import complaint

pytestmark = pytest.mark.usefixtures("cache")

SHAPES = [(2, 3), (8, 8), (20, 24), (32, 32), (105, 105)]
LABELS = [(), ("7",), ("-3", "10", "2"), ("ant", "a bee", "Ünïcode 3")]
SPLITS = [(0.8, 0.1, 0.1), (0.5, 0.2, 0.3)]


@fuzz(14)
@each(
    shape=st.sampled_from(SHAPES),
    names=st.sampled_from(LABELS),
    shares=st.sampled_from(SPLITS),
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(24, 40),
)
def test_every_image_is_in_one_part_with_its_label_and_the_kind_of_file_does_not_matter(
    shape: tuple[int, int], names: tuple[str, ...], shares: tuple[float, float, float], seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *shape), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(count), 255  # which tells each, and that no level is a fraction
    labels = np.sort(np.array(names)[rng.integers(0, len(names), count)]) if names else None
    found = Dataset.from_arrays("mine", images, labels, shares=shares, seed=seed)
    flat = images.reshape(count, -1)
    which = np.concatenate([getattr(found, part).grey[:, 0] for part in PARTS])
    assert sorted(which) == list(range(count)) and found.shape == shape
    for part, share in zip(PARTS[1:], shares[1:], strict=True):
        assert len(getattr(found, part)) == round(share * count)
    for part in PARTS:
        split = getattr(found, part)
        np.testing.assert_array_equal(split.grey, flat[split.grey[:, 0]])
        assert found.classes_of(split) == ([] if labels is None else labels[split.grey[:, 0]].tolist())
    whole = labels is not None and names[0].lstrip("-").isdecimal()
    known = {} if labels is None else {"labels": labels.astype(np.int64) if whole else labels}
    again = Dataset.from_arrays("mine", (images / 255)[..., None], known.get("labels"), shares=shares, seed=seed)
    assert again.digest == found.digest and again.class_names == found.class_names


@fuzz(6)
@each(shape=st.sampled_from(SHAPES), names=st.sampled_from(LABELS), seed=st.integers(0, 2**32 - 1))
def test_files_and_folders_of_the_same_images_give_the_same_data_set(
    shape: tuple[int, int], names: tuple[str, ...], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, count = tmp_path_factory.mktemp("same"), 20
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *shape), np.uint8)
    labels = np.sort(np.array(names)[rng.integers(0, len(names), count)]) if names else None
    np.savez(folder / "a.npz", images=images, **({} if labels is None else {"labels": labels}))  # type: ignore[arg-type]
    with (folder / "b.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(["label"] if names else []), *(f"p{i}" for i in range(images[0].size))])
        writer.writerows([*([] if labels is None else [labels[i]]), *images[i].ravel()] for i in range(count))
    for i, image in enumerate(images):
        path = folder / "c" / ("" if labels is None else labels[i]) / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    found = [
        read_own(folder / name, "mine", Reading(size=shape if name == "b.csv" else None, seed=seed))
        for name in ("a.npz", "b.csv", "c")
    ]
    assert len({(dataset.digest, dataset.class_names) for dataset in found}) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (1001, 2)])
def test_images_too_small_or_too_large_for_a_model_are_refused(shape: tuple[int, int]) -> None:
    said = complaint(lambda: Dataset.from_arrays("mine", np.zeros((20, *shape), np.uint8)))
    assert f"mine has 20 images of {shape[0]:,} x {shape[1]} pixels: give it images of 2 to 1,000 pixels per" in said
