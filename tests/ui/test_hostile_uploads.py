"""Malicious files give the digit they show or one sentence, in little memory, and nothing is left behind."""

import asyncio
import os
import resource
import sys
import tempfile
import tomllib
import warnings
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.digits import DigitError, prepare_digit
from tests.app_helpers import Make, make_mixture, one_error, start, turn_to
from tests.forks import in_a_fork
from tests.hostile_files import DIGIT, HostileFile, hostile_files
from ui.digit.uploads import MOST_MEGABYTES, read_picture
from ui.visitors.limits import shared

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("digit", "../../../etc/passwd", "<img src=x onerror=alert(1)>", "a\n\x1b[31m", "é" * 5000)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Image size"),
    pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
]


def test_there_are_files_of_every_sort() -> None:
    answers = [file.sentence for file in hostile_files().values()]
    assert len(answers) >= 100
    assert answers.count(None) >= 40 and len(set(answers)) >= 8


def test_a_malicious_file_gives_the_expected_digit_or_message() -> None:
    expected = prepare_digit(DIGIT).grey.astype(int)
    for what, file in hostile_files().items():
        if file.sentence is not None:
            with pytest.raises(DigitError) as refused:
                prepare_digit(read_picture(file.content))
            assert str(refused.value) == file.sentence, what
            continue
        found = prepare_digit(read_picture(file.content)).grey.astype(int)
        assert np.abs(found - expected).mean() < 6, what  # some files keep the digit only about
        assert np.abs(found.T - expected).mean() > 20, what


WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
STARTING = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.", "tempfile.", "shutil.")


def _read_all(files: list[HostileFile], elsewhere: Path) -> tuple[list[str], int]:
    """What reading the files wrote or started, in an empty folder, and by how many MB the process grew."""
    os.chdir(elsewhere)
    tempfile.tempdir, sys.dont_write_bytecode = str(elsewhere), True
    warnings.simplefilter("ignore")
    harm = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if writes or event.startswith(STARTING):
            harm.append(f"{event} {arguments}")

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    before = peak()
    sys.addaudithook(watch)
    for file in files:
        with suppress(DigitError):
            prepare_digit(read_picture(file.content))
    return harm, peak() - before


def test_reading_them_all_writes_and_starts_nothing_and_stays_small(tmp_path: Path) -> None:
    harm, megabytes = in_a_fork(_read_all, [*hostile_files().values()], tmp_path)
    assert harm == [] and megabytes < 400
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def page(make: Make) -> AppTest:
    """The page of one's own digit where it asks for a file, on a small model."""
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Upload").run()
    assert not at.exception
    return at


def one_in_four() -> dict[str, HostileFile]:
    """Files of every outcome: the first one of each sentence, and every fourth."""
    files = hostile_files()
    first = {file.sentence: what for what, file in reversed(files.items())}
    return {what: file for n, (what, file) in enumerate(files.items()) if n % 4 == 0 or first[file.sentence] == what}


def test_the_page_answers_with_a_digit_or_one_sentence_and_writes_nothing(
    page: AppTest, own_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    for variable in ("DLGMM_UPLOADS", "DLGMM_UPLOADS_PER_VISITOR"):
        monkeypatch.setenv(variable, str(len(hostile_files())))
    shared.cache_clear()
    monkeypatch.chdir(watched)
    monkeypatch.setattr(tempfile, "tempdir", str(watched))
    before = sorted(own_checkpoints.rglob("*"))
    for number, (what, file) in enumerate(one_in_four().items()):
        name = f"{NAMES[number % len(NAMES)]}.png"
        page.file_uploader[0].set_value((name, file.content, "image/png")).run()
        assert not page.exception, what
        if file.sentence is None:
            assert not page.error and len(page.metric) == 3, what
        else:
            assert one_error(page) == file.sentence, what
            assert not page.metric, what
    assert list(watched.iterdir()) == [] and sorted(own_checkpoints.rglob("*")) == before


# --- the server's part ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_the_server_refuses_what_the_page_would(settings: dict[str, dict[str, object]]) -> None:
    assert settings["server"]["maxUploadSize"] == MOST_MEGABYTES


def test_no_stack_trace_reaches_a_page(settings: dict[str, dict[str, object]]) -> None:
    assert settings["client"]["showErrorDetails"] == "none"


@pytest.fixture
def no_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


@pytest.fixture
def server_module() -> ModuleType:
    from ui.serving import server  # it sets what the test is about

    return server


@pytest.mark.usefixtures("no_temporary_files", "server_module")
def test_the_largest_upload_passes_through_no_temporary_file() -> None:
    picture = bytes(MOST_MEGABYTES * 2**20)
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    body = head + picture + b"\r\n--x--\r\n"
    pieces = [body[start : start + 2**16] for start in range(0, len(body), 2**16)]
    scope = {"type": "http", "headers": [(b"content-type", b"multipart/form-data; boundary=x")]}

    async def receive() -> Message:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": len(pieces) > 0}

    async def upload() -> bytes:
        file = (await Request(scope, receive).form())["f"]
        assert isinstance(file, UploadFile)
        return await file.read()

    assert asyncio.run(upload()) == picture
