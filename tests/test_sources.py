"""Published files: where they are looked for, what is refused, and what one is told then."""

import gzip
import hashlib
import http.server
import io
import os
import socket
import struct
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dlgmm_core import sources
from dlgmm_core.sources import DataError

DATA = os.environ.get("DLGMM_DATA")
TEST_PART = "binarized_mnist_test.amat"
ZIPS = ("images_background.zip", "images_evaluation.zip")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of the test's own, no DLGMM_DATA, and a closed port in place of every publisher."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("DLGMM_DATA", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, file in sources.FILES.items():
        monkeypatch.setitem(sources.FILES, name, replace(file, url=f"http://127.0.0.1:{port}/{name}"))
    return sources.cache_folder()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that DLGMM_DATA names."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("DLGMM_DATA", str(folder))
    return folder


@pytest.fixture
def published_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published files, where there are any."""
    if not DATA:
        if os.environ.get("CI"):
            pytest.fail("CI must name the published files in DLGMM_DATA")
        pytest.skip("DLGMM_DATA is not set, so there are no published files to read")
    monkeypatch.setenv("DLGMM_DATA", DATA)


@dataclass
class Server:
    """A publisher on the loopback: what it sends, how much it promises, and what it was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    withheld: int = 0
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            content = state.files.get(self.path.lstrip("/"))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) - state.withheld])

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    listener.shutdown()
    thread.join()
    listener.server_close()


def complaint(call: Callable[[], object]) -> str:
    """What a call says is wrong with the data: a single line that ends a sentence."""
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def amat(rows: NDArray[np.uint8]) -> bytes:
    return b"".join(b" ".join(b"%d" % value for value in row) + b"\n" for row in rows)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """Twenty images that pass for the published test part."""
    images = np.random.default_rng(0).integers(0, 2, (20, 784), dtype=np.uint8)
    digest = hashlib.sha256(np.packbits(images).tobytes()).hexdigest()
    known_hash = f"sha256:{hashlib.sha256(amat(images)).hexdigest()}"
    row = replace(sources.FILES[TEST_PART], known_hash=known_hash, content=digest)
    monkeypatch.setitem(sources.FILES, TEST_PART, row)
    return images


class TestText:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: text,
            lambda text: text.replace(b"\n", b"\r\n"),
            lambda text: text.replace(b"\n", b" \n"),
            lambda text: text.replace(b" ", b"  "),
            lambda text: text.rstrip(b"\n"),
            lambda text: text + b"\n\n",
        ],
        ids=["as published", "CRLF", "spaces at the end", "two spaces", "no last newline", "blank last lines"],
    )
    def test_images_come_out_as_they_were_written(
        self, rows: NDArray[np.uint8], spoil: Callable[[bytes], bytes]
    ) -> None:
        read = sources.parse_amat(spoil(amat(rows)), "x.amat")
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, rows)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"0 " * 783, "783 values instead of 784"),
            (b"0 " * 785, "785 values instead of 784"),
            (b"", "0 values instead of 784"),
            (b"0 " * 783 + b"2", "'2' is neither 0 nor 1"),
            (b"0 " * 783 + b"-", "'-' is neither 0 nor 1"),
            (b"0 " * 783 + b"10", "'10' is neither 0 nor 1"),
            (b"1.0 " + b"0 " * 783, "'1.0' is neither 0 nor 1"),
            (b"\xff " + b"0 " * 783, "'\ufffd' is neither 0 nor 1"),
        ],
    )
    def test_a_bad_line_is_refused_with_its_number(self, rows: NDArray[np.uint8], line: bytes, reason: str) -> None:
        text = amat(rows[:2]) + line + b"\n" + amat(rows[2:])
        message = complaint(lambda: sources.parse_amat(text, "x.amat"))
        assert message.startswith(f"x.amat, line 3: {reason};")

    def test_an_empty_file_is_refused(self) -> None:
        assert complaint(lambda: sources.parse_amat(b" \n", "x.amat")).startswith("x.amat: it is empty;")


class TestBinarizedMnist:
    @pytest.mark.parametrize("ending", ["", ".gz"])
    @pytest.mark.parametrize("place", ["given", "given/binarized_mnist", "cache/dlgmm"])
    def test_a_local_file_is_found_packed_or_not(
        self, tmp_path: Path, given: Path, rows: NDArray[np.uint8], place: str, ending: str
    ) -> None:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        content = gzip.compress(amat(rows)) if ending else amat(rows)
        (folder / f"{TEST_PART}{ending}").write_bytes(content)
        np.testing.assert_array_equal(sources.binarized_mnist("test"), rows)

    def test_the_named_folder_goes_before_the_cache(self, given: Path, cache: Path, rows: NDArray[np.uint8]) -> None:
        cache.mkdir(parents=True)
        (cache / TEST_PART).write_bytes(b"nonsense")
        (given / TEST_PART).write_bytes(amat(rows))
        np.testing.assert_array_equal(sources.binarized_mnist("test"), rows)

    def test_a_truncated_gzip_is_refused(self, given: Path, rows: NDArray[np.uint8]) -> None:
        path = given / f"{TEST_PART}.gz"
        path.write_bytes(gzip.compress(amat(rows))[:-100])
        message = complaint(lambda: sources.binarized_mnist("test"))
        assert message.startswith(f"{path}: it cannot be read (")
        assert "replace the file" in message

    def test_a_file_that_is_no_gzip_is_refused(self, given: Path, rows: NDArray[np.uint8]) -> None:
        (given / f"{TEST_PART}.gz").write_bytes(amat(rows))
        assert "cannot be read" in complaint(lambda: sources.binarized_mnist("test"))

    def test_one_flipped_pixel_is_noticed(self, given: Path, rows: NDArray[np.uint8]) -> None:
        rows[7, 300] ^= 1
        (given / TEST_PART).write_bytes(amat(rows))
        message = complaint(lambda: sources.binarized_mnist("test"))
        assert message.startswith(f"{given / TEST_PART}: its 20 images are not the published ones; replace")

    def test_a_missing_line_is_noticed(self, given: Path, rows: NDArray[np.uint8]) -> None:
        (given / TEST_PART).write_bytes(amat(rows[:-1]))
        assert "its 19 images are not the published ones" in complaint(lambda: sources.binarized_mnist("test"))

    def test_an_unknown_part_is_refused(self) -> None:
        assert "choose train, valid or test" in complaint(lambda: sources.binarized_mnist("tests"))

    @pytest.mark.usefixtures("published_data")
    @pytest.mark.parametrize(("part", "count"), [("train", 50_000), ("valid", 10_000), ("test", 10_000)])
    def test_the_published_parts_are_read(self, part: str, count: int) -> None:
        images = sources.binarized_mnist(part)
        assert images.shape == (count, 784)
        assert images.max() == 1


