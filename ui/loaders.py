"""Cached access to the core: every page asks here, and everything slow happens once.

Models and data sets are shared between visitors and never changed. What depends on weights is kept by the checkpoint's
folder and digest (`BY_WEIGHTS`), so that a checkpoint trained again is not mistaken for the old one.
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data.datasets import DATASETS, Dataset, load_dataset
from dlgmm_core.data.own import find_own
from dlgmm_core.data.packed import PackedSplit
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.neighbours import neighbours
from dlgmm_core.model.models import MODELS, LatentVariableModel
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.folders import checkpoints_folder, datasets_folder
from dlgmm_core.runtime.program import command_on
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, Checkpoint, load_checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.listing import BrokenCheckpoint, list_checkpoints
from ui.link_report import end_page
from ui.literal import sentence
from ui.resting import kept_in_use
from ui.visitors.limits import computing
from ui.visitors.ownership import is_visible
from ui.visitors.shares import Refused

__all__ = [
    "BY_WEIGHTS",
    "CHECKPOINTS",
    "broken_checkpoints",
    "changed",
    "checkpoints",
    "codes",
    "command",
    "dataset",
    "every_checkpoint",
    "look_again",
    "model",
    "named",
    "neighbour_indices",
    "or_stop",
    "stamp_of",
    "told",
]

Content = TypeVar("Content")

CHECKPOINTS = checkpoints_folder(Path(__file__).resolve().parents[1])
# How Streamlit's caches tell checkpoints apart, for functions that take one.
BY_WEIGHTS: dict[str | type[Any], Callable[[Any], Any]] = {Checkpoint: lambda c: f"{c.digest} {c.folder}"}
_Listed = tuple[list[Checkpoint], list[BrokenCheckpoint]]  # of the visitor's run
_run = threading.local()


def command(*words: str) -> str:
    """A command of the command line on this app's checkpoints, for the shell that started the app."""
    return command_on(CHECKPOINTS, *words)


def dataset(name: str) -> Dataset:
    """A data set by its name, without grey levels, which no page shows, and packed but for its test images.

    Raises:
        DataError: as `load_dataset`.
    """
    return _dataset(name, stamp_of(name))


def stamp_of(name: str) -> int | None:
    """When the file of a data set of one's own was changed; None of a published one, which never changes."""
    path = None if name in DATASETS else find_own(name)
    return None if path is None else changed(path)


@st.cache_resource(  # 14 MB each
    show_spinner="Reading the images; large data sets take a minute or two the first time …", max_entries=6
)
def _dataset(name: str, stamp: int | None) -> Dataset:
    found = load_dataset(name)
    return replace(
        found, train=PackedSplit(found.train), valid=PackedSplit(found.valid), test=found.test.without_grey()
    )


def told(read: Callable[[], Content]) -> Content | None:
    """What `read` returns; if a file cannot be read, None, and the page says why."""
    try:
        return read()
    except StorageError as error:
        st.error(sentence(error))
        return None


def or_stop(compute: Callable[[], Content]) -> Content:
    """What `compute` returns; if it cannot be computed or is refused for now, the page says why and ends."""
    try:
        return compute()
    except EvaluationError as error:
        st.error(sentence(error))
        end_page()
    except Refused as refusal:
        st.warning(str(refusal))
        end_page()


def changed(path: Path) -> int | None:
    """When a file was changed, so that a new one is noticed; None if there is none."""
    with suppress(OSError):
        return os.stat(path).st_mtime_ns
    return None


def _entries() -> list[Checkpoint | BrokenCheckpoint]:
    """All checkpoints; read again only when a file in the folder has changed."""
    stamps = []
    with suppress(OSError):  # no folder yet, or one that must not be read, which listing it tells
        for folder in os.listdir(CHECKPOINTS):  # every run of a page asks, so no Path
            with suppress(OSError):  # a file, no checkpoint, or one that has just been removed
                found = os.stat(f"{CHECKPOINTS}/{folder}/{WEIGHTS}")
                stamps.append((folder, found.st_mtime_ns, found.st_ctime_ns))  # the latter changes with permissions
    try:
        return [_with_data(entry) for entry in _list(CHECKPOINTS, tuple(sorted(stamps)))]
    except CheckpointError as error:
        return [BrokenCheckpoint(CHECKPOINTS, str(error))]


