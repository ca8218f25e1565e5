"""Seconds of `train MODEL --recipe fast`: the whole command by the clock, until the checkpoint is stored.

It takes all cores, as a user's does, so it is to be run on a machine that does nothing else: where another program
takes one of two cores, two threads wait for each other, and take five times as long. What these models reach is
measured by `reproduce --only fast`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Limit
from benchmarks.result_tables import markdown_table
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.paper import paper_nll
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import MODELS

__all__ = ["fast_table", "measure"]

DATASET = "binarized-mnist"  # the paper's test set
AIMS = {"gauss-vae": 20, "sb-vae": 90, "dlgmm": 30, "dldpmm": 45}  # seconds, on two cores


def measure() -> Sequence[Limit]:
    """A line a model."""
    return [
        Limit(
            f"train {name} --recipe fast, the whole command: {MODELS[name].label} to the paper's −log p(x)",
            "s",
            _taken("train", name, "--recipe", "fast"),
            aim,
        )
        for name, aim in AIMS.items()
    ]


def fast_table(rows: Sequence[Row]) -> str:
    """−log p(x) of the recipe's models on the paper's test set, a line a seed."""
    lines = []
    for row in rows:
        if row.recipe != "fast" or row.eval_dataset != DATASET or row.model_config is None:
            continue
        printed = paper_nll(row.model_config, DATASET)
        lines.append(
            [
                formatting.label(row),
                str(row.seed),
                formatting.epochs(row),
                formatting.minus_elbo(row),
                formatting.nll(row, 50),
                formatting.NONE if printed is None else f"{printed:.2f}",
                formatting.nll(row, 5000),
            ]
        )
    return markdown_table("model | seed | epochs | −ELBO | −log p(x), S = 50 | paper reports | S = 5000", lines)


def _taken(*words: str) -> float:
    """Seconds of a command of the core, on as many threads as PyTorch takes by itself."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "dlgmm_core", *words, "--checkpoints", folder]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=root)
        return time.perf_counter() - started
