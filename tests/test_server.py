"""The server's process: how its sockets and its memory are set up."""

import os
import platform
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ui.serving.server import send_at_once

ROOT = Path(__file__).resolve().parents[1]

# Twenty arrays of 10 MB, after a larger one was let go of, with something small kept between any two.
ARRAYS_COME_AND_GO = """
import re
from pathlib import Path

import numpy as np

from ui.serving.server import hoard_no_memory

def megabytes():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

{first}
np.ones(30 * 2**17).sum()
before = megabytes()
large, small = [], []
for _ in range(20):
    large.append(np.ones(10 * 2**17))
    small.append(bytearray(100_000))
full = megabytes()
large.clear()
print(full - before, megabytes() - before)
"""


def test_answers_on_accepted_connections_are_not_held_back() -> None:
    with socket.socket() as listening:  # as Streamlit opens its own: TCP is not named
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        send_at_once()
        with socket.create_connection(listening.getsockname()) as visitor, listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not visitor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nothing_is_left_open() -> None:
    with socket.socket() as listening, tempfile.TemporaryFile():
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        before = set(os.listdir("/dev/fd"))
        send_at_once()
        assert set(os.listdir("/dev/fd")) == before


def test_sockets_that_do_not_listen_are_left_alone() -> None:
    with socket.socket() as silent:
        send_at_once()
        assert not silent.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give memory back of their own accord")
def test_arrays_let_go_of_give_their_memory_back() -> None:
    def left(first: str) -> float:
        code = [sys.executable, "-c", ARRAYS_COME_AND_GO.format(first=first)]
        taken, kept = map(float, subprocess.run(code, cwd=ROOT, capture_output=True, text=True).stdout.split())
        assert taken > 190
        return kept

    assert left("hoard_no_memory()") < 20
    assert left("") > 100, "the system does so by itself: the function may go"
