"""What fuzz tests share: the same examples every time, damaged bytes, and any value that JSON can hold."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st


def fuzz(examples: int) -> settings:
    """That many examples, the same every time; files of one example may be overwritten by the next."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes, with a few places overwritten, cut out or filled in."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 40))] = draw(st.binary(max_size=40))
    return bytes(data)


TEXT = st.text(max_size=20) | st.sampled_from(["\n", "\x00", "../../x", "<script>", "nan", "\u202e", "9" * 5000])
NUMBERS = st.integers() | st.floats() | st.sampled_from([-1, 0, 2**31, 2**63, 2**64, 10**400, 1e-320, 1e308])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT


def json_values() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold, to a few levels."""
    return st.recursive(LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(TEXT, v, max_size=4), max_leaves=10)


def assert_one_sentence(error: Exception) -> None:
    """In one line, printable, and not too long to be read."""
    sentence = str(error)
    assert sentence.isprintable() and sentence.endswith(".") and len(sentence) < 1000, sentence
