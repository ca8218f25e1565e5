"""Runs experiments in parallel, each in a process of its own, on this machine or a cluster, and records the figures.

The command can be killed at any time and run again: training resumes after the last complete epoch,
stored measurements are not repeated, and `results.json` is rewritten after every experiment.
Experiments that are already recorded with the same settings are skipped.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from joblib import Parallel, delayed

from dlgmm_core.analysis.tsne import fit_tsne
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.evaluate.clustering import clustering
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.metrics import compare, measure
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.experiments.baselines import RAW_PIXELS, baseline_rows
from dlgmm_core.experiments.cluster import (
    CONNECT_SECONDS,
    LOCK_SECONDS,
    on_cluster,
    require_scheduler,
    stop_unless_wanted,
)
from dlgmm_core.experiments.clustering_baselines import clustering_baselines
from dlgmm_core.experiments.clustering_table import BASELINE_SIZES, CLUSTERS_SEEDS
from dlgmm_core.experiments.experiment import Experiment
from dlgmm_core.experiments.measuring_contexts import measure_contexts
from dlgmm_core.experiments.progress import progress, work
from dlgmm_core.experiments.results import (
    experiment_rows,
    has_likelihoods,
    is_complete,
    is_recorded,
    is_trained,
    merge_rows,
    read_results,
    rows_of,
    write_results,
)
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.files import require_writable
from dlgmm_core.runtime.memory import keep_memory
from dlgmm_core.runtime.progress import Progress
from dlgmm_core.runtime.streams import say
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS, load_checkpoint, read_checkpoint
from dlgmm_core.store.figures import Comparison, Figures
from dlgmm_core.store.files import RESTORE, CheckpointError, is_file
from dlgmm_core.store.locks import training_lock
from dlgmm_core.store.measurements import read_measurements, save_measurements
from dlgmm_core.store.per_image import has_per_image, save_per_image
from dlgmm_core.store.tsne_map import ProjectionConfig, has_map, save_map
from dlgmm_core.train.mixture_start import load_start, start_run
from dlgmm_core.train.training import TrainingError, TrainingRun, fit

__all__ = ["Protocol", "reproduce"]


@dataclass(frozen=True)
class Protocol:
    """How every experiment is evaluated.

    Attributes:
        sample_sizes: every S of -log p(x).
        images: number of test images for all S but the smallest.
        seed: of all draws.
        device: where models are trained and measured.
    """

    sample_sizes: tuple[int, ...] = (50, 5000)
    images: int = 500
    seed: int = 0
    device: str = "cpu"


def reproduce(
    experiments: Sequence[Experiment], root: Path, protocol: Protocol, jobs: int, scheduler: str | None = None
) -> None:
    """Trains and evaluates the experiments that are not recorded yet.

    Args:
        experiments: to be recorded.
        root: the folder of checkpoints; on a cluster, one that all workers share.
        protocol: how to evaluate.
        jobs: number of parallel experiments on this machine.
        scheduler: address of a Dask cluster to use instead.

    Raises:
        CheckpointError: if a folder has a model that was trained with other settings; nothing is overwritten.
        ClusterError: if the cluster cannot run the experiments.
        TrainingError, EvaluationError, DataError: as they happen; finished work is kept.
    """
    if scheduler:
        say(f"Waiting for the Dask scheduler at {scheduler}, for at most {CONNECT_SECONDS:g} seconds …")
        require_scheduler(scheduler)
    recorded = read_results(root)
    due = [e for e in experiments if _is_due(e, root, recorded, protocol)]
    for experiment in experiments:
        # before any work is done: fails if the folder has another model, or damaged files
        if is_trained(root / experiment.name, experiment) and experiment in due:
            rows_of(root, experiment)
    due.sort(key=work, reverse=True)  # longest first, so that jobs are busy until the end
    with progress(due, root) as shown:
        # models that others start from are trained first
        for wave in ([e for e in due if not e.train.start_from], [e for e in due if e.train.start_from]):
            for name in _run_all(wave, root, protocol, jobs, scheduler):
                write_results(root, merge_rows(read_results(root), experiment_rows(root)))
                shown.say(f"{name}: done", sys.stdout)
    # a comparison needs two finished models, so all comparisons come at the end
    compared = [e for e in experiments if e.baseline is not None]
    with Progress("comparing") as shown:
        for done, experiment in enumerate(compared):
            shown.show(done / len(compared), experiment.name)
            _compare(experiment, root, protocol)
    rows = merge_rows(read_results(root), experiment_rows(root))
    write_results(root, rows + _baselines(experiments, root, rows))
    for experiment in experiments:
        if not is_recorded(rows, experiment, protocol.sample_sizes):
            rows_of(root, experiment)  # fails if its files have been damaged meanwhile
            raise CheckpointError(
                f"The figures of {experiment.name} are not visible in {root / experiment.name} yet: a shared file"
                " system may be slow, so run the command again in a minute."
            )


def _run_all(
    experiments: Sequence[Experiment], root: Path, protocol: Protocol, jobs: int, scheduler: str | None
) -> Iterator[str]:
    """Yields the names of the experiments as they end."""
    if scheduler:
        shared = root.resolve()
        work = partial(_run, root=shared, protocol=protocol, after_epoch=stop_unless_wanted, patience=LOCK_SECONDS)
        yield from on_cluster(scheduler, work, experiments, shared, protocol.device)
        return
    threads = max(1, torch.get_num_threads() // jobs)
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    try:
        yield from parallel(delayed(_run_here)(e, root, protocol, threads, os.getpid()) for e in experiments)
    except BrokenExecutor as error:
        raise TrainingError(
            "A process that trained or measured was killed, perhaps because memory was full: run the same command"
            " again, with fewer --jobs; it goes on after the last complete epoch."
        ) from error


def _run_here(experiment: Experiment, root: Path, protocol: Protocol, threads: int, parent: int) -> str:
    """`_run` in a process of this machine, which ends after an epoch if its parent process was killed."""
    torch.set_num_threads(threads)
    if os.getpid() != parent:  # Ctrl-C reaches all processes of a terminal: the parent reports it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _run(experiment, root, protocol, partial(_stop_without, parent))


def _stop_without(parent: int) -> None:
    if os.getppid() != parent and os.getpid() != parent:
        raise KeyboardInterrupt


def _run(
    experiment: Experiment, root: Path, protocol: Protocol, after_epoch: Callable[[], None], patience: float = 0
) -> str:
    """Trains and evaluates one experiment, continuing earlier work."""
    folder = root / experiment.name
    keep_memory()
    with subnormals_as_zero():
        with training_lock(folder, patience):
            if not is_trained(folder, experiment):
                _train(experiment, folder, protocol.device, after_epoch)
        _measure(experiment, folder, protocol)
    return experiment.name


def _train(experiment: Experiment, folder: Path, device: str, after_epoch: Callable[[], None]) -> None:
    dataset = load_dataset(experiment.train.dataset)
    require_writable(folder)
    if is_file(folder / TRAINING, RESTORE):
        run = TrainingRun.load(folder, device)
        if (run.model.config, run.config) != (experiment.model, experiment.train):
            raise CheckpointError(f"{folder} has an unfinished run with other settings: move the folder away.")
        if run.other_threads:
            say(f"{experiment.name}: {run.other_threads}")
    else:
        begins = experiment.train.start_from
        start = load_start(experiment.model, folder.parent / begins, device) if begins else None
        run = start_run(experiment.model, experiment.train, device, start, dataset)
    for _ in fit(run, dataset):
        run.save(folder)
        after_epoch()


def _measure(experiment: Experiment, folder: Path, protocol: Protocol) -> None:
    """Measures what is missing."""
    model, checkpoint = load_checkpoint(folder, protocol.device)
    for name in experiment.eval_datasets:
        measured, is_own = read_measurements(checkpoint), name == experiment.train.dataset
        known = measured[name].figures if name in measured else Figures()
        if is_complete(known, experiment, protocol.sample_sizes) and (has_per_image(checkpoint) or not is_own):
            continue
        dataset = load_dataset(name)
        found = per_image(model, dataset.test.binary, seed=protocol.seed) if is_own else None
        if found is not None:
            save_per_image(checkpoint, found)
        if has_likelihoods(known, experiment, protocol.sample_sizes):
            found = found or per_image(model, dataset.test.binary, seed=protocol.seed)
            clusters = clustering(model, dataset.test.binary, dataset.test.known_labels, found)
            measured[name] = replace(measured[name], figures=replace(known, clustering=clusters))
        else:
            measured[name] = measure(
                model,
                dataset,
                elbo_of(experiment.train.bound),
                protocol.sample_sizes,
                protocol.seed,
                images=protocol.images,
                found=found,
                exact=experiment.exact,
            )
        save_measurements(checkpoint, measured)
    measure_contexts(model, checkpoint, experiment, protocol.sample_sizes, protocol.seed, protocol.images)
    if experiment.mapped and not has_map(checkpoint):
        settings = ProjectionConfig(seed=protocol.seed)
        codes = encode(model, load_dataset(experiment.train.dataset).test.binary)
        save_map(checkpoint, fit_tsne(codes, settings), settings)


def _is_due(experiment: Experiment, root: Path, rows: list[Row], protocol: Protocol) -> bool:
    """Whether figures are missing or, where the model is trained, the estimates for every image or the map."""
    folder = root / experiment.name
    if not is_recorded(rows, experiment, protocol.sample_sizes):
        return True
    if not is_trained(folder, experiment):
        return False
    checkpoint = read_checkpoint(folder)
    return not has_per_image(checkpoint) or (experiment.mapped and not has_map(checkpoint))


def _compare(experiment: Experiment, root: Path, protocol: Protocol) -> None:
    """Adds McNemar's test against the baseline to the metrics, unless it exists or one of the two is not trained."""
    if experiment.baseline is None or not is_trained(root / experiment.name, experiment):
        return
    of_baseline = root / experiment.baseline
    if not is_file(of_baseline / WEIGHTS, RESTORE) or is_file(of_baseline / TRAINING, RESTORE):
        return
    name, baseline = experiment.train.dataset, read_checkpoint(of_baseline)
    model, checkpoint = load_checkpoint(root / experiment.name, protocol.device)
    measured = read_measurements(checkpoint)
    if name not in measured:
        return
    known, paired = measured[name].figures, measured[name].figures.paired
    if paired is not None and (paired.baseline, paired.baseline_weights) == (baseline.name, baseline.digest):
        return
    baseline_model, _ = load_checkpoint(baseline.folder, protocol.device)
    tests = compare(model, baseline_model, load_dataset(name), protocol.seed)
    figures = replace(known, paired=Comparison(baseline.name, baseline.digest, **tests))
    save_measurements(checkpoint, {**measured, name: replace(measured[name], figures=figures)})


def _baselines(experiments: Sequence[Experiment], root: Path, rows: Sequence[Row]) -> list[Row]:
    """The rows of baselines that are not recorded yet, of the experiments' data sets."""
    found, recorded = [], {(row.dataset, row.model) for row in rows if row.recipe == "baseline"}
    for name in sorted({e.train.dataset for e in experiments}):
        if (name, RAW_PIXELS) not in recorded:
            found += baseline_rows(load_dataset(name))
        clusters = [e for e in experiments if (e.train.dataset, e.recipe) == (name, "clusters")]
        starts = {e.train.seed: e.train.start_from for e in clusters}
        if len(starts) == CLUSTERS_SEEDS and (name, "gmm-on-codes") not in recorded:
            models = {seed: load_checkpoint(root / start)[0] for seed, start in starts.items()}
            found += clustering_baselines(load_dataset(name), models, BASELINE_SIZES)
    return found
