"""What a process meets: streams that are closed, full or of ASCII, signals at any time. One line and an exit code."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.store.checkpoints import WEIGHTS, read_checkpoint, read_metrics
from tests.checkpoint_helpers import save
from tests.cli_helpers import run, tiny_world, train

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


def evaluate(folder: Path) -> int:
    return run(folder, "evaluate", "mnist-gauss-vae", "--samples", "2", "--device", "cpu")


def measured(folder: Path) -> bool:
    return "mnist" in read_metrics(read_checkpoint(folder / "mnist-gauss-vae"))["test"]


def test_ascii_output_shows_what_it_can_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert evaluate(tmp_path) == 0 and measured(tmp_path)
    assert b" ? " in written.getvalue() and b"nats on mnist (S=2)" in written.getvalue()


@pytest.mark.parametrize(("closed", "code"), [("stdout", 1), ("stderr", 0)])
def test_a_closed_stream_loses_nothing(
    closed: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, closed, None)
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == code  # what it printed, nobody has read
    assert (tmp_path / "mnist-gauss-vae" / WEIGHTS).exists()
    assert ("Standard output cannot be written (Bad file descriptor)" in capsys.readouterr().err) == bool(code)
    assert run(tmp_path / "nowhere", "list") == 2


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("pipe", ""),
        (
            "/dev/full",
            "error: Standard output cannot be written (No space left on device): redirect it elsewhere.\n",
        ),
    ],
)
def test_output_that_nobody_takes_is_an_exit_code_and_loses_nothing(
    where: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    if where == "pipe":
        read, write = os.pipe()
        os.close(read)
    elif not Path(where).exists():
        pytest.skip(f"there is no {where}")
    else:
        write = os.open(where, os.O_WRONLY)
    capsys.readouterr()
    with monkeypatch.context() as patch, open(write, "w", encoding="utf-8") as stdout:
        patch.setattr(sys, "stdout", stdout)
        assert evaluate(tmp_path) == 1 and measured(tmp_path)
    assert capsys.readouterr().err.splitlines(keepends=True)[-1:] == [said] or not said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_progress_that_cannot_be_written_does_not_end_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, open("/dev/full", "w", encoding="utf-8") as stderr:
        patch.setattr(sys, "stderr", stderr)
        assert train(tmp_path, "gauss-vae", "--epochs", "1") == 0
    assert (tmp_path / "mnist-gauss-vae" / WEIGHTS).exists()


def process(*command: str) -> subprocess.Popen[str]:
    """Python, whose standard output and standard error are pipes."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")


@pytest.mark.parametrize("signals", [("INT", "INT"), ("TERM", "INT")], ids=" ".join)
def test_an_interrupt_while_pytorch_loads_is_one_line(signals: tuple[str, ...], tmp_path: Path) -> None:
    with process("-m", "dlgmm_core", "train", "gauss-vae", "--checkpoints", str(tmp_path)) as asked:
        maps = Path(f"/proc/{asked.pid}/maps")
        if not maps.exists():
            asked.kill()
            pytest.skip("this system does not tell which libraries a process has loaded")
        while asked.poll() is None and "libtorch" not in maps.read_text(encoding="utf-8"):
            time.sleep(0.02)
        for name in signals:
            asked.send_signal(signal.Signals[f"SIG{name}"])
        assert asked.stderr is not None
        said = asked.stderr.read()
    assert (said, asked.returncode) == ("Stopped.\n", 130)
    assert not list(tmp_path.iterdir())


# Runs the command line for each argument in a process of its own, and says the exit code. PyTorch is loaded once.
FORKING = """
import os, signal, sys, weakref
from dlgmm_core import __main__ as cli, commands
from dlgmm_core.commands import table

def interrupted(*_):
    os.kill(os.getpid(), signal.SIGINT)

def run_command(arguments):
    try:
        interrupted()
    finally:
        interrupted()

class Lost:
    def __del__(self):  # as the locks of Python's imports do: an exception raised here is lost
        interrupted()

class Finder:
    def find_spec(self, name, path, target=None):
        if name == table.__name__:
            Lost()

for arguments in sys.argv[1:]:
    if os.fork():
        print("exit code", os.waitstatus_to_exitcode(os.wait()[1]), file=sys.stderr, flush=True)
        continue
    if arguments == "interrupted while loading":
        del sys.modules[table.__name__], commands.table
        sys.meta_path.insert(0, Finder())
    if arguments == "interrupted while cleaning up":
        table.run_command = run_command
    sys.exit(cli.main(arguments.split()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork processes")
def test_an_interrupt_ends_the_process_wherever_it_arrives_and_a_reader_that_leaves_at_once_is_no_error(
    tmp_path: Path,
) -> None:
    save(tmp_path / "listed")
    interrupts = ("interrupted while loading", "interrupted while cleaning up")
    with process("-c", FORKING, f"list --checkpoints {tmp_path}", "train --help", *interrupts) as asked:
        assert asked.stdout is not None and asked.stderr is not None
        asked.stdout.close()
        said = asked.stderr.read()
    read = r"exit code [01]\n"  # argparse ignores that its help cannot be written
    assert re.fullmatch(f"({read}){{2}}" + r"(Stopped\.\nexit code 130\n){2}", said), said
