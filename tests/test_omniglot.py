"""The drawings of Omniglot: what is read from the two zips, what is refused in them, and what is kept."""

import hashlib
import io
import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core import sources
from dlgmm_core.sources import DataError
from tests.source_helpers import complaint

pytestmark = pytest.mark.usefixtures("cache")

ZIPS = ("images_background.zip", "images_evaluation.zip")


def png(ink: NDArray[np.bool_]) -> bytes:
    """A drawing as Omniglot has it: one bit a pixel, ink black."""
    content = io.BytesIO()
    Image.fromarray(~ink).save(content, "PNG")
    return content.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds no pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    framed = (struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


INK = {
    "images_background.zip": {
        ("Tifinagh", "character01", "0910", "02"): np.random.default_rng(1).random((105, 105)) < 0.1,
        ("Tifinagh", "character01", "0910", "01"): np.random.default_rng(2).random((105, 105)) < 0.1,
    },
    "images_evaluation.zip": {
        ("Angelic", "character02", "0966", "20"): np.pad(np.ones((15, 30), bool), ((15, 75), (45, 30))),
    },
}
BACKGROUND_DRAWING = "images_background/Tifinagh/character01/0910_01.png"


@pytest.fixture
def zips(given: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three drawings, and what a file manager adds, that pass for the published zips."""
    for name, drawings in INK.items():
        top = name.removesuffix(".zip")
        members = {f"{top}/{a}/{c}/{number}_{d}.png": png(ink) for (a, c, number, d), ink in drawings.items()}
        junk = {
            f"{top}/": b"",
            f"{top}/.DS_Store": b"x",
            f"__MACOSX/{top}/Angelic/character01/._0965_01.png": b"x",
            f"__MACOSX/{top}/Angelic/character01/0965_01.png": b"x",
            f"{top}/.hidden/character01/0965_01.png": b"x",
        }
        write_zip(given / name, junk | members)
        digest = hashlib.sha256()
        for key in sorted(drawings):
            digest.update("/".join(key).encode() + np.packbits(drawings[key]).tobytes())
        monkeypatch.setitem(sources.FILES, name, replace(sources.FILES[name], content=digest.hexdigest()))
    return given


class TestOmniglot:
    def test_drawings_come_in_order_of_alphabet_and_drawer(self, zips: Path) -> None:
        drawings = sources.omniglot()
        assert drawings.alphabet_names == ("Angelic", "Tifinagh")
        assert drawings.alphabet.tolist() == [0, 1, 1]
        assert drawings.drawer.tolist() == [20, 1, 2]
        assert drawings.alphabet.dtype == drawings.drawer.dtype == np.int64

    def test_the_grey_level_is_the_share_of_ink(self, zips: Path) -> None:
        grey = sources.omniglot().grey
        assert grey.shape == (3, 784)
        assert grey.dtype == np.uint8
        block = np.zeros((28, 28))
        block[4:8, 12:20] = 255  # 15 pixels become exactly 4
        np.testing.assert_array_equal(grey[0].reshape(28, 28), block)
        assert grey[1].mean() / 255 == pytest.approx(0.1, abs=0.01)

    def test_zips_in_the_subfolder_are_found(self, zips: Path) -> None:
        (zips / "omniglot").mkdir()
        for name in ZIPS:
            (zips / name).rename(zips / "omniglot" / name)
        assert len(sources.omniglot().grey) == 3

    def test_the_result_is_kept(self, zips: Path) -> None:
        first = sources.omniglot()
        for name in ZIPS:
            (zips / name).unlink()
        second = sources.omniglot()
        for key, value in vars(first).items():
            np.testing.assert_array_equal(getattr(second, key), value)
        assert second.alphabet_names == first.alphabet_names

    def test_a_damaged_cache_is_rebuilt(self, zips: Path, cache: Path) -> None:
        grey = sources.omniglot().grey
        (kept,) = cache.iterdir()
        whole = kept.read_bytes()
        flips = [whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :] for i in range(0, len(whole), 53)]
        pickled, objects = io.BytesIO(), np.array([{}], dtype=object)
        np.savez(pickled, grey=objects, drawer=objects, alphabet=objects, alphabet_names=objects)
        for content in (b"", b"nonsense", whole[: len(whole) // 2], pickled.getvalue(), *flips):
            kept.write_bytes(content)
            np.testing.assert_array_equal(sources.omniglot().grey, grey)

    def test_a_cache_that_cannot_be_written_is_no_error(self, zips: Path, cache: Path) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        assert len(sources.omniglot().grey) == 3

    @pytest.mark.parametrize(
        "name",
        ["../escape.png", "a/../../escape.png", "/etc/escape.png", "C:/escape.png", "a\\..\\escape.png"],
    )
    def test_a_member_that_points_outside_is_refused(self, zips: Path, name: str) -> None:
        write_zip(zips / ZIPS[0], {name: b"x"})
        message = complaint(sources.omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its member {name!r} points outside of it;")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"no image",
            png(np.ones((105, 105), bool))[:-30],
            png(np.ones((105, 104), bool)),
            png_of_size(105, 105),
            png_of_size(2**30, 2**30),
            bytes(20_000_000),
        ],
        ids=["empty", "no image", "truncated", "wrong size", "no pixels", "gigantic", "bomb"],
    )
    def test_a_member_that_is_no_drawing_is_refused(self, zips: Path, content: bytes) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: content})
        message = complaint(sources.omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its member '{BACKGROUND_DRAWING}' is no drawing (")

    def test_a_bomb_is_not_unpacked(self, zips: Path) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: bytes(20_000_000)})
        tracemalloc.start()
        complaint(sources.omniglot)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000

    @pytest.mark.parametrize("content", [b"", b"no zip", None], ids=["empty", "no zip", "truncated"])
    def test_a_file_that_is_no_zip_is_refused(self, zips: Path, content: bytes | None) -> None:
        path = zips / ZIPS[1]
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
        assert complaint(sources.omniglot).startswith(f"{path}: it cannot be read as a zip (")

    def test_a_member_with_a_wrong_checksum_is_refused(self, zips: Path) -> None:
        path = zips / ZIPS[1]
        content = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            start = archive.infolist()[-1].header_offset + 60
        path.write_bytes(content[:start] + bytes([content[start] ^ 0xFF]) + content[start + 1 :])
        with pytest.raises(DataError):
            sources.omniglot()

    def test_other_drawings_than_the_published_are_refused(self, zips: Path) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: png(np.ones((105, 105), bool))})
        message = complaint(sources.omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its 1 drawings are not the published ones;")

    def test_nothing_refused_is_kept(self, zips: Path, cache: Path) -> None:
        write_zip(zips / ZIPS[1], {})
        complaint(sources.omniglot)
        assert not cache.exists()
