"""The app or another Streamlit script on a server of its own, and the memory of that server."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

__all__ = ["APP", "Server", "copy_app", "serve"]

APP = Path(__file__).resolve().parent.parent / "app.py"
START_SECONDS, STOP_SECONDS = 120, 15


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        port: on this machine.
        process: the number of its process.
        base: the path of the app's root, as "/lab".
    """

    port: int
    process: int
    base: str = ""

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}{self.base}"

    def megabytes(self) -> float:
        """Memory that the process uses now; Linux only."""
        return _kilobytes(self.process, "VmRSS") / 1024

    def peak_megabytes(self) -> float:
        """The most memory that the process has used so far; Linux only."""
        return _kilobytes(self.process, "VmHWM") / 1024

    def children_megabytes(self) -> float:
        """Memory that the processes which it has started use now; Linux only."""
        children = " ".join(path.read_text("utf-8") for path in Path(f"/proc/{self.process}/task").glob("*/children"))
        return sum(_kilobytes(int(child), "VmRSS") for child in children.split()) / 1024

    def processor_seconds(self) -> float:
        """Processor time that the process has used so far; Linux only."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # in the program and in the system


def _kilobytes(process: int, entry: str) -> int:
    """An entry of a process's status; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(rf"^{entry}:\s+(\d+) kB$", status, re.MULTILINE)
    return 0 if found is None else int(found[1])  # none of one that has ended, and whose end is not noticed yet


def copy_app(root: Path) -> Path:
    """Copies everything that the app needs into an empty folder, where it can train; returns the folder."""
    unwanted = shutil.ignore_patterns("__pycache__", "training.safetensors", "*.log", ".*.safetensors*")
    shutil.copy(APP, root)
    for folder in (".streamlit", "ui", "pages", "dlgmm_core", "checkpoints"):
        shutil.copytree(APP.parent / folder, root / folder, ignore=unwanted)
    return root


@contextmanager
def serve(script: Path = Path("app.py"), root: Path = APP.parent, base: str = "") -> Iterator[Server]:
    """A new server of the script, once its health check succeeds.

    Args:
        script: to run; a relative path starts at `root`.
        root: the folder with the settings and modules of the app, or of a copy.
        base: the path of the app's root, as "/lab".

    Raises:
        RuntimeError: if it does not start within two minutes; its note is the server's output.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.baseUrlPath", base]
    environment = {**os.environ, "PYTHONPATH": str(root), "DLGMM_CHECKPOINTS": str(root / "checkpoints")}
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
        try:
            if not _is_healthy(port, base, process):
                error = RuntimeError("The server has not started: run `streamlit run app.py` and read its output.")
                output.seek(0)
                error.add_note(output.read())
                raise error
            yield Server(port, process.pid, base)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_healthy(port: int, base: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{base}/_stcore/health", timeout=5):
                return True
        except OSError:
            time.sleep(0.02)
    return False
