"""Views as links: the state of our widgets in the address, and back; nothing in an address is trusted."""

import base64
import binascii
import math
from collections.abc import Collection, Sequence
from contextlib import suppress

import numpy as np
import streamlit as st
from numpy.typing import ArrayLike, NDArray

from dlgmm_core.data.datasets import DATASETS
from ui.link_report import arrived, note

__all__ = [
    "correct_link",
    "image_in_link",
    "keep_at_most",
    "numbers_in_link",
    "put_image_in_link",
    "put_in_link",
    "put_words_in_link",
    "whole_numbers_in_link",
    "words_in_link",
]

_LONGEST = 32  # characters of a number and its comma; we write 23 at most
_NUMERIC = frozenset("0123456789+-.e,")  # float() takes more: spaces, underscores, the digits of other scripts
_LONGEST_LIST = 4000  # characters of a list of words; more is not read
_LONGEST_VALUE = 10_000  # characters of anything

PIXELS, DIGIT = 784, "digit"
# Other spellings of what Streamlit's widgets write into the address, in small letters: names, and former names.
_SPELLINGS = {
    "dataset": {spelling.casefold(): each.label for name, each in DATASETS.items() for spelling in (name, each.label)},
    "digit-view": {"ledger": "ELBO terms", "weights and stick": "Weights"},
}


def correct_link() -> None:
    """Corrects the address of a new visitor before Streamlit's own widgets read it: spellings, and what no page writes.

    Streamlit's fields of whole numbers fail on an infinite one, and its required choices take an empty one for none.
    """
    if st.session_state.setdefault("link-is-read", False):
        return
    st.session_state["link-is-read"] = True
    invalid = {name: text for name in st.query_params for text in st.query_params.get_all(name) if _is_invalid(text)}
    spelled = {name: known.get(st.query_params.get(name, "").casefold()) for name, known in _SPELLINGS.items()}
    respelled = {name: word for name, word in spelled.items() if word and word != st.query_params[name]}
    arrived({**dict(st.query_params.items()), **respelled, **invalid}, invalid)
    for name in invalid:
        del st.query_params[name]
    for name, word in respelled.items():
        st.query_params[name] = word
    if invalid or respelled:
        st.rerun()


def _is_invalid(value: str) -> bool:
    if not value or not value.isprintable() or len(value) > _LONGEST_VALUE:
        return True
    try:
        return not math.isfinite(float(value))
    except ValueError:
        return False


def keep_at_most(key: str, most: int) -> None:
    """Lowers the kept number of a field, which may come from a larger data set, to the field's maximum."""
    if st.session_state.get(key, 0) > most:
        st.session_state[key] = most


def numbers_in_link(
    name: str, count: int, low: ArrayLike, high: ArrayLike, *, whole: bool = False
) -> tuple[float, ...] | None:
    """`count` numbers from the address, or None where it has none.

    Args:
        name: of the parameter.
        count: how many there must be.
        low: the least, of all or of each.
        high: the largest, of all or of each.
        whole: whether they must be whole.
    """
    text = str(st.query_params.get(name, ""))
    values = _numbers(text, count)
    understood = values is not None and all(
        math.isfinite(value) and least <= value <= most and (value.is_integer() or not whole)
        for value, least, most in zip(values, np.broadcast_to(low, count), np.broadcast_to(high, count), strict=True)
    )
    note(name, text, understood)
    return values if understood else None


def whole_numbers_in_link(name: str, count: int, low: int, high: int) -> tuple[int, ...] | None:
    """`count` whole numbers between `low` and `high` from the address, or None where it has none."""
    values = numbers_in_link(name, count, low, high, whole=True)
    return None if values is None else tuple(map(int, values))


def _numbers(text: str, count: int) -> tuple[float, ...] | None:
    words = text.split(",")
    if len(words) != count or len(text) > _LONGEST * count or not _NUMERIC.issuperset(text):
        return None
    try:
        return tuple(float(word) for word in words)
    except ValueError:
        return None


def put_in_link(name: str, values: Sequence[float] | None) -> None:
    """Writes numbers into the address; None removes them."""
    if values is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = ",".join(f"{value:.15g}" for value in values)


def image_in_link() -> NDArray[np.uint8] | None:
    """The binary image (784,) that the address carries, or None."""
    text, packed = str(st.query_params.get(DIGIT, "")), b""
    with suppress(binascii.Error, ValueError):
        packed = base64.b64decode(text[:200], altchars=b"-_", validate=True)
    understood = len(packed) == PIXELS // 8
    note(DIGIT, text, understood)
    if not understood:
        return None
    return np.unpackbits(np.frombuffer(packed, np.uint8))


def put_image_in_link(image: NDArray[np.uint8] | None) -> None:
    """Writes a binary image (784,) into the address, as 98 bytes in URL-safe base64; None removes it."""
    if image is None:
        st.query_params.pop(DIGIT, None)
        return
    st.query_params[DIGIT] = base64.b64encode(np.packbits(image).tobytes(), altchars=b"-_").decode()


def words_in_link(name: str, known: Collection[str]) -> list[str]:
    """The known words of the list in the address, each once, in their order."""
    text = str(st.query_params.get(name, ""))
    words = text[:_LONGEST_LIST].split(",")
    note(name, text, set(words) <= set(known), known)
    return [word for word in dict.fromkeys(words) if word in known]


def put_words_in_link(name: str, words: Sequence[str]) -> None:
    """Writes words into the address; an empty list removes them."""
    if words:
        st.query_params[name] = ",".join(words)
    else:
        st.query_params.pop(name, None)
