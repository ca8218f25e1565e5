"""The app, or any other Streamlit script, on a server of its own, and how much memory that takes."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["APP", "Server", "serve"]

APP = Path(__file__).resolve().parent.parent / "app.py"
START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        port: on this machine.
        process: the number of its process.
    """

    port: int
    process: int

    def megabytes(self) -> float:
        """Memory that the process holds now; Linux only."""
        status = Path(f"/proc/{self.process}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024


@contextmanager
def serve(script: Path) -> Iterator[Server]:
    """A fresh server of the script, from the moment that it says it is well.

    Raises:
        RuntimeError: if it does not within two minutes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    options = ["--server.headless", "true", "--server.address", "127.0.0.1"]
    # the folder decides which settings and which modules the server finds: the app's, for either script
    environment = {**os.environ, "PYTHONPATH": str(APP.parent)}
    process = subprocess.Popen(
        command + options, cwd=APP.parent, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_well(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_until_well(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("The server has not started: run `streamlit run app.py` and read what it says.")
