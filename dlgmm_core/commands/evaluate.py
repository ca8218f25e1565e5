"""`evaluate`: measures trained models on a test set; on that of their own data also every image, and t-SNE maps.

A model that is amortised over its prior is measured at its own, or at another one that it knows; the files of every
image and of the map are those of its own.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from dlgmm_core.analysis.tsne import fit_tsne
from dlgmm_core.checks import COUNT, SEED, ConfigError
from dlgmm_core.commands.folder import stored_folder
from dlgmm_core.commands.kept import true_of
from dlgmm_core.commands.misuse import as_misuse
from dlgmm_core.config import Context
from dlgmm_core.data.datasets import load_dataset, require_known, shape_of
from dlgmm_core.data.levels import require_same_shape
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.evaluate.metrics import measure
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.evaluate.plane_grid import has_plane
from dlgmm_core.model.objectives import elbo_of
from dlgmm_core.options import add_context, add_device, add_folder, context_of
from dlgmm_core.runtime.device import choose_device
from dlgmm_core.runtime.files import require_writable
from dlgmm_core.runtime.progress import Progress
from dlgmm_core.runtime.streams import say
from dlgmm_core.store.checkpoints import (
    MEASURE_AGAIN,
    METRICS,
    PER_IMAGE,
    TSNE,
    Checkpoint,
    load_checkpoint,
    read_checkpoint,
)
from dlgmm_core.store.figures import EXACT, ContextMeasurement, Measurement
from dlgmm_core.store.files import CheckpointError, is_file
from dlgmm_core.store.measurements import (
    read_context_measurements,
    read_measurements,
    save_context_measurement,
    save_measurements,
)
from dlgmm_core.store.per_image import save_per_image
from dlgmm_core.store.tsne_map import ProjectionConfig, load_map, save_map, usual_perplexity

__all__ = ["describe", "run"]


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="checkpoints, as `list` names them")
    parser.add_argument(
        "--dataset", metavar="NAME", help="data set whose test images are used; default: the one trained on"
    )
    parser.add_argument(
        "--samples", type=int, nargs="+", default=[50, 500], metavar="S", help="importance samples; default: 50 500"
    )
    parser.add_argument("--exact", action="store_true", help="also log p(x) on a grid, for codes of two numbers")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="seed of all draws, and of the map where there is none; figures by another seed are replaced; default:"
        " %(default)s",
    )
    add_context(parser)
    add_device(parser)
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Measures one checkpoint after the other, if all can be read and their folders written.

    Raises:
        ConfigError, DataError, EvaluationError, StorageError: as they happen; what was measured is kept.
    """
    for size in options.samples:
        COUNT.require("--samples", size)
    SEED.require("--seed", options.seed)
    if options.dataset is not None:
        with as_misuse():
            require_known(options.dataset)
    device = choose_device(options.device)
    folders = [stored_folder(options.checkpoints, name) for name in options.names]
    for folder in folders:
        checkpoint = read_checkpoint(folder)
        context_of(options, checkpoint)
        _require_fitting(options, checkpoint)
        read_measurements(checkpoint)  # which are completed, so they must be sound
        read_context_measurements(checkpoint)
        for file in (TSNE, PER_IMAGE):
            is_file(folder / file, MEASURE_AGAIN)
        require_writable(folder)
    with true_of(folders, (METRICS, PER_IMAGE), "Stopped before anything was measured: nothing is kept."):
        for folder in folders:
            try:
                _evaluate(folder, options, device)
            except EvaluationError as error:
                raise EvaluationError(f"{folder.name} cannot be measured. {error}") from error
    return 0


def _require_fitting(options: argparse.Namespace, checkpoint: Checkpoint) -> None:
    """Checks that the model is for the images of `--dataset`, and its codes for `--exact`.

    Raises:
        ConfigError: if not.
        DataError: if the file of the data set is damaged.
    """
    config = checkpoint.model_config
    if options.exact and not has_plane(config):
        raise ConfigError(
            f"{checkpoint.name}: --exact is for codes of two numbers under a prior with quadrature: leave it out."
        )
    if options.dataset is not None:
        shape = shape_of(options.dataset)
        with as_misuse():
            require_same_shape(options.dataset, shape, config.image_shape)


