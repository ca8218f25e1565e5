"""Runs the benchmarks and writes `benchmarks/results.json`: `python -m benchmarks [NAME ...]`.

One thread, so that processor time and the clock would agree on an idle machine.
"""

import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from benchmarks import estimators, maps, neighbours, training_step
from benchmarks.measuring import Measured

RESULTS = Path(__file__).with_name("results.json")
BENCHMARKS: dict[str, Callable[[], list[Measured]]] = {
    "training_step": training_step.measure,
    "estimators": estimators.measure,
    "neighbours": neighbours.measure,
    "maps": maps.measure,
}


def main() -> None:
    """Measures those named, or all; lines of the others stay as they are."""
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}.")
    torch.set_num_threads(1)
    recorded = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names:
        with threadpool_limits(1):
            lines = [line.to_dict() for line in BENCHMARKS[name]()]
        for line in lines:
            print(f"{line['name']} : {line['against']}  {line['ratio']:.2f} (reach {line['reach']})")
        recorded[name] = {
            "machine": f"{platform.processor() or platform.machine()}, torch {torch.__version__}",
            "lines": lines,
        }
        RESULTS.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
