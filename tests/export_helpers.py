"""What tests of exports share: taking what a page exports, and one Python that runs scripts as visitors would.

The fixtures are those of a plugin that `fixtures.py` names, so that the app is imported only where it is needed.
"""

import base64
import io
import json
import os
import runpy
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from dlgmm_core.data import datasets
from dlgmm_core.store.checkpoints import Checkpoint
from tests.forks import FORKS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from streamlit.testing.v1 import AppTest

    from tests.app_helpers import Make

TRAIN, TEST = 3000, 300  # images of the fixture `few_digits`

Numbers = dict[str, NDArray[Any]]


def _serve(ear: "Connection[str, tuple[Path, Path]]") -> None:
    """Runs one script after the other, each in its folder, on the few digits that the pages of the tests show."""
    whole = datasets.load_dataset("mnist")
    few = replace(whole, train=whole.train[:TRAIN], test=whole.test[:TEST])
    datasets.load_dataset = {"mnist": few}.__getitem__
    with suppress(EOFError):
        while True:
            folder, script = ear.recv()
            os.chdir(folder)
            try:
                runpy.run_path(str(script))
                ear.send("")
            except Exception:
                ear.send(traceback.format_exc())


class Python:
    """A process that runs scripts: to import what they need takes longer than most of them."""

    def __init__(self) -> None:
        self.ear, mouth = FORKS.Pipe()
        self.process = FORKS.Process(target=_serve, args=(mouth,), daemon=True)
        self.process.start()
        mouth.close()

    def run(self, code: str, folder: Path, numbers: str) -> Numbers:
        """Runs a script in a folder; `numbers` are arguments of `numpy.savez` that save what it made."""
        script, found = folder / "lines.py", folder / "numbers.npz"
        script.write_text(f"{code}\nimport numpy\nnumpy.savez({str(found)!r}, {numbers})\n", encoding="utf-8")
        self.ear.send((folder, script))
        failure = self.ear.recv()
        assert not failure, f"These lines do not run:\n{code}\n{failure}"
        with np.load(found, allow_pickle=False) as file:
            return dict(file)


@dataclass
class Exported:
    """What a figure's popover offers: the lines, and its CSV."""

    code: str
    csv: bytes

    @property
    def table(self) -> pd.DataFrame:
        return pd.read_csv(io.BytesIO(self.csv), comment="#")

    @property
    def words(self) -> dict[str, str]:
        """What the lines above the table say."""
        head = [line[2:] for line in self.csv.decode().splitlines() if line.startswith("# ")]
        return dict(line.split(": ", 1) for line in head)

    def pixels(self, **where: object) -> NDArray[np.float64]:
        """(N, 784) of the rows whose columns have the given values."""
        rows = self.table
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows[[name for name in rows if name.startswith("pixel ")]].to_numpy()


Lines = Callable[[Exported, str], Numbers]


@pytest.fixture(scope="session")
def python() -> Iterator[Python]:
    python = Python()
    yield python
    python.ear.close()
    python.process.join()


@pytest.fixture
def lines(python: Python, own_checkpoints: Path) -> Lines:
    """Runs what was exported where the test's checkpoints lie, and gives the numbers asked for."""
    return lambda exported, numbers: python.run(exported.code, own_checkpoints.parent, numbers)


@pytest.fixture
def pair(make: "Make") -> list[Checkpoint]:
    """A mixture whose components differ, and a stick-breaking code, each with a map."""
    from tests.app_helpers import make_mixture
    from tests.latent_helpers import map_of

    mixture = make_mixture(make, "bells", (-1.5, 0.0, 2.0), (1.0, 0.5, 1.0))
    return [map_of(mixture), map_of(make("stick", "sb-vae", code_dim=4))]


def take(at: "AppTest", key: str, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """Opens a figure's popover and takes what it offers."""
    tables: dict[str, Callable[[], bytes]] = {}
    with monkeypatch.context() as patch:
        patch.setattr("streamlit.download_button", lambda label, data, *_, key, **__: tables.update({key: data}))
        at.session_state[f"export-{key}"] = True
        at.run()
    assert not at.exception, at.exception
    (popover,) = (block for block in at.get("popover") if block.proto.id.endswith(f"-export-{key}"))
    (code,) = popover.get("code")
    return Exported(code.value, tables[f"csv-{key}"]())


def spec(at: "AppTest", key: str) -> dict[str, Any]:
    """A Plotly figure of the page, by the end of its identity."""
    (chart,) = (chart for chart in at.get("plotly_chart") if chart.proto.id.endswith(key))
    found: dict[str, Any] = json.loads(chart.proto.spec)
    return found


def values(found: Any) -> NDArray[np.float64]:
    """Numbers of a Plotly figure, which are a list, or base64 with their type."""
    if isinstance(found, list):
        return np.array(found, float)
    return np.frombuffer(base64.b64decode(found["bdata"]), found["dtype"]).astype(float)


def same(found: NDArray[Any], shown: Any) -> None:
    np.testing.assert_allclose(found, np.asarray(shown, float), rtol=1e-5, atol=1e-6)


def by_name(name: str, inner: str = "value") -> str:
    """The arguments of `numpy.savez` that save a dictionary."""
    return f"**{{name: {inner} for name, value in {name}.items()}}"
