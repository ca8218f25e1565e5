"""Where the digit comes from: drawn, uploaded, picked from the test set, or carried by a link."""

import base64
import hashlib
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dlgmm_core.data.datasets import Dataset, binarize
from dlgmm_core.data.digits import DigitError, prepare_digit
from ui import loaders
from ui.digit.pad import drawing_pad
from ui.digit.uploads import ACCEPTED, is_large, read_picture
from ui.images import SHAPE, fit_square, tiled_picture
from ui.links import image_in_link, numbers_in_link, put_image_in_link
from ui.visitors.limits import charged, computing, count_upload
from ui.visitors.shares import Refused

__all__ = ["DigitInput", "choose_digit", "last_digit", "show_preparation"]

_SOURCES = ("Test digit", "Draw", "Upload")
_LINKED = "From the link"
_ORIGIN = "the drawing that this page's address came with"
_LAST, _READ = "digit-last", "digit-read"


@dataclass(frozen=True)
class DigitInput:
    """A binary image (X,), its origin in words, and the steps of its preparation.

    Attributes:
        binary: zeros and ones.
        origin: where it comes from.
        steps: pictures (28, 28) uint8 from what was drawn or uploaded to the image, by caption; none for a test digit.
        dataset, index: which test image it is; None for any other.
        shape: height and width.
    """

    binary: NDArray[np.uint8]
    origin: str
    steps: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    dataset: str | None = None
    index: int | None = None
    shape: tuple[int, ...] = SHAPE

    @property
    def code(self) -> str:
        """The line of Python that makes `image`: a test image where it is one, else its pixels, eight a byte."""
        if self.index is not None:
            return f'image = load_dataset("{self.dataset}").test.binary[{self.index}]'
        packed = base64.b64encode(np.packbits(self.binary).tobytes()).decode()
        return f'image = np.unpackbits(np.frombuffer(b64decode("{packed}"), np.uint8))'


def choose_digit(dataset_name: str) -> DigitInput | None:
    """Widgets for one digit; None, with a hint shown, while there is none."""
    st.session_state[_LAST] = digit = _ask(dataset_name)
    return digit


def last_digit(dataset_name: str) -> DigitInput | None:
    """The visitor's latest choice, None if there is none; before any choice, what `choose_digit` starts with."""
    if _LAST in st.session_state:
        digit: DigitInput | None = st.session_state[_LAST]
        return digit
    if (linked := image_in_link()) is not None:
        return DigitInput(linked, _ORIGIN)
    dataset = loaders.dataset(dataset_name)
    (index,) = numbers_in_link("digit-index", 1, 0, len(dataset.test) - 1) or (0,)
    return _test_digit(dataset, int(index))


def _ask(dataset_name: str) -> DigitInput | None:
    if _LINKED not in st.session_state:  # what the visitor came with; later drawings write the address themselves
        st.session_state[_LINKED] = image_in_link()
    linked: NDArray[np.uint8] | None = st.session_state[_LINKED]
    sources = (*_SOURCES, _LINKED) if linked is not None else _SOURCES
    source = st.segmented_control(
        "Digit",
        sources,
        default=sources[-1] if linked is not None else sources[0],
        required=True,
        key="digit-source",
        persist_state="session",
    )
    if source == _LINKED and linked is not None:
        return DigitInput(linked, _ORIGIN)
    if source == "Test digit":
        put_image_in_link(None)
        return _pick(loaders.dataset(dataset_name))
    if source == "Draw":
        content = drawing_pad("digit-pad")
        hint = "Draw one digit on the black square."
    else:
        file = st.file_uploader("Picture of one digit", type=list(ACCEPTED), key="digit-upload")
        content, hint = (file.getvalue() if file else None), "A photograph or a scan: dark on light, or light on dark."
    if content is None:
        st.caption(hint)
        return None
    digit = _read_once(content, is_upload=source == "Upload")
    if digit is not None:
        put_image_in_link(digit.binary)
    return digit


def _read_once(content: bytes, *, is_upload: bool) -> DigitInput | None:
    """The digit of a picture; that of the picture before it where the server refuses this one for now."""
    mark = is_upload, hashlib.sha256(content).digest()  # a drawing has light ink, an upload may have either
    read, answer = st.session_state.get(_READ, (None, None))
    if read != mark:
        try:
            if is_upload:
                count_upload()
            with computing() if is_large(content) else charged():
                answer = _prepare(content, light_ink=None if is_upload else True)
        except DigitError as error:
            answer = str(error)
        except Refused as refusal:
            st.warning(str(refusal))
            return answer if isinstance(answer, DigitInput) else None
        st.session_state[_READ] = mark, answer
    if isinstance(answer, DigitInput):
        return answer
    st.error(str(answer))
    return None


def _prepare(content: bytes, light_ink: bool | None) -> DigitInput:
    picture = read_picture(content)
    digit = prepare_digit(picture, light_ink=light_ink)
    polarity = "dark ink on light paper, inverted" if digit.inverted else "light ink on dark paper"
    binary = binarize(digit.grey.reshape(-1), 0)
    left, top, right, bottom = digit.box
    steps = {
        f"original, {picture.shape[1]}×{picture.shape[0]}; ink {right - left}×{bottom - top}": fit_square(picture),
        "ink scaled to 20 pixels, centre of mass in the middle of 28": digit.grey,
        "every pixel sampled once: what the model sees": 255 * binary.reshape(digit.grey.shape),
    }
    return DigitInput(binary, polarity, steps)


def show_preparation(digit: DigitInput) -> None:
    """The steps from the drawing or the picture to what the model sees."""
    if not digit.steps:
        height, width = digit.shape
        picture = tiled_picture(digit.binary[None], 1, zoom=6, shape=digit.shape)
        st.image(picture, alt=f"The binarized digit, {height} by {width} pixels")
        st.caption(f"What the model sees: {height}×{width} zeros and ones. From {digit.origin}.")
        return
    for column, (words, step) in zip(st.columns(3), digit.steps.items(), strict=True):
        column.image(tiled_picture(step.reshape(1, -1) / 255, 1, zoom=3), alt=words)
        column.caption(words)
    st.caption(f"The picture shows {digit.origin}. The address of this page now carries the digit.")


def _pick(dataset: Dataset) -> DigitInput:
    last = len(dataset.test) - 1
    index = int(
        st.number_input(
            f"Test image, 0 to {last}", 0, last, 0, key="digit-index", bind="query-params", persist_state="session"
        )
    )
    return _test_digit(dataset, index)


def _test_digit(dataset: Dataset, index: int) -> DigitInput:
    label = dataset.class_names[dataset.test.labels[index]]
    origin = f"test image {index} of {dataset.name}, class {label}"
    return DigitInput(dataset.test.binary[index], origin, dataset=dataset.name, index=index, shape=dataset.shape)
