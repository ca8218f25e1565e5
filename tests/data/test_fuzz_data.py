"""Data files and pictures, damaged or forged at will: what they say, or one sentence, in bounded memory."""

import gzip
import hashlib
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgmm_core.data import binarized_mnist, omniglot
from dlgmm_core.data.assets.build_mnist import MAX_BYTES, read_idx
from dlgmm_core.data.binarized_mnist import parse_amat
from dlgmm_core.data.digits import DigitError, PreparedDigit, prepare_digit
from dlgmm_core.data.sources import DataError, read_unpacked
from tests.fuzz_helpers import assert_one_sentence, damaged, fuzz
from tests.hostile_files import hostile_files
from tests.source_helpers import ZIPS, complaint, png, publish_drawings, write_zip
from ui.digit.uploads import read_picture

pytestmark = pytest.mark.usefixtures("cache")

TEST_PART = "binarized_mnist_test.amat"


def answer(read: Callable[[], Any]) -> Any:
    """What is read, or None where one sentence says why it is not."""
    try:
        return read()
    except (DataError, DigitError) as error:
        assert_one_sentence(error)
        return None


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    """Fails where Python holds more than that at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1e6
    finally:
        tracemalloc.stop()


# --- text of zeros and ones -----------------------------------------------------------------------

ROWS = np.random.default_rng(0).integers(0, 2, (3, 784), dtype=np.uint8)
AMAT = b"".join(b" ".join(b"%d" % value for value in row) + b"\n" for row in ROWS)


@fuzz(80)
@given(text=damaged(AMAT) | st.binary(max_size=200))
def test_a_text_is_the_images_that_its_zeros_and_ones_spell_or_one_sentence(text: bytes) -> None:
    images = answer(lambda: parse_amat(text, "x.amat"))
    if images is not None:
        assert images.shape[1] == 784 and set(np.unique(images)) <= {0, 1}
        assert b"".join(b"%d" % value for value in images.ravel()) == b"".join(text.split())


@pytest.mark.parametrize("line", [b"0 " * 10**7, b"1" * 10**7, b" " * 10**7 + b"0", b"10 " * 10**7])
def test_an_endless_line_takes_little_beside_itself(line: bytes) -> None:
    with at_most(3 * len(line) // 10**6 + 1):
        assert "instead of 784" in complaint(lambda: parse_amat(line, "x.amat"))


def bomb(megabytes: int) -> bytes:
    """A gzip that is a thousand times as long unpacked."""
    return gzip.compress(bytes(10**6) * megabytes, compresslevel=1)


@pytest.mark.parametrize("name", [TEST_PART, f"{TEST_PART}.gz"])
def test_a_text_longer_than_any_published_is_not_unpacked(
    name: str, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binarized_mnist, "MAX_TEXT_BYTES", 10**6)
    (given / name).write_bytes(bomb(50) if name.endswith(".gz") else b"0 " * 10**7)
    with at_most(5):
        assert complaint(lambda: binarized_mnist.binarized_mnist("test")).startswith(
            f"{given / name}: it has more than 1,000,000 bytes;"
        )


def test_the_published_texts_are_within_the_limit() -> None:
    assert binarized_mnist.MAX_TEXT_BYTES > 50_000 * 2 * 784


@fuzz(40)
@given(content=damaged(gzip.compress(AMAT)))
def test_a_damaged_gzip_is_its_content_or_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.amat.gz"
    path.write_bytes(content)
    text = answer(lambda: read_unpacked(path, 10**6))
    if text is not None:
        answer(lambda: parse_amat(text, "x.amat"))


# --- MNIST's own files ----------------------------------------------------------------------------

IDX = struct.pack(">4i", 2051, 3, 28, 28) + ROWS.tobytes()
MD5 = hashlib.md5(IDX).hexdigest()


@fuzz(40)
@given(content=damaged(gzip.compress(IDX)) | damaged(IDX).map(gzip.compress) | st.binary(max_size=100))
def test_an_idx_file_is_the_published_one_or_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    pixels = answer(lambda: read_idx(path, MD5, 16))
    if pixels is not None:
        np.testing.assert_array_equal(pixels.reshape(ROWS.shape), ROWS)


def test_an_idx_file_longer_than_any_published_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(bomb(200))
    with at_most(2 * MAX_BYTES // 10**6 + 5):
        assert f"more than {MAX_BYTES:,} bytes" in complaint(lambda: read_idx(path, MD5, 16))


def test_an_idx_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(lambda: read_idx(tmp_path / "images.gz", MD5, 16))


# --- Omniglot's zips ------------------------------------------------------------------------------


@pytest.fixture
def zips(given: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    publish_drawings(given, monkeypatch)
    return given


@fuzz(60)
@given(data=st.data())
def test_a_damaged_zip_holds_the_published_drawings_or_is_one_sentence(
    data: st.DataObject, zips: Path, cache: Path
) -> None:
    publish = zips / "whole"
    if not publish.exists():
        publish.write_bytes((zips / ZIPS[1]).read_bytes())
        omniglot.read_omniglot()
    kept = cache / "omniglot-28x28.npz"
    kept.unlink(missing_ok=True)
    (zips / ZIPS[1]).write_bytes(data.draw(damaged(publish.read_bytes())))
    drawings = answer(omniglot.read_omniglot)
    assert drawings is None or len(drawings.grey) == 3
    assert kept.exists() == (drawings is not None)


PARTS = st.sampled_from(["..", "a", "0001_01.png", "/", "\\", ":", "\x00", "\n", "."])
MEMBERS = st.text(max_size=60) | st.lists(PARTS).map("".join)


@fuzz(60)
@given(name=MEMBERS.filter(lambda name: name[:1] not in ("", "\x00")))  # zipfile writes no such member
def test_a_member_of_any_name_is_passed_over_or_one_sentence(name: str, zips: Path) -> None:
    path = zips / ZIPS[0]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"nonsense")
    before = sorted(zips.parent.rglob("*"))
    assert complaint(omniglot.read_omniglot).isprintable()
    assert sorted(zips.parent.rglob("*")) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_drawing_that_is_there_twice_is_refused(zips: Path) -> None:
    path = zips / ZIPS[1]
    with zipfile.ZipFile(path, "a") as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("0966_20.png") and not n.startswith("__"))
        archive.writestr(name, archive.read(name))
    assert "its 1 drawings are not the published ones" in complaint(omniglot.read_omniglot)


def test_more_drawings_than_published_are_not_looked_at(zips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(omniglot, "MAX_DRAWINGS", 5)
    write_zip(zips / ZIPS[0], {f"a/b/c/0001_{k:02}.png": b"nonsense" for k in range(6)})
    assert "it holds more than 5 drawings" in complaint(omniglot.read_omniglot)


def test_a_zip_larger_than_any_published_is_not_opened(zips: Path) -> None:
    with (zips / ZIPS[0]).open("r+b") as file:
        file.truncate(2**40)  # a hole, which takes no room on the disk
    with at_most(1):
        assert "more than 67,108,864 bytes" in complaint(omniglot.read_omniglot)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_opens_to_much_more_is_not_unpacked(method: int, zips: Path) -> None:
    with zipfile.ZipFile(zips / ZIPS[0], "w", method) as archive:
        archive.writestr("a/b/c/0001_01.png", bytes(3 * 10**7))
    with at_most(3):
        assert "is not a drawing" in complaint(omniglot.read_omniglot)


def test_a_member_that_lies_about_its_size_is_one_sentence(zips: Path) -> None:
    drawing = png(np.ones((105, 105), bool))
    write_zip(zips / ZIPS[0], {"a/b/c/0001_01.png": drawing})
    whole = (zips / ZIPS[0]).read_bytes()
    for size in (0, 1, 2**31, 2**32 - 1):
        lie = whole.replace(struct.pack("<I", len(drawing)), struct.pack("<I", size))
        assert lie != whole
        (zips / ZIPS[0]).write_bytes(lie)
        assert complaint(omniglot.read_omniglot).isprintable()


@pytest.mark.parametrize("folder", ["/tmp\n/x", "\x1b[31m", "x" * 100_000, "\udce4"])
def test_a_folder_of_data_with_an_impossible_name_is_one_sentence(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLGMM_DATA", folder)
    for read in (omniglot.read_omniglot, lambda: binarized_mnist.binarized_mnist("test")):
        assert len(complaint(read)) < 200


# --- pictures -------------------------------------------------------------------------------------

PICTURES = {name: file.content for name, file in hostile_files().items() if len(file.content) < 30_000}


@pytest.mark.filterwarnings("ignore")  # Pillow warns of much that is odd
@fuzz(80)
@given(data=st.data())
def test_a_damaged_picture_is_a_digit_or_one_sentence(data: st.DataObject) -> None:
    content = data.draw(damaged(PICTURES[data.draw(st.sampled_from(list(PICTURES)))]))
    digit: PreparedDigit | None = answer(lambda: prepare_digit(read_picture(content)))
    assert digit is None or (digit.grey.shape == (28, 28) and digit.grey.max() > 0)


@fuzz(120)
@given(data=st.data(), height=st.integers(3, 40), width=st.integers(3, 40))
def test_any_grey_levels_are_a_digit_or_one_sentence(data: st.DataObject, height: int, width: int) -> None:
    few = data.draw(st.lists(st.sampled_from([0, 1, 50, 51, 128, 204, 254, 255]), min_size=1, max_size=12))
    levels = np.resize(np.array(few, np.uint8), (height, width))
    digit: PreparedDigit | None = answer(lambda: prepare_digit(levels))
    assert digit is None or (digit.grey.shape == (28, 28) and digit.grey.max() > 0)


def test_the_pictures_that_are_damaged_are_of_every_kind() -> None:
    starts = {io.BytesIO(content).read(3) for content in PICTURES.values()}
    assert {b"\x89PN", b"\xff\xd8\xff", b"GIF", b"RIF", b"II*", b"MM\x00", b"BM\x9a"} <= starts
