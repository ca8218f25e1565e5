"""Command line of the laboratory: train, evaluate, map and list models, and reproduce the paper's experiments.

python -m dlgmm_core train dlgmm --components 5 --prior-means -1.5 -0.75 0 0.75 1.5
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from tqdm import tqdm

from dlgmm_core.analysis.tsne import fit_tsne
from dlgmm_core.config import ConfigError, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.data.sources import DataError
from dlgmm_core.evaluate.figures import Measurement, read_measurements, save_measurements
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.metrics import measure
from dlgmm_core.experiments.cluster import ClusterError
from dlgmm_core.experiments.reproduce import Protocol, reproduce
from dlgmm_core.experiments.results import RESULTS
from dlgmm_core.experiments.table import select
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.options import build_parser
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.device import choose_device
from dlgmm_core.runtime.files import StorageError, brief, require_writable
from dlgmm_core.runtime.memory import keep_memory
from dlgmm_core.store.checkpoints import (
    TRAINING,
    WEIGHTS,
    BrokenCheckpoint,
    checkpoint_folder,
    list_checkpoints,
    load_checkpoint,
)
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.locks import training_lock
from dlgmm_core.store.tsne_map import ProjectionConfig, save_map
from dlgmm_core.train.training import TrainingError, TrainingRun, fit

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted."""
    options = build_parser().parse_args(arguments)
    # A polite kill is treated like Ctrl-C: the last whole epoch is on disk already.
    signal.signal(signal.SIGTERM, _interrupt)
    keep_memory()
    try:
        with subnormals_as_zero():
            return COMMANDS[options.command](options)
    except (ClusterError, ConfigError, DataError, EvaluationError, TrainingError, StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept.", file=sys.stderr)
        return INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _model_config(options: argparse.Namespace) -> ModelConfig:
    family = MODELS[options.model]
    given = options.prior_means or options.prior_scales or [0.0] * family.default_components
    components = len(given) if options.components is None else options.components
    return ModelConfig(
        options.model,
        options.code_dim,
        components,
        tuple(options.prior_means or [0.0] * components),
        tuple(options.prior_scales or [1.0] * components),
        family.default_concentration if options.alpha is None else options.alpha,
        options.hidden,
        encoder_activation=options.encoder_activation,
        prior_components=options.prior_components,
    )


def _train_config(options: argparse.Namespace) -> TrainConfig:
    return TrainConfig(
        dataset=options.dataset,
        binarization=options.binarization,
        bound=options.bound,
        num_samples=options.samples,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        data_bias=options.data_bias,
        precision=options.precision,
        batch_size=options.batch_size,
        max_epochs=options.epochs,
        patience=options.patience,
        seed=options.seed,
    )


def _start_or_resume(options: argparse.Namespace, folder: Path) -> TrainingRun:
    model_config, train_config = _model_config(options), _train_config(options)
    device = choose_device(options.device)
    if not options.resume:
        if (folder / WEIGHTS).exists() or (folder / TRAINING).exists():
            raise CheckpointError(f"{folder} exists already: choose another --name, or go on with --resume.")
        return TrainingRun.start(model_config, train_config, device)
    run = TrainingRun.load(folder, device)
    stored = {**run.model.config.to_dict(), **run.config.to_dict()}
    asked = {**model_config.to_dict(), **train_config.to_dict()}
    for name, value in stored.items():
        if asked[name] != value:
            raise ConfigError(
                f"{folder} was begun with {name} = {brief(value)}, not {asked[name]}: give the same options."
            )
    return run


def _train(options: argparse.Namespace) -> int:
    folder = checkpoint_folder(options.checkpoints, options.name or f"{options.dataset}-{options.model}")
    with training_lock(folder):
        _fit(_start_or_resume(options, folder), folder)
    print(f"{folder}: trained. Measure it with: python -m dlgmm_core evaluate {folder.name}")
    return 0


def _fit(run: TrainingRun, folder: Path) -> None:
    dataset = load_dataset(run.config.dataset)
    with tqdm(unit="step", dynamic_ncols=True) as bar:

        def on_step(step: int, steps: int) -> None:
            if step == 1:
                bar.reset(total=steps)
                bar.set_description(f"epoch {len(run.history) + 1}")
            bar.update()

        for epoch in fit(run, dataset, on_step):
            run.save(folder)
            bar.write(
                f"epoch {epoch.epoch:4d}   train {epoch.train_bound:9.3f}   valid {epoch.valid_bound:9.3f} nats"
                f"   best {epoch.best_valid_bound:9.3f} at {epoch.best_epoch}   {epoch.seconds:.1f} s",
                file=sys.stderr,
            )


def _evaluate(options: argparse.Namespace) -> int:
    if min(options.samples) < 1 or options.seed < 0:
        raise ConfigError("--samples takes whole numbers above 0, and --seed a whole number from 0.")
    for name in options.names:
        folder = checkpoint_folder(options.checkpoints, name)
        model, checkpoint = load_checkpoint(folder, choose_device(options.device))
        require_writable(folder)
        dataset = load_dataset(options.dataset or checkpoint.train_config.dataset)
        with tqdm(total=100, desc=name, unit="%", dynamic_ncols=True) as bar:

            def show(what: str, fraction: float, bar: tqdm = bar) -> None:
                bar.set_postfix_str(what, refresh=False)
                bar.update(round(100 * fraction) - bar.n)

            found = measure(model, dataset, elbo_of(checkpoint.train_config.bound), options.samples, options.seed, show)
            known = read_measurements(checkpoint)
            save_measurements(checkpoint, {**known, dataset.name: _merged(known.get(dataset.name), found)})
            if dataset.name == checkpoint.train_config.dataset:
                settings = ProjectionConfig(seed=options.seed)
                codes = encode(model, dataset.test.binary)
                save_map(checkpoint, fit_tsne(codes, settings, progress=lambda done: show("t-SNE", done)), settings)
        for size, nll in found.figures.nll.items():
            print(f"{name}: -log p(x) = {nll.value:.2f} ± {nll.ci95:.2f} nats on {dataset.name} (S={size})")
    return 0


def _map(options: argparse.Namespace) -> int:
    settings = ProjectionConfig(options.perplexity, options.iterations, options.seed)
    model, checkpoint = load_checkpoint(
        checkpoint_folder(options.checkpoints, options.name), choose_device(options.device)
    )
    require_writable(checkpoint.folder)
    codes = encode(model, load_dataset(checkpoint.train_config.dataset).test.binary)
    settings.check(len(codes))
    with tqdm(total=100, desc=options.name, unit="%", dynamic_ncols=True) as bar:
        coordinates = fit_tsne(codes, settings, progress=lambda done: bar.update(round(100 * done) - bar.n))
    save_map(checkpoint, coordinates, settings)
    print(
        f"{options.name}: mapped with perplexity {settings.perplexity:g}, {settings.iterations} iterations,"
        f" seed {settings.seed}."
    )
    return 0


def _merged(old: Measurement | None, new: Measurement) -> Measurement:
    """New figures, with what was measured before at other S under the same seed."""
    if old is None or old.seed != new.seed:
        return new
    return replace(new, figures=old.figures.updated(new.figures))


def _reproduce(options: argparse.Namespace) -> int:
    experiments = select(options.only)
    if options.list:
        for experiment in experiments:
            print(f"{experiment.name:28} {experiment.recipe:12} {experiment.train.dataset}")
        return 0
    if options.jobs < 1 or options.images < 2:
        raise ConfigError("--jobs takes a whole number above 0, and --images one above 1.")
    if (options.backend == "dask") != bool(options.scheduler):
        raise ConfigError("--backend dask and --scheduler ADDRESS go together: give both, or neither.")
    protocol = Protocol(images=options.images, device=choose_device(options.device))
    reproduce(experiments, options.checkpoints, protocol, options.jobs, options.scheduler)
    print(f"{options.checkpoints / RESULTS}: written.")
    return 0


def _list(options: argparse.Namespace) -> int:
    for entry in list_checkpoints(options.checkpoints):
        if isinstance(entry, BrokenCheckpoint):
            print(f"{entry.name:28} BROKEN   {entry.reason}")
        else:
            config = entry.model_config
            print(
                f"{entry.name:28} {MODELS[config.model].label:10} {entry.train_config.dataset:16}"
                f" D={config.code_dim:<3} K={config.num_components:<3} epoch {entry.epoch:<4}"
                f" {entry.train_config.bound} {entry.valid_bound:.2f} nats"
            )
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "train": _train,
    "evaluate": _evaluate,
    "map": _map,
    "reproduce": _reproduce,
    "list": _list,
}

if __name__ == "__main__":
    sys.exit(main())
