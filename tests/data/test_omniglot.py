"""The drawings of Omniglot: what is read from the two zips, what is refused in them, and what is kept."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.data import omniglot
from dlgmm_core.data.sources import DataError
from tests.picture_bytes import png_bytes
from tests.source_helpers import ZIPS, complaint, png, publish_drawings, write_zip

pytestmark = pytest.mark.usefixtures("cache")


BACKGROUND_DRAWING = "images_background/Tifinagh/character01/0910_01.png"


@pytest.fixture
def zips(given: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three drawings, and what a file manager adds, that pass for the published zips."""
    publish_drawings(given, monkeypatch)
    return given


class TestOmniglot:
    def test_drawings_come_in_order_of_alphabet_and_drawer(self, zips: Path) -> None:
        drawings = omniglot.read_omniglot()
        assert drawings.alphabet_names == ("Angelic", "Tifinagh")
        assert drawings.alphabet.tolist() == [0, 1, 1]
        assert drawings.drawer.tolist() == [20, 1, 2]
        assert drawings.alphabet.dtype == drawings.drawer.dtype == np.int64

    def test_the_grey_level_is_the_share_of_ink(self, zips: Path) -> None:
        grey = omniglot.read_omniglot().grey
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
        assert len(omniglot.read_omniglot().grey) == 3

    def test_the_result_is_kept(self, zips: Path) -> None:
        first = omniglot.read_omniglot()
        for name in ZIPS:
            (zips / name).unlink()
        second = omniglot.read_omniglot()
        for key, value in vars(first).items():
            np.testing.assert_array_equal(getattr(second, key), value)
        assert second.alphabet_names == first.alphabet_names

    def test_a_damaged_cache_is_rebuilt(self, zips: Path, cache: Path) -> None:
        grey = omniglot.read_omniglot().grey
        (kept,) = cache.iterdir()
        whole = kept.read_bytes()
        flips = [whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :] for i in range(0, len(whole), 53)]
        pickled, objects = io.BytesIO(), np.array([{}], dtype=object)
        np.savez(pickled, grey=objects, drawer=objects, alphabet=objects, alphabet_names=objects)
        for content in (b"", b"nonsense", whole[: len(whole) // 2], pickled.getvalue(), *flips):
            kept.write_bytes(content)
            np.testing.assert_array_equal(omniglot.read_omniglot().grey, grey)

    def test_a_cache_that_cannot_be_written_is_no_error(self, zips: Path, cache: Path) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        assert len(omniglot.read_omniglot().grey) == 3

    @pytest.mark.parametrize(
        "name",
        ["../escape.png", "a/../../escape.png", "/etc/escape.png", "C:/escape.png", "a\\..\\escape.png"],
    )
    def test_a_member_that_points_outside_is_refused(self, zips: Path, name: str) -> None:
        write_zip(zips / ZIPS[0], {name: b"x"})
        message = complaint(omniglot.read_omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its member {name!r} points outside the zip;")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"no image",
            png(np.ones((105, 105), bool))[:-30],
            png(np.ones((105, 104), bool)),
            png_bytes(105, 105, b"", depth=1, packed=b""),
            png_bytes(2**30, 2**30, b"", depth=1, packed=b""),
            bytes(20_000_000),
        ],
        ids=["empty", "no image", "truncated", "wrong size", "no pixels", "gigantic", "bomb"],
    )
    def test_a_member_that_is_no_drawing_is_refused(self, zips: Path, content: bytes) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: content})
        message = complaint(omniglot.read_omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its member '{BACKGROUND_DRAWING}' is not a drawing (")

    def test_a_member_that_unpacks_to_much_more_is_not_unpacked(self, zips: Path) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: bytes(20_000_000)})
        tracemalloc.start()
        complaint(omniglot.read_omniglot)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000

    @pytest.mark.parametrize("content", [b"", b"no zip", None], ids=["empty", "no zip", "truncated"])
    def test_a_file_that_is_no_zip_is_refused(self, zips: Path, content: bytes | None) -> None:
        path = zips / ZIPS[1]
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
        assert complaint(omniglot.read_omniglot).startswith(f"{path}: it cannot be read as a zip (")

    def test_a_member_with_a_wrong_checksum_is_refused(self, zips: Path) -> None:
        path = zips / ZIPS[1]
        content = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            start = archive.infolist()[-1].header_offset + 60
        path.write_bytes(content[:start] + bytes([content[start] ^ 0xFF]) + content[start + 1 :])
        with pytest.raises(DataError):
            omniglot.read_omniglot()

    def test_other_drawings_than_the_published_are_refused(self, zips: Path) -> None:
        write_zip(zips / ZIPS[0], {BACKGROUND_DRAWING: png(np.ones((105, 105), bool))})
        message = complaint(omniglot.read_omniglot)
        assert message.startswith(f"{zips / ZIPS[0]}: its 1 drawings are not the published ones;")

    def test_nothing_refused_is_kept(self, zips: Path, cache: Path) -> None:
        write_zip(zips / ZIPS[1], {})
        complaint(omniglot.read_omniglot)
        assert not cache.exists()
