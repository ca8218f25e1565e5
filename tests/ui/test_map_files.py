"""The maps' files: what they hold is what the core says, and only what there is has an address."""

import http.client
import shutil
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.analysis.image_statistics import expected_weights, weight_entropy
from dlgmm_core.data.datasets import Dataset, load_dataset
from dlgmm_core.data.sources import DataError
from dlgmm_core.store.checkpoints import TSNE, Checkpoint, load_checkpoint, read_checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map, save_map
from tests.app_helpers import Make, make_mixture
from ui import estimates
from ui.latent.map_files import (
    estimates_address,
    images_address,
    map_file,
    points_address,
    weights_address,
)

KINDS = ("mnist-dlgmm", "mnist-sb-vae", "mnist-gauss-vae")
COUNT = 10_000


def read(address: str) -> bytes:
    start, kind, name, digest = address.split("/")
    content = map_file(kind, name, digest)
    assert start == "maps" and content is not None
    return content


def checkpoint_of(repository: Path, name: str) -> Checkpoint:
    return read_checkpoint(repository / name)


def test_the_images_are_the_test_set_eight_pixels_a_byte() -> None:
    content = read(images_address("mnist"))
    assert len(content) == 98 * COUNT
    pixels = np.unpackbits(np.frombuffer(content, np.uint8)).reshape(COUNT, 784)
    np.testing.assert_array_equal(pixels, load_dataset("mnist").test.binary)


def test_the_points_are_the_stored_map_and_the_classes(repository: Path) -> None:
    checkpoint = checkpoint_of(repository, "mnist-dlgmm")
    content, stored = read(points_address(checkpoint)), load_map(checkpoint, COUNT)
    assert stored is not None and len(content) == 9 * COUNT
    np.testing.assert_array_equal(np.frombuffer(content, "<f4", 2 * COUNT).reshape(-1, 2), stored[0])
    np.testing.assert_array_equal(np.frombuffer(content[8 * COUNT :], np.uint8), load_dataset("mnist").test.labels)


@pytest.mark.parametrize("name", KINDS)
def test_the_weights_are_those_of_the_core_where_there_are_any(name: str, repository: Path) -> None:
    checkpoint = checkpoint_of(repository, name)
    weights = expected_weights(load_checkpoint(checkpoint.folder)[0], load_dataset("mnist").test.binary)
    if weights is None:
        assert map_file(*weights_address(checkpoint).split("/")[1:]) is None
        return
    content = read(weights_address(checkpoint))
    largest, entropy = np.frombuffer(content, "<f4", 2 * COUNT).reshape(2, COUNT)
    np.testing.assert_allclose(largest, weights.max(1), atol=1e-6)
    np.testing.assert_allclose(entropy, weight_entropy(weights), atol=1e-5)
    component = np.frombuffer(content[8 * COUNT :], np.uint8)
    assert (component == weights.argmax(1)).mean() > 0.999  # ties aside
    assert len(set(component)) > 1


def test_likelihoods_and_most_probable_components_are_those_that_are_stored(make: Make, few_digits: Dataset) -> None:
    count, addresses = len(few_digits.test), set()
    checkpoint = make_mixture(make, "one", (-1.0, 0.0, 1.0), (1.0,) * 3)
    assert estimates_address(checkpoint) is None
    for shift in (0, 1):  # measured again, they have another address
        stored = np.roll(np.tile([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]], (count // 2, 1)), shift, 1).astype("<f4")
        log_p = -np.arange(count, dtype=np.float32)
        save_per_image(checkpoint, PerImage(log_p, stored, 5, shift))
        address = str(estimates_address(checkpoint))
        numbers = np.frombuffer(read(address), "<f4", 2 * count)
        np.testing.assert_array_equal(numbers, np.concatenate([-log_p, stored.max(1)]))
        assert list(read(address)[8 * count :]) == stored.argmax(1).tolist()
        addresses.add(address)
    assert len(addresses) == 2


def test_estimates_have_an_address_once_they_are_made(make: Make, few_digits: Dataset) -> None:
    checkpoint, values = make("plain"), np.linspace(50, 150, len(few_digits.test), dtype=np.float32)
    assert estimates_address(checkpoint) is None
    estimates._estimated()[checkpoint] = PerImage(-values, None, 5, 2)
    address = estimates_address(checkpoint)
    assert address is not None
    np.testing.assert_array_equal(np.frombuffer(read(address), "<f4"), values)
    estimates._estimated.clear()
    assert map_file(*address.split("/")[1:]) is None


def test_another_map_has_another_address_and_the_old_one_is_gone(own_checkpoints: Path, repository: Path) -> None:

    shutil.copytree(repository / "mnist-gauss-vae", own_checkpoints / "mine")
    checkpoint = read_checkpoint(own_checkpoints / "mine")
    before = points_address(checkpoint)
    assert read(before)
    save_map(checkpoint, np.zeros((COUNT, 2), np.float32), ProjectionConfig(seed=1))
    after = points_address(checkpoint)
    assert after != before
    assert not np.frombuffer(read(after), "<f4", 2 * COUNT).any()
    assert map_file(*before.split("/")[1:]) is None


def test_a_map_that_is_damaged_or_taken_away_is_not_found(own_checkpoints: Path, repository: Path) -> None:

    shutil.copytree(repository / "mnist-gauss-vae", own_checkpoints / "mine")
    checkpoint = read_checkpoint(own_checkpoints / "mine")
    (own_checkpoints / "mine" / TSNE).write_bytes(b"no map")
    assert map_file(*points_address(checkpoint).split("/")[1:]) is None
    old = points_address(checkpoint)
    (own_checkpoints / "mine" / TSNE).unlink()
    assert map_file(*old.split("/")[1:]) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("images", "nothing"),
        ("images", "../mnist"),
        ("points", "nobody"),
        ("points", "../checkpoints/mnist-dlgmm"),
        ("weights", ""),
        ("secrets", "mnist-dlgmm"),
        ("estimates", "mnist-dlgmm"),
    ],
)
def test_what_there_is_not_is_not_found(kind: str, name: str, repository: Path) -> None:
    digest = points_address(checkpoint_of(repository, "mnist-dlgmm")).rpartition("/")[2]
    for each in (digest, images_address("mnist").rpartition("/")[2], "", "0" * 12):
        assert map_file(kind, name, each) is None


def test_the_server_hands_the_files_out_to_be_kept_for_ever(server: str, tree: Path) -> None:
    checkpoint = read_checkpoint(tree / "checkpoints" / "mnist-dlgmm")
    addresses = [images_address("mnist"), points_address(checkpoint), weights_address(checkpoint)]
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=60)
    for address in addresses:
        connection.request("GET", f"/{address}")
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert len(content) in (98 * COUNT, 9 * COUNT)
        connection.request("GET", f"/{address}0")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404 and "immutable" not in answer.headers.get("cache-control", "")
    connection.close()


def test_what_cannot_be_had_has_no_file(
    own_checkpoints: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, stamp: int | None) -> None:
        raise DataError("The download failed.")

    shutil.copytree(repository / "omniglot-dlgmm-tuned", own_checkpoints / "mine")
    monkeypatch.setattr("ui.latent.map_files._packed", refuse)
    assert map_file("images", "omniglot", "0" * 12) is None
    assert map_file("weights", "mine", "0" * 12) is None