class TestDownload:
    @pytest.fixture
    def publisher(self, server: Server, rows: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Server:
        """Offers the twenty images."""
        server.files[TEST_PART] = amat(rows)
        row = replace(sources.FILES[TEST_PART], url=f"{server.url}/{TEST_PART}")
        monkeypatch.setitem(sources.FILES, TEST_PART, row)
        return server

    def test_a_file_is_downloaded_once_and_kept(self, publisher: Server, cache: Path, rows: NDArray[np.uint8]) -> None:
        for _ in range(2):
            np.testing.assert_array_equal(sources.binarized_mnist("test"), rows)
        assert publisher.requests == [f"/{TEST_PART}"]
        assert [path.name for path in cache.iterdir()] == [TEST_PART]

    @pytest.mark.usefixtures("given")
    def test_a_named_folder_without_the_file_is_passed_over(self, publisher: Server, rows: NDArray[np.uint8]) -> None:
        np.testing.assert_array_equal(sources.binarized_mnist("test"), rows)
        assert publisher.requests

    def test_a_broken_download_leaves_nothing_behind(self, publisher: Server, cache: Path) -> None:
        publisher.withheld = 100
        message = complaint(lambda: sources.binarized_mnist("test"))
        assert "the download failed (the connection broke off)" in message
        assert list(cache.iterdir()) == []

    def test_a_download_with_a_wrong_checksum_leaves_nothing_behind(self, publisher: Server, cache: Path) -> None:
        publisher.files[TEST_PART] = b"a login page"
        message = complaint(lambda: sources.binarized_mnist("test"))
        assert "the download failed (what arrived is not the published file)" in message
        assert list(cache.iterdir()) == []

    def test_a_file_that_the_publisher_has_moved_is_told(self, publisher: Server, cache: Path) -> None:
        publisher.files.clear()
        assert "the download failed (404 " in complaint(lambda: sources.binarized_mnist("test"))
        assert list(cache.iterdir()) == []

    def test_without_a_network_one_is_told_what_to_put_where(self, given: Path, cache: Path) -> None:
        url = sources.FILES["images_background.zip"].url
        assert complaint(sources.omniglot) == (
            f"images_background.zip is not in {given} and {cache}, and the download failed (no network): "
            f"get it from {url} and put it into the folder that DLGMM_DATA names."
        )
        assert list(cache.iterdir()) == []

    def test_a_cache_that_cannot_be_written_is_told(self, publisher: Server, cache: Path) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        assert "the download failed (" in complaint(lambda: sources.binarized_mnist("test"))
        assert publisher.requests == []


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


class TestCachedArray:
    def test_an_array_is_computed_once(self, cache: Path) -> None:
        kept = np.arange(6, dtype=np.int64).reshape(2, 3)
        np.testing.assert_array_equal(sources.cached_array("x", lambda: kept), kept)
        again = sources.cached_array("x", lambda: np.zeros(1, np.int64))
        np.testing.assert_array_equal(again, kept)
        assert again.dtype == np.int64
        assert [path.name for path in cache.iterdir()] == ["x.npy"]

    def test_each_name_has_its_own_array(self) -> None:
        sources.cached_array("x", lambda: np.ones(1))
        assert sources.cached_array("y", lambda: np.zeros(1)).tolist() == [0]
        assert sources.cached_array("x", lambda: np.zeros(1)).tolist() == [1]

    def test_a_damaged_file_is_computed_again(self, cache: Path) -> None:
        kept = np.arange(100)
        sources.cached_array("x", lambda: kept)
        path = cache / "x.npy"
        whole = path.read_bytes()
        for content in (b"", b"nonsense", whole[:50], whole[:-1], whole.replace(b"(100,)", b"(9**9)")):
            path.write_bytes(content)
            np.testing.assert_array_equal(sources.cached_array("x", lambda: kept), kept)
            assert path.read_bytes() == whole

    def test_a_pickle_is_not_loaded(self, cache: Path) -> None:
        cache.mkdir(parents=True)
        np.save(cache / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
        assert sources.cached_array("x", lambda: np.ones(2)).tolist() == [1, 1]

    def test_a_cache_that_cannot_be_written_is_no_error(self, cache: Path) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        assert sources.cached_array("x", lambda: np.ones(2)).tolist() == [1, 1]

    def test_a_computation_that_fails_leaves_nothing_behind(self, cache: Path) -> None:
        with pytest.raises(ValueError, match="allow_pickle"):
            sources.cached_array("x", lambda: np.array([{}], dtype=object))
        assert list(cache.iterdir()) == []
