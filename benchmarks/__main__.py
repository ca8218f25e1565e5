"""Runs the benchmarks and writes `benchmarks/results.json`: `python -m benchmarks [NAME ...]`.

Everything is measured with one thread, so that processor time and elapsed time agree on an idle machine. Servers of
the app and whole commands run in separate processes, with their usual number of threads. Other libraries have a command
and an environment of their own: `python -m benchmarks.peers`.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial

import torch
from threadpoolctl import threadpool_limits

from benchmarks import afternoon, estimators, fast, lecture, maps, neighbours, scaling, training_step, visits, waits
from benchmarks.measuring import Limit, Measured
from benchmarks.recording import report
from dlgmm_core.runtime.memory import keep_memory

Work = Callable[[], Sequence[Measured | Limit]]
BENCHMARKS: dict[str, Work] = {
    "training_step": training_step.measure,
    "fast": fast.measure,
    "estimators": estimators.measure,
    "scaling": scaling.measure,
    "neighbours": neighbours.measure,
    "maps": maps.measure,
    "visitors": lecture.measure,
    "first_visit": visits.measure_first_visit,
    "slider": visits.measure_slider,
    "waits": waits.measure,
    "memory": afternoon.measure,
}


def main() -> None:
    """Runs the named benchmarks, or all; the results of the others stay unchanged."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run benchmarks and record the results.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--seconds", type=float, default=300, help="of simulated visits; default %(default)s")
    parser.add_argument("--dry", action="store_true", help="record nothing")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}.")
    works: dict[str, Work] = {**BENCHMARKS, "visitors": partial(lecture.measure, options.seconds)}
    torch.set_num_threads(1)
    keep_memory()  # as the command line does
    for name in options.names or list(works):
        with threadpool_limits(1):
            found = works[name]()
        report(name, found, record=not options.dry)


if __name__ == "__main__":
    main()
