"""The binarized digits: where they are looked for, what is refused, and what one is told then."""

import gzip
import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.data import omniglot, sources
from dlgmm_core.data.binarized_mnist import binarized_mnist, parse_amat
from tests.source_helpers import complaint

pytestmark = pytest.mark.usefixtures("cache")

DATA = os.environ.get("DLGMM_DATA")
TEST_PART = "binarized_mnist_test.amat"


@pytest.fixture
def published_data(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        read = parse_amat(spoil(amat(rows)), "x.amat")
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, rows)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"0 " * 783, "783 values instead of 784"),
            (b"0 " * 785, "more than 784 values instead of 784"),
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
        message = complaint(lambda: parse_amat(text, "x.amat"))
        assert message.startswith(f"x.amat, line 3: {reason};")

    def test_an_empty_file_is_refused(self) -> None:
        assert complaint(lambda: parse_amat(b" \n", "x.amat")).startswith("x.amat: it is empty;")


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
        np.testing.assert_array_equal(binarized_mnist("test"), rows)

    def test_the_named_folder_goes_before_the_cache(self, given: Path, cache: Path, rows: NDArray[np.uint8]) -> None:
        cache.mkdir(parents=True)
        (cache / TEST_PART).write_bytes(b"nonsense")
        (given / TEST_PART).write_bytes(amat(rows))
        np.testing.assert_array_equal(binarized_mnist("test"), rows)

    def test_a_truncated_gzip_is_refused(self, given: Path, rows: NDArray[np.uint8]) -> None:
        path = given / f"{TEST_PART}.gz"
        path.write_bytes(gzip.compress(amat(rows))[:-100])
        message = complaint(lambda: binarized_mnist("test"))
        assert message.startswith(f"{path}: it cannot be read (")
        assert "replace the file" in message

    def test_a_file_that_is_no_gzip_is_refused(self, given: Path, rows: NDArray[np.uint8]) -> None:
        (given / f"{TEST_PART}.gz").write_bytes(amat(rows))
        assert "cannot be read" in complaint(lambda: binarized_mnist("test"))

    def test_one_flipped_pixel_is_noticed(self, given: Path, rows: NDArray[np.uint8]) -> None:
        rows[7, 300] ^= 1
        (given / TEST_PART).write_bytes(amat(rows))
        message = complaint(lambda: binarized_mnist("test"))
        assert message.startswith(f"{given / TEST_PART}: its 20 images are not the published ones; replace")

    def test_a_missing_line_is_noticed(self, given: Path, rows: NDArray[np.uint8]) -> None:
        (given / TEST_PART).write_bytes(amat(rows[:-1]))
        assert "its 19 images are not the published ones" in complaint(lambda: binarized_mnist("test"))

    def test_an_unknown_part_is_refused(self) -> None:
        assert "choose train, valid or test" in complaint(lambda: binarized_mnist("tests"))

    @pytest.mark.usefixtures("published_data")
    @pytest.mark.parametrize(("part", "count"), [("train", 50_000), ("valid", 10_000), ("test", 10_000)])
    def test_the_published_parts_are_read(self, part: str, count: int) -> None:
        images = binarized_mnist(part)
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
            np.testing.assert_array_equal(binarized_mnist("test"), rows)
        assert publisher.requests == [f"/{TEST_PART}"]
        assert [path.name for path in cache.iterdir()] == [TEST_PART]

    def test_where_downloads_are_turned_off_nothing_is_asked_for(
        self, publisher: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for value, words in (("0", "is not on this computer, and DLGMM_DOWNLOAD is 0"), ("no", "must be 0 or 1")):
            monkeypatch.setenv("DLGMM_DOWNLOAD", value)
            assert words in complaint(lambda: binarized_mnist("test"))
        assert publisher.requests == []

    @pytest.mark.usefixtures("given")
    def test_a_named_folder_without_the_file_is_passed_over(self, publisher: Server, rows: NDArray[np.uint8]) -> None:
        np.testing.assert_array_equal(binarized_mnist("test"), rows)
        assert publisher.requests

    def test_a_broken_download_leaves_nothing_behind(self, publisher: Server, cache: Path) -> None:
        publisher.withheld = 100
        message = complaint(lambda: binarized_mnist("test"))
        assert "the download failed (the connection was interrupted)" in message
        assert list(cache.iterdir()) == []

    def test_a_download_with_a_wrong_checksum_leaves_nothing_behind(self, publisher: Server, cache: Path) -> None:
        publisher.files[TEST_PART] = b"a login page"
        message = complaint(lambda: binarized_mnist("test"))
        assert "the download failed (the downloaded file is not the published one)" in message
        assert list(cache.iterdir()) == []

    def test_a_file_that_the_publisher_has_moved_is_reported(self, publisher: Server, cache: Path) -> None:
        publisher.files.clear()
        assert "the download failed (404 " in complaint(lambda: binarized_mnist("test"))
        assert list(cache.iterdir()) == []

    def test_without_a_network_the_error_says_where_to_put_the_file(self, given: Path, cache: Path) -> None:
        url = sources.FILES["images_background.zip"].url
        assert complaint(omniglot.read_omniglot) == (
            f"images_background.zip is not in {given} and {cache}, and the download failed (no network): "
            f"get it from {url} and put it into the folder that DLGMM_DATA names."
        )
        assert list(cache.iterdir()) == []

    def test_a_cache_that_cannot_be_written_is_reported(
        self, publisher: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache.parent.write_bytes(b"a file where the folder should be")
        monkeypatch.setattr(sources, "cache_folder", lambda: cache)
        assert "the download failed (" in complaint(lambda: binarized_mnist("test"))
        assert publisher.requests == []
