"""Where the results of all benchmarks are written: `benchmarks/results.json`, by the name of the benchmark."""

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.measuring import Limit, Measured, in_words

__all__ = ["RESULTS", "read_recorded", "report"]

RESULTS = Path(__file__).with_name("results.json")


def read_recorded() -> dict[str, dict[str, Any]]:
    """What has been recorded, by benchmark."""
    recorded: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return recorded


def report(name: str, found: Sequence[Measured | Limit], versions: str = "", record: bool = True) -> None:
    """Prints the lines of a benchmark and records them; the results of the others stay unchanged.

    Args:
        name: of the benchmark.
        found: its lines.
        versions: of what was measured besides PyTorch, for example "jax 0.10.2".
        record: whether to write them.
    """
    lines = [line.to_dict() for line in found]
    for line in lines:
        result, aim = in_words(line)
        print(f"{line['name']}{' : ' if line['against'] else ''}{line['against']}  {result} ({aim})")
    machine = f"{platform.processor() or platform.machine()}, torch {torch.__version__}"
    recorded = {**read_recorded(), name: {"machine": ", ".join(filter(None, [machine, versions])), "lines": lines}}
    if record:
        RESULTS.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
