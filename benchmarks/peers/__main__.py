"""Compares training steps with other libraries' and records the ratios: `python -m benchmarks.peers`.

Run it in an environment of its own, as `benchmarks/peers/requirements.txt` says. The process keeps to one processor, so
that no library starts more threads than ours.
"""

import argparse
import os
from importlib.metadata import version

import torch

from benchmarks.peers.measure import measure
from benchmarks.recording import report
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.memory import keep_memory


def main() -> None:
    """Measures, prints and records."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--dry", action="store_true", help="record nothing")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])  # XLA counts processors when it is first used
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    torch.set_num_threads(1)
    keep_memory()
    with subnormals_as_zero():
        found = measure()
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "pyro-ppl", "pythae"))
    report("peers", found, versions, record=not options.dry)


if __name__ == "__main__":
    main()