def _evaluate(folder: Path, options: argparse.Namespace, device: str) -> None:
    """Measures one checkpoint, keeps its figures, and prints the main ones."""
    name = folder.name
    model, checkpoint = load_checkpoint(folder, device)
    context = context_of(options, checkpoint)
    model = model.at(context)
    dataset = load_dataset(options.dataset or checkpoint.train_config.dataset)
    if dataset.name == checkpoint.train_config.dataset:
        dataset.require_digest(checkpoint.data, name)
    dataset.require_shape(model.config.image_shape)
    with Progress(name) as progress:

        def show(what: str, share: float, name: str = name, progress: Progress = progress) -> None:
            if progress.title != (title := f"{name}, {what}"):
                progress.start(title)
            progress.show(share)

        bound, each = elbo_of(checkpoint.train_config.bound), None
        if dataset.name == checkpoint.train_config.dataset and context is None:
            each = per_image(
                model, dataset.test.binary, seed=options.seed, progress=lambda done: show("every image", done)
            )
            save_per_image(checkpoint, each)
        found = measure(model, dataset, bound, options.samples, options.seed, show, found=each, exact=options.exact)
        _save(checkpoint, dataset.name, found, context)
        if each is not None and not _has_sound_map(checkpoint, len(each.log_likelihood)):
            codes = encode(model, dataset.test.binary)
            try:
                settings = ProjectionConfig(usual_perplexity(len(codes)), seed=options.seed)
                places = fit_tsne(codes, settings, progress=lambda done: show("t-SNE", done))
                save_map(checkpoint, places, settings)
            except (ConfigError, EvaluationError) as error:
                progress.say(f"{name}: no map. {error}")
    for size, nll in found.figures.nll.items():
        how = "on a grid" if size == EXACT else f"S={size}"
        print(f"{name}: -log p(x) = {nll.value:.2f} ± {nll.ci95:.2f} nats on {dataset.name} ({how})")
    if dataset.test.labels is None:
        print(f"{name}: {dataset.name} has no labels, so there are no kNN errors and no scores of components.")
    for number, layer in enumerate(found.figures.layers, 1):
        most = checkpoint.model_config.code_dims[number - 1]
        print(f"{name}: layer {number}: KL {layer.divergence:.2f} nats, {layer.active} of {most} coordinates active")


def _has_sound_map(checkpoint: Checkpoint, count: int) -> bool:
    """Whether there is a map of these weights and so many images, which may have settings of its own."""
    try:
        return load_map(checkpoint, count) is not None
    except CheckpointError:  # a damaged one is replaced
        return False


def _save(checkpoint: Checkpoint, dataset: str, new: Measurement, context: Context | None) -> None:
    """Writes new figures, completed with earlier ones at the same prior."""
    if context is None:
        known = read_measurements(checkpoint)
        save_measurements(checkpoint, {**known, dataset: _merged(known.get(dataset), new)})
        return
    at_contexts = {(each.context, each.dataset): each for each in read_context_measurements(checkpoint)}
    found = _merged(at_contexts.get((context, dataset)), new)
    save_context_measurement(
        checkpoint, ContextMeasurement(figures=found.figures, seed=found.seed, context=context, dataset=dataset)
    )


def _merged(old: Measurement | None, new: Measurement) -> Measurement:
    """New figures, completed with earlier ones at other S, if the seed is the same; says what is replaced, if not."""
    if old is None:
        return new
    if old.seed != new.seed:
        sizes = ", ".join(f"S = {size}" for size in sorted(old.figures.estimates))
        say(f"Figures by the seed {old.seed} ({sizes}) are replaced: evaluate with that seed to have them again.")
        return new
    return replace(new, figures=old.figures.updated(new.figures))
