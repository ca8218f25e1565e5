"""Files that the maps of codes draw: fetched once, then kept by the browser's cache.

Every address contains a digest of all that its content depends on, so the content never changes.
Numbers are little-endian, one array after the other:

    images     (N, X) bits of the test images, eight a byte, the first pixel highest; whole bytes an image
    points     (N, 2) float32 coordinates; (N,) uint8 classes, 0 where there are none
    weights    (N,) float32 largest E[pi|x]; (N,) float32 entropy, nats; (N,) uint8 which one is largest
    estimates  (N,) float32 -log p(x), nats; of a mixture, too: (N,) float32 largest p(k|x); (N,) uint8 whose it is
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dlgmm_core.analysis.image_statistics import expected_weights, weight_entropy
from dlgmm_core.data.datasets import require_known
from dlgmm_core.data.sources import DataError
from dlgmm_core.store.checkpoints import TSNE, Checkpoint
from dlgmm_core.store.files import CheckpointError, file_digest
from dlgmm_core.store.tsne_map import load_map
from ui import findings, loaders
from ui.estimates import estimates
from ui.visitors.own_maps import own_maps_of

__all__ = ["MAP_ROUTE", "estimates_address", "images_address", "points_address", "weights_address"]

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def _images(dataset: str) -> tuple[bytes, str]:
    """The images of a test set and their digest."""
    return _packed(dataset, loaders.stamp_of(dataset))


@lru_cache(maxsize=8)
def _packed(dataset: str, stamp: int | None) -> tuple[bytes, str]:
    content = np.packbits(loaders.dataset(dataset).test.binary, axis=1).tobytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def images_address(dataset: str) -> str:
    """Where the browser finds a test set's images, relative to the app's root."""
    return f"maps/images/{dataset}/{_images(dataset)[1]}"


def points_address(checkpoint: Checkpoint) -> str:
    """Where the browser finds the map that the visitor sees; there must be one."""
    return f"maps/points/{checkpoint.name}/{_map_digest(checkpoint, findings.map_path(checkpoint))}"


def weights_address(checkpoint: Checkpoint) -> str:
    """Where the browser finds the largest weight of each image and their entropy; for models that have weights."""
    return f"maps/weights/{checkpoint.name}/{_digest(checkpoint)}"


def estimates_address(checkpoint: Checkpoint) -> str | None:
    """Where the browser finds -log p(x) of each image, and a mixture's most probable component; None until estimated.

    Raises:
        CheckpointError: if the checkpoint's file of them is damaged.
    """
    digest = _estimates_digest(checkpoint)
    return None if digest is None else f"maps/estimates/{checkpoint.name}/{digest}"


def _digest(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.digest}-{_images(checkpoint.train_config.dataset)[1]}"


def _map_digest(checkpoint: Checkpoint, path: Path) -> str:
    return f"{_digest(checkpoint)}-{file_digest(path)}"


def _estimates_digest(checkpoint: Checkpoint) -> str | None:
    content = _estimates(checkpoint)
    return None if content is None else f"{_digest(checkpoint)}-{hashlib.sha256(content).hexdigest()[:12]}"


def _points(checkpoint: Checkpoint, digest: str) -> bytes | None:
    """The points of the checkpoint's map, or of a visitor's own, whose digest that visitor alone knows."""
    paths = [path for path in (checkpoint.folder / TSNE, *own_maps_of(checkpoint)) if path.is_file()]
    path = next((path for path in paths if _map_digest(checkpoint, path) == digest), None)
    if path is None:  # before the images are read, which takes long for some data sets
        return None
    test = loaders.dataset(checkpoint.train_config.dataset).test
    stored = load_map(checkpoint, len(test), path)
    if stored is None:
        return None
    classes = np.zeros(len(test), np.uint8) if test.labels is None else test.labels.astype(np.uint8)
    return stored[0].astype("<f4").tobytes() + classes.tobytes()


@lru_cache(maxsize=64)
def _weights_of(checkpoint: Checkpoint, digest: str) -> bytes | None:
    """Kept, because it takes the encoder."""
    images = loaders.dataset(checkpoint.train_config.dataset).test.binary
    weights = expected_weights(loaders.model(checkpoint), images)
    if weights is None:
        return None
    numbers = np.stack([weights.max(1), weight_entropy(weights)]).astype("<f4")
    return numbers.tobytes() + weights.argmax(1).astype(np.uint8).tobytes()


def _weights(checkpoint: Checkpoint, digest: str) -> bytes | None:
    return _weights_of(checkpoint, digest) if digest == _digest(checkpoint) else None


def _estimates_at(checkpoint: Checkpoint, digest: str) -> bytes | None:
    return _estimates(checkpoint) if digest == _estimates_digest(checkpoint) else None


def _estimates(checkpoint: Checkpoint) -> bytes | None:
    found = estimates(checkpoint)
    if found is None:
        return None
    nll = (-found.log_likelihood).astype("<f4").tobytes()
    if (p := found.responsibilities) is None:
        return nll
    return nll + p.max(1).astype("<f4").tobytes() + p.argmax(1).astype(np.uint8).tobytes()


# What is of a checkpoint: the content of an address with that digest.
_OF_CHECKPOINTS: dict[str, Callable[[Checkpoint, str], bytes | None]] = {
    "points": _points,
    "weights": _weights,
    "estimates": _estimates_at,
}


def map_file(kind: str, name: str, digest: str) -> bytes | None:
    """The content of an address; None if there is no such: names are looked up, never joined to a path."""
    try:
        if kind == "images":
            require_known(name)
            content, current = _images(name)
            return content if digest == current else None
        for checkpoint in loaders.every_checkpoint() if kind in _OF_CHECKPOINTS else ():
            if checkpoint.name == name:
                return _OF_CHECKPOINTS[kind](checkpoint, digest)
    except (CheckpointError, DataError, OSError):  # the map or the data set has been deleted or damaged since
        return None
    return None


async def _answer(request: Request) -> Response:
    content = await run_in_threadpool(map_file, **request.path_params)
    if content is None:
        return Response("There is no such file: reload the page.", 404)
    return Response(content, media_type="application/octet-stream", headers=_FOR_EVER)


MAP_ROUTE = Route("/maps/{kind}/{name}/{digest}", _answer)
