"""The line of progress: renewed in a terminal, and a whole line now and then in a file."""

import io
import itertools
import os
import re
import struct
import sys
from contextlib import suppress

import pytest

from dlgmm_core.runtime import progress
from dlgmm_core.runtime.progress import Progress


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test sets."""
    now = [1000.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    return now


def written(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, now: list[float], words: str = "") -> str:
    """What ten seconds of work write, of which a tenth was done before; a line is said after five."""
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("work", begun=0.1) as shown:
        for step in range(1, 91):
            now[0] += 1 / 9
            shown.show(0.1 + step / 100, words)
            if step == 45:
                shown.say("half way")
    return stream.getvalue()


def test_a_file_gets_a_line_now_and_then_and_no_carriage_return(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 2.95)
    text = written(monkeypatch, io.StringIO(), seconds, "t-SNE")
    assert "\r" not in text
    assert text.splitlines() == [
        "work:  37.0 %, 00:02 passed, 00:06 left, t-SNE",
        "half way",
        "work:  64.0 %, 00:05 passed, 00:03 left, t-SNE",
        "work:  91.0 %, 00:08 passed, 00:00 left, t-SNE",
    ]


def test_work_of_less_than_a_minute_leaves_a_file_as_it_is(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float]
) -> None:
    assert written(monkeypatch, io.StringIO(), seconds) == "half way\n"


def test_a_terminal_has_one_line_which_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float]
) -> None:
    text = written(monkeypatch, Terminal(), seconds, "t-SNE")
    assert text.count("\n") == 1 and re.search(r"(^|\r)half way\n", text)
    frames = text.replace("\n", "\r").split("\r")
    assert sum("% |█" in frame and "passed" in frame and "t-SNE" in frame for frame in frames) > 50
    assert text.endswith("\r") and frames[-2].strip() == ""


@pytest.mark.skipif(os.name == "nt", reason="needs terminals of POSIX")
@pytest.mark.parametrize("size", [(0, 0), (0, 40), (24, 0), (1, 1), (24, 50)])
def test_a_terminal_of_any_size_shows_progress_that_fits(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch, seconds: list[float]
) -> None:
    import fcntl
    import pty
    import termios

    reading, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress("work", begun=0.5) as shown:
            seconds[0] += 1
            shown.show(0.75, "t-SNE")
            os.set_blocking(reading, False)  # nothing may have been written
            text = b""
            with suppress(BlockingIOError):
                while True:
                    text += os.read(reading, 1000)
    os.close(reading)
    columns = size[1] or 80
    frames = text.decode().split("\r")
    assert max(map(len, frames)) == columns - 1 or columns == 1
    if columns == 80:
        assert "work:  75.0 % |██" in frames[-1] and frames[-1].endswith(", t-SNE")


def test_the_time_left_is_unknown_until_something_is_done_and_long_times_have_hours(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("long", begun=0.5) as shown:
        for seconds[0], share in zip(itertools.count(1100, 5000), (0.5, 0.75)):
            shown.show(share)
        shown.start("next")
        seconds[0] += 60
        shown.show(0.0, "begun")
    assert capsys.readouterr().err.splitlines() == [
        "long:  50.0 %, 01:40 passed, ? left",
        "long:  75.0 %, 1:25:00 passed, 1:25:00 left",
        "next:   0.0 %, 01:00 passed, ? left, begun",
    ]
