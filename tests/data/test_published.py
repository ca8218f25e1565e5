"""Published data sets beside MNIST and Omniglot, from small files in their publishers' formats."""

import gzip
import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from dlgmm_core.data import published, sources
from dlgmm_core.data.datasets import DATASETS, load_dataset
from dlgmm_core.data.published import IDX
from tests.source_helpers import complaint

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 28, 28), np.uint8)


def idx(array: NDArray[np.uint8]) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(header + array.tobytes())


def publish(monkeypatch: pytest.MonkeyPatch, name: str, path: Path, content: bytes) -> None:
    """Puts a file in place, and has it pass for the published one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    known = f"md5:{hashlib.md5(content).hexdigest()}"
    monkeypatch.setitem(sources.FILES, name, replace(sources.FILES[name], known_hash=known))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty images for training and validation, ten for testing."""
    monkeypatch.setattr(published, "VALID_SIZE", 5)
    for name, family in IDX.items():
        monkeypatch.setitem(IDX, name, replace(family, counts=(20, 10)))


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist"])
def test_files_in_mnist_s_format_are_found_checked_and_cut(
    name: str, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = (np.arange(30) % 10).astype(np.uint8)
    for part, rows in (("train", slice(20)), ("t10k", slice(20, 30))):
        assert not DATASETS[name].is_local()
        for what, array in (("images-idx3", IMAGES), ("labels-idx1", labels)):
            file = f"{part}-{what}-ubyte.gz"
            publish(monkeypatch, f"{name}-{file}", given / name / file, idx(array[rows]))
    assert DATASETS[name].is_local()
    found = load_dataset(name)
    assert [len(each) for each in (found.train, found.valid, found.test)] == [15, 5, 10]
    np.testing.assert_array_equal(found.test.grey, IMAGES[20:].reshape(10, 784))
    np.testing.assert_array_equal(found.valid.labels, labels[15:20])
    assert len(found.class_names) == 10
    path = given / name / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(idx(labels[1:11]))
    assert "its MD5 is not" in complaint(lambda: load_dataset(name))
    publish(monkeypatch, f"{name}-{path.name}", path, idx(labels[:9]))
    assert "does not hold bytes of the shape 10;" in complaint(lambda: load_dataset(name))


def test_letters_are_turned_upright(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = (np.arange(30) % 26 + 1).astype(np.uint8)
    with zipfile.ZipFile(given / "packed.zip", "w") as archive:
        for part, rows in (("train", slice(20)), ("test", slice(20, 30))):
            for what, array in (("images-idx3", IMAGES.swapaxes(1, 2)), ("labels-idx1", labels)):
                content = idx(np.ascontiguousarray(array[rows]))
                archive.writestr(f"gzip/emnist-letters-{part}-{what}-ubyte.gz", content)
    content = (given / "packed.zip").read_bytes()
    publish(monkeypatch, "emnist-gzip.zip", given / "emnist" / "gzip.zip", content)
    found = load_dataset("emnist-letters")
    np.testing.assert_array_equal(found.test.grey, IMAGES[20:].reshape(10, 784))
    assert found.class_names[found.train.known_labels[2]] == "c"


def test_burdas_omniglot_is_read_column_by_column(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_BURDA_COUNTS", {"": 20, "test": 10})
    monkeypatch.setattr(published, "_BURDA_VALID", 4)
    one_hot, path = np.eye(50)[:, np.arange(30) % 50], given / "omniglot-burda" / "chardata.mat"
    columns = (IMAGES.swapaxes(1, 2).reshape(30, 784) / 255).T
    path.parent.mkdir()
    arrays = {"data": columns[:, :20], "testdata": columns[:, 20:], "target": one_hot[:, :20]}
    savemat(path, arrays)
    assert "its testtarget has the shape None" in complaint(lambda: load_dataset("omniglot-burda"))
    savemat(path, {**arrays, "testtarget": one_hot[:, 20:]}, do_compression=True)
    found = load_dataset("omniglot-burda")
    assert [len(each) for each in (found.train, found.valid, found.test)] == [16, 4, 10]
    np.testing.assert_array_equal(found.test.grey, IMAGES[20:].reshape(10, 784))
    np.testing.assert_array_equal(found.test.labels, np.arange(20, 30))
    order = np.random.RandomState(123).permutation(20)
    np.testing.assert_array_equal(found.valid.labels, order[-4:])
    path.write_bytes(path.read_bytes()[:-50])
    assert "it is not the published file" in complaint(lambda: load_dataset("omniglot-burda"))


def test_digits_are_split_the_same_everywhere() -> None:
    found = load_dataset("digits")
    assert found.digest == "eb8bdbc68b4671bdb9c17cd09b0165bebdca45f585567cdb69fcfee1fef0297c"
    assert [len(each) for each in (found.train, found.valid, found.test)] == [1258, 180, 359]
    assert np.unique(found.train.grey).tolist() == [round(255 * level / 16) for level in range(17)]
