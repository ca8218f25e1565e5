"""Processes forked from one that has imported PyTorch and done nothing yet: that takes longer than their work."""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.kill_helpers"])
