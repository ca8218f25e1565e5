"""Data of the visitor's own: uploaded on the page Train, looked at, and removed again."""

import hashlib
import io
from pathlib import Path

import streamlit as st

from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.data.own import Reading, find_own, keep_own, name_of, read_own
from dlgmm_core.data.sources import DataError
from dlgmm_core.data.suspicious import warnings_of
from dlgmm_core.runtime.files import StorageError, remove
from dlgmm_core.runtime.wording import counted
from ui import loaders
from ui.images import fitting, tiled_picture
from ui.literal import literal, sentence
from ui.sidebar import choose_dataset
from ui.training.fields import SIZE, in_fields
from ui.training.runs import all_runs, changing
from ui.visitors.limits import MOST_MEGABYTES, computing, count_upload
from ui.visitors.own_data import MOST_EACH, make_room, own_folder, owner_of
from ui.visitors.shares import Refused
from ui.visitors.visitor import visitor

__all__ = ["own_data"]

MOST_PIXELS = 2**24  # of all images of a file
SHOWN, IN_A_ROW = 100, 20
MOST_SIDE = 200  # that images can be scaled to
MOST_NAMED = 12  # classes
_PROBABILITY, _THRESHOLD = "is the probability of ink", "counts as ink from one half on"
_READ, _COUNT = "own-data-read", "own-data-count"


def own_data(dataset: str, *, unfolded: bool = True) -> None:
    """The images of the chosen data set, if it is none of the published, and a place for a file, in an expander."""
    is_own = dataset not in DATASETS
    with st.expander("Your data", expanded=unfolded and is_own, icon=":material/upload_file:"):
        if is_own:
            _show(dataset)
        _ask()


def _show(name: str) -> None:
    """The first images, what there is in all, and a button that removes it."""
    found, is_mine = loaders.dataset(name), owner_of(name) == visitor()
    shown = found.train.binary[:SHOWN]
    picture = tiled_picture(shown, IN_A_ROW, fitting(1, found.shape), shape=found.shape)
    st.image(picture, alt=f"The first {len(shown)} training images of {name}")
    height, width = found.shape
    names = found.class_names
    more = " …" if len(names) > MOST_NAMED else ""
    named = ", ".join(map(literal, names[:MOST_NAMED]))
    classes = f"{counted(len(names), 'class', 'classes')}: {named}{more}" if names else "no labels"
    private = (
        " Only you see them, until you publish a model trained on them; if there is no such model, they are removed"
        " after a day."
    )
    count = counted(len(found.train), "training image")
    st.caption(
        f"The first {len(shown)} of {count}, with {len(found.valid):,} for validation and {len(found.test):,} for tests"
        f", {height}×{width} pixels, {classes}.{private if is_mine else ''}"
    )
    for warning in warnings_of(found):
        st.warning(sentence(warning))
    if not is_mine:
        return
    is_used = name in _used()
    why = "A model was trained on them: delete its run first." if is_used else None
    if st.button("Remove these images", disabled=is_used, help=why):
        path = find_own(name)
        try:
            if path is not None:
                remove(path)
        except StorageError as error:
            st.error(sentence(error))
            return
        st.rerun()


def _used() -> set[str]:
    """Names of the data sets that anyone has a run or a checkpoint of."""
    of_runs = (arguments[i + 1] for run in all_runs() for arguments in [run.arguments] for i in _places(arguments))
    return {*of_runs, *(c.train_config.dataset for c in loaders.every_checkpoint())}


def _places(arguments: tuple[str, ...]) -> list[int]:
    return [i for i, word in enumerate(arguments[:-1]) if word == "--dataset"]


def _ask() -> None:
    """Asks for a file and how it is read; a valid one becomes the data set chosen in the sidebar."""
    side, levels = st.columns(2)
    length = side.number_input(SIZE, 0, MOST_SIDE, 0, help="0: not scaled; all images must then have one size.")
    meaning = levels.selectbox("A grey level", [_PROBABILITY, _THRESHOLD])
    file = st.file_uploader(
        f"Images of your own, at most {MOST_MEGABYTES} MB",
        type=["npz", "zip"],
        key=f"own-data-{st.session_state.setdefault(_COUNT, 0)}",
        help="An .npz file with `images`, N × height × width, 255 or 1 for ink, and perhaps `labels`; or a .zip file of"
        " images, whose folders are classes, if there are any."
        f" You may have {MOST_EACH} data sets: one more takes the place of the oldest without a model.",
    )
    if file is None:
        st.session_state.pop(_READ, None)
        return
    content, size = file.getvalue(), (int(length), int(length)) if length else None
    reading = Reading(size, threshold=meaning == _THRESHOLD, most_pixels=MOST_PIXELS)
    mark = hashlib.sha256(content).hexdigest(), reading
    before, error = st.session_state.get(_READ, (None, ""))
    if before != mark:
        try:
            count_upload()
            with computing(), st.spinner("Reading the images …"):
                name = _keep(_shown(file.name), reading, content)
        except (DataError, StorageError) as problem:
            error = in_fields(problem) if isinstance(problem, DataError) else str(problem)
            st.session_state[_READ] = mark, error
        except Refused as refusal:
            st.warning(str(refusal))
            return
        else:
            st.session_state[_COUNT] += 1  # an empty place for the next file
            choose_dataset(name)
            st.rerun()
    st.error(sentence(error))


def _shown(name: str) -> Path:
    """A file's name as it may be shown, without folders."""
    return Path("".join(filter(str.isprintable, Path(name).name))[-100:])


def _keep(path: Path, reading: Reading, content: bytes) -> str:
    """Reads a file, and keeps its images in the visitor's folder; returns their name.

    Raises:
        DataError: if they cannot be read, or if the visitor or all together have too many data sets.
        StorageError: if they cannot be written.
    """
    dataset = read_own(path, _free(name_of(path)), reading, io.BytesIO(content))
    with changing:
        if not make_room(visitor(), _used()):
            raise DataError(
                f"You have {MOST_EACH} data sets with models, or this server has too many: delete your runs of one and"
                " its images first."
            )
        keep_own(dataset, own_folder(visitor()))
    return dataset.name


def _free(name: str) -> str:
    """The name, or the first of name-2, name-3 and so on, that no data set has."""
    found, number = name, 1
    while found in DATASETS or find_own(found) is not None:
        number += 1
        found = f"{name[:50]}-{number}"
    return found