@lru_cache(maxsize=4)  # Streamlit's own caches take a millisecond to find the entry of so long a key
def _list(root: Path, stamps: tuple[tuple[str, int, int], ...]) -> list[Checkpoint | BrokenCheckpoint]:
    return sorted(list_checkpoints(root), key=_place)


def _with_data(entry: Checkpoint | BrokenCheckpoint) -> Checkpoint | BrokenCheckpoint:
    """The entry, unless it was trained on a data set of one's own that is not here."""
    if isinstance(entry, BrokenCheckpoint):
        return entry
    name = entry.train_config.dataset
    if name in DATASETS or find_own(name) is not None:
        return entry
    return BrokenCheckpoint(
        entry.folder,
        f"{entry.folder} was trained on the data set {name}, which is not on this server: put {name}.npz back into"
        f" {datasets_folder()}, or remove the checkpoint.",
    )


def _place(entry: Checkpoint | BrokenCheckpoint) -> tuple[int, int, str]:
    """In the order of the tables of data sets and models, then by name; broken checkpoints come last."""
    if isinstance(entry, BrokenCheckpoint):
        return len(DATASETS) + 1, 0, entry.name
    name = entry.train_config.dataset
    place = [*DATASETS].index(name) if name in DATASETS else len(DATASETS)
    return place, [*MODELS].index(entry.model_config.model), entry.name


def every_checkpoint() -> list[Checkpoint]:
    """Whatever can be read and is no unfinished run, whoever's it is: not for pages, but to look an address up."""
    return _ended(_entries())


def look_again() -> None:
    """Lists the checkpoints for the run of a page that begins, which asks for them ten times.

    The lists are kept for the run's thread; other threads, as those of addresses, look every time.
    """
    _run.listed = _visible(_entries())


def checkpoints() -> list[Checkpoint]:
    """The checkpoints that the visitor of the running page may see, by data set and model; outside pages the public."""
    return _listed()[0]


def named(name: str) -> Checkpoint | None:
    """The one of `checkpoints` that has this name; None if there is none."""
    return next((checkpoint for checkpoint in checkpoints() if checkpoint.name == name), None)


def broken_checkpoints() -> list[BrokenCheckpoint]:
    """Every folder that should hold a checkpoint and has a damaged one, as far as the visitor may see it."""
    return _listed()[1]


def _listed() -> _Listed:
    listed: _Listed | None = getattr(_run, "listed", None)
    return _visible(_entries()) if listed is None else listed


def _visible(entries: Sequence[Checkpoint | BrokenCheckpoint]) -> _Listed:
    broken = [entry for entry in entries if isinstance(entry, BrokenCheckpoint)]
    return [c for c in _ended(entries) if is_visible(c.folder)], [b for b in broken if is_visible(b.folder)]


def _ended(entries: Sequence[Checkpoint | BrokenCheckpoint]) -> list[Checkpoint]:
    found = [entry for entry in entries if isinstance(entry, Checkpoint)]
    return [checkpoint for checkpoint in found if not os.path.exists(f"{checkpoint.folder}/{TRAINING}")]


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=BY_WEIGHTS)  # 4 MB each, 20 ms to load again
def model(checkpoint: Checkpoint) -> LatentVariableModel:
    """The trained model of a checkpoint; one that is amortised over its prior is there the plain one at its own."""
    return load_checkpoint(checkpoint.folder)[0].at()


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs=BY_WEIGHTS)  # four models, 6 MB each
def codes(checkpoint: Checkpoint, dataset_name: str, split: str, representation: str) -> NDArray[np.float32]:
    """(N, D) codes of a split's fixed binarization.

    Raises:
        Refused: if the visitor's share of computing is used up, or no slot is free.
    """
    images, encoder = getattr(dataset(dataset_name), split).binary, model(checkpoint)
    with computing():
        return encode(encoder, images, representation)


@kept_in_use
@st.cache_resource(show_spinner=False, max_entries=60, hash_funcs=BY_WEIGHTS)
def neighbour_indices(
    checkpoint: Checkpoint, dataset_name: str, representation: str, points: int, metric: str, k: int
) -> NDArray[np.unsignedinteger]:
    """(N, k) nearest of the first `points` training images to each test image.

    Raises:
        Refused: as `codes`.
    """
    train = codes(checkpoint, dataset_name, "train", representation)[:points]
    test = codes(checkpoint, dataset_name, "test", representation)
    with computing():
        return neighbours(train, test, k, metric).astype(np.min_scalar_type(points))  # a quarter of the memory
