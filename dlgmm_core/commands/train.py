"""`train`: trains a model and stores its best weights, or resumes an interrupted run."""

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import torch

from dlgmm_core.checks import POSITIVE, ConfigError
from dlgmm_core.commands.folder import named_folder, stored_folder
from dlgmm_core.commands.kept import true_of
from dlgmm_core.commands.misuse import as_misuse
from dlgmm_core.commands.own_data import add_own_data, name_own_data, read_own_data
from dlgmm_core.config import ModelConfig, TrainConfig, require_step_size
from dlgmm_core.data.datasets import load_dataset, require_known, shape_of
from dlgmm_core.model.objectives import elbo
from dlgmm_core.options import (
    add_configuration,
    add_device,
    add_folder,
    given,
    model_config,
    train_config,
)
from dlgmm_core.runtime.device import choose_device
from dlgmm_core.runtime.files import brief, require_writable
from dlgmm_core.runtime.program import command_on
from dlgmm_core.runtime.progress import Progress
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.runtime.streams import say
from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS
from dlgmm_core.store.files import RESTORE, is_file
from dlgmm_core.store.locks import training_lock
from dlgmm_core.train.mixture_start import load_start, start_run
from dlgmm_core.train.preview import Previews
from dlgmm_core.train.state import require_unfinished
from dlgmm_core.train.training import TrainingRun, fit

__all__ = ["describe", "run"]

_START_IMAGES = 1000  # of which the bound of what a run starts from is told
_PARTS = 20  # of an epoch, each of whose training bound is printed beside the progress
_NOTHING = "Stopped before the end of the first epoch: nothing of the run is kept."


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_configuration(parser, ModelConfig)
    add_configuration(parser, TrainConfig)
    add_own_data(parser)
    parser.add_argument("--name", help="name of the checkpoint; default: DATASET-MODEL")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with an unfinished run; options may be repeated, and --learning-rate be changed",
    )
    parser.add_argument(
        "--preview",
        type=float,
        metavar="SECONDS",
        help="write the weights every SECONDS, also within an epoch, so that a page can show samples; default: never",
    )
    add_device(parser)
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Trains until the run has ended.

    Raises:
        ConfigError, DataError, StorageError, TrainingError: as they happen; the last whole epoch is kept.
    """
    name_own_data(options)
    model, recipe = model_config(options), train_config(options)
    require_step_size(model, recipe)
    if options.preview is not None:
        POSITIVE.require("--preview", options.preview)
    folder = named_folder(
        options.checkpoints, f"{recipe.dataset}-{model.model}" if options.name is None else options.name
    )
    device = choose_device(options.device)
    start = None
    if options.resume:  # which has what it began with
        if options.name is not None:
            stored_folder(options.checkpoints, options.name)
    else:
        if options.data is None:
            with as_misuse():
                require_known(recipe.dataset)
        start = stored_folder(options.checkpoints, recipe.start_from) if recipe.start_from else None
    with true_of([folder], (TRAINING, WEIGHTS), _NOTHING), training_lock(folder):
        require_writable(folder)
        if options.resume:
            with as_misuse():
                require_unfinished(folder)
            training = _resumed(folder, options, device)
        elif is_file(folder / TRAINING, RESTORE):
            raise ConfigError(f"{folder} has an unfinished run: go on with --resume, or choose another --name.")
        elif is_file(folder / WEIGHTS, RESTORE):
            raise ConfigError(f"{folder} exists already: choose another --name, or remove the folder.")
        else:
            if options.data is not None:
                read_own_data(options)
            model = replace(model, image_shape=shape_of(recipe.dataset))
            training = _started(model, recipe, start, device)
        if training.config.binarization == "grey":
            say(
                "Grey levels are probabilities of ink: bounds in training are not comparable with those of binary"
                " images; validation and test images are binary."
            )
        previews = Previews(training, folder, math.inf if options.preview is None else options.preview)
        try:
            _fit(training, folder, previews)
        finally:
            previews.end()
    print(f"{folder}: trained. Measure it with: {command_on(options.checkpoints, 'evaluate', folder.name)}")
    return 0


def _started(model: ModelConfig, recipe: TrainConfig, start_folder: Path | None, device: str) -> TrainingRun:
    """A new run; says what it starts from, and how far the mixture of its codes is."""
    start = None if start_folder is None else load_start(model, start_folder, device)
    dataset = load_dataset(recipe.dataset)

    def on_start(number: int, starts: int) -> None:
        words = f"Fitting the components to the codes of {recipe.start_from}, start {number} of {starts} …"
        print(words, file=sys.stderr, flush=True)

    if start is not None:
        x = torch.from_numpy(dataset.train.binary[:_START_IMAGES]).to(device).float()
        with seeded(x.device, recipe.seed), torch.no_grad():
            bound = float(elbo(start, x).mean())
        words = f"Starts from {recipe.start_from}, whose bound on training images is {bound:.3f} nats."
        print(words, file=sys.stderr, flush=True)
    return start_run(model, recipe, device, start, dataset, on_start)


def _resumed(folder: Path, options: argparse.Namespace, device: str) -> TrainingRun:
    """The unfinished run, with the given learning rate: a run that diverged needs a lower one."""
    training = TrainingRun.load(folder, device)
    if training.other_threads:
        print(training.other_threads, file=sys.stderr)
    stored = {**training.model.config.to_dict(), **training.config.to_dict()}
    asked = {**given(options, ModelConfig), **given(options, TrainConfig)}
    if options.recipe is not None:
        asked = {**train_config(options).to_dict(), **asked}
    rate = asked.pop("learning_rate", training.config.learning_rate)
    for name, value in asked.items():
        if stored[name] != value:
            raise ConfigError(
                f"{folder} was started with ⟨{name}⟩ {_shown(stored[name])}, not {_shown(value)}: leave that option"
                " out, or start a new run under another --name."
            )
    if rate != training.config.learning_rate:
        before, epoch = training.config.learning_rate, len(training.history)
        print(f"The learning rate is {before:g} up to epoch {epoch}, and {rate:g} from there on.", file=sys.stderr)
        training.config = replace(training.config, learning_rate=rate)
    return training


def _shown(value: object) -> str:
    """A value as it is given to an option."""
    return brief(" ".join(map(str, value)) if isinstance(value, list | tuple) else value)


def _fit(run: TrainingRun, folder: Path, previews: Previews) -> None:
    dataset = load_dataset(run.config.dataset)
    bounds: list[float] = []  # of the steps of the current part of the epoch
    with Progress(f"epoch {len(run.history) + 1}") as progress:

        def on_step(step: int, steps: int, bound: float) -> None:
            if step == 1:
                progress.start(f"epoch {len(run.history) + 1}")
            bounds.append(bound)
            if _PARTS * step // steps > _PARTS * (step - 1) // steps:
                progress.show(step / steps, f"train {sum(bounds) / len(bounds):.3f} nats")
                bounds.clear()
            else:
                progress.show(step / steps)
            previews.after_step(step, steps)

        for epoch in fit(run, dataset, on_step):
            run.save(folder)
            progress.say(
                f"epoch {epoch.epoch:4d}   train {epoch.train_bound:9.3f}   valid {epoch.valid_bound:9.3f} nats"
                f"   best {epoch.best_valid_bound:9.3f} at {epoch.best_epoch}   {epoch.seconds:.1f} s"
            )
