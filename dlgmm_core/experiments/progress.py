"""How far the experiments of `reproduce` are, by their files: their work, what is done of it, and its progress."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.runtime.progress import Progress
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, read_checkpoint
from dlgmm_core.store.files import RESTORE, CheckpointError, is_file
from dlgmm_core.store.history import read_history
from dlgmm_core.store.measurements import read_measurements

__all__ = ["TRAINING_IMAGES", "progress", "share_done", "work"]

POLL_SECONDS = 1.0
TRAINING_SHARE = 0.9  # of an experiment's time, approximately; the rest is evaluation
TRAINING_IMAGES = {"mnist": 50_000, "digits": 1_258}


def work(experiment: Experiment) -> float:
    """Approximate cost of training, in decoded codes; encoding an image counts as one more."""
    strata = experiment.train.decoded_of(experiment.model) * experiment.train.num_samples
    images = TRAINING_IMAGES.get(experiment.train.dataset, 23_000)
    return experiment.expected_epochs * images * (1.0 + strata)


def share_done(experiment: Experiment, root: Path) -> float:
    """The fraction of an experiment that is done, according to its files."""
    folder = root / experiment.name
    if not is_file(folder / WEIGHTS, RESTORE):
        return 0.0
    if is_file(folder / TRAINING, RESTORE):
        return TRAINING_SHARE * min(1.0, len(read_history(folder)) / experiment.expected_epochs)
    measured = set(read_measurements(read_checkpoint(folder))) & set(experiment.eval_datasets)
    return TRAINING_SHARE + (1 - TRAINING_SHARE) * len(measured) / len(experiment.eval_datasets)


@contextmanager
def progress(experiments: Sequence[Experiment], root: Path) -> Iterator[Progress]:
    """The progress of all experiments, which a thread reads off their files."""
    total = sum(map(work, experiments))

    def done() -> float:
        return sum(work(e) * share_done(e, root) for e in experiments) / total if total else 1.0

    def watch() -> None:
        while not stop.wait(POLL_SECONDS):
            with suppress(CheckpointError):  # a file replaced while it was being read
                shown.show(done())

    with Progress("experiments", begun=done()) as shown:
        stop, thread = threading.Event(), threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield shown
        finally:
            stop.set()
            thread.join()
