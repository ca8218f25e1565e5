"""Command line of the laboratory: train, evaluate and list models.

python -m dlgmm_core train dlgmm --components 5 --prior-means -1.5 -0.75 0 0.75 1.5
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import torch
from tqdm import tqdm

from dlgmm_core.checkpoints import (
    TRAINING,
    WEIGHTS,
    BrokenCheckpoint,
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    read_metrics,
    save_metrics,
)
from dlgmm_core.config import ConfigError, ModelConfig, TrainConfig
from dlgmm_core.data import DATASETS, load_dataset
from dlgmm_core.evaluation import EvaluationError, encode
from dlgmm_core.metrics import measure
from dlgmm_core.models import MODELS
from dlgmm_core.objectives import BOUNDS
from dlgmm_core.projection import ProjectionConfig, fit_tsne, save_map
from dlgmm_core.sources import DataError
from dlgmm_core.training import TrainingError, TrainingRun, fit

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted."""
    options = _parser().parse_args(arguments)
    # A polite kill is treated like Ctrl-C: the last whole epoch is on disk already.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(options.run(options))
    except (CheckpointError, ConfigError, DataError, EvaluationError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept.", file=sys.stderr)
        return INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dlgmm_core", description="Train, evaluate and list deep latent Gaussian mixtures."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _describe_train(commands.add_parser("train", help="fit a model and keep its best weights"))
    _describe_evaluate(commands.add_parser("evaluate", help="measure trained models on a test set"))
    listing = commands.add_parser("list", help="list checkpoints and what is wrong with broken ones")
    _add_folder(listing)
    listing.set_defaults(run=_list)
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, metavar="DIR", help="folder of checkpoints")


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda", "mps"],
        help="auto: the fastest; default %(default)s",
    )


def _describe_train(parser: argparse.ArgumentParser) -> None:
    recipe = TrainConfig()
    parser.add_argument("model", choices=list(MODELS), help="which model")
    parser.add_argument("--name", help="of the checkpoint (default: DATASET-MODEL)")
    parser.add_argument(
        "--dataset", choices=list(DATASETS), default=recipe.dataset, help="what to learn; default %(default)s"
    )
    parser.add_argument(
        "--binarization",
        choices=["fixed", "dynamic"],
        default=recipe.binarization,
        help="of training; default %(default)s",
    )
    parser.add_argument(
        "--bound", choices=list(BOUNDS), default=recipe.bound, help="what to maximise; default %(default)s"
    )
    parser.add_argument(
        "--samples", type=int, default=recipe.num_samples, help="draws per component in the bound; default %(default)s"
    )
    parser.add_argument("--components", type=int, metavar="K", help="components or truncation (default: the paper's)")
    parser.add_argument("--code-dim", type=int, metavar="D", default=25, help="numbers in a code; default %(default)s")
    parser.add_argument("--prior-means", type=float, nargs="+", metavar="M", help="one per component (default: 0)")
    parser.add_argument("--prior-scales", type=float, nargs="+", metavar="S", help="one per component (default: 1)")
    parser.add_argument("--alpha", type=float, help="concentration of the weights' prior (default: the model's)")
    parser.add_argument(
        "--hidden", type=int, default=500, help="units of the deterministic layers; default %(default)s"
    )
    parser.add_argument(
        "--learning-rate", type=float, default=recipe.learning_rate, help="of Adam; default %(default)s"
    )
    parser.add_argument(
        "--batch-size", type=int, default=recipe.batch_size, help="images per step; default %(default)s"
    )
    parser.add_argument("--epochs", type=int, default=recipe.max_epochs, help="at most; default %(default)s")
    parser.add_argument(
        "--patience", type=int, default=recipe.patience, help="epochs without a better bound; default %(default)s"
    )
    parser.add_argument(
        "--seed", type=int, default=recipe.seed, help="of weights, shuffling and noise; default %(default)s"
    )
    parser.add_argument("--resume", action="store_true", help="go on with an unfinished run of the same options")
    _add_device(parser)
    _add_folder(parser)
    parser.set_defaults(run=_train)


def _describe_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help="checkpoints, as `list` names them")
    parser.add_argument("--dataset", choices=list(DATASETS), help="whose test set (default: the one trained on)")
    parser.add_argument(
        "--samples", type=int, nargs="+", default=[50, 500], metavar="S", help="importance samples; default %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all draws and of the map; default %(default)s")
    _add_device(parser)
    _add_folder(parser)
    parser.set_defaults(run=_evaluate)


def _device(name: str) -> str:
    if name == "auto":
        return str(torch.accelerator.current_accelerator() or "cpu") if torch.accelerator.is_available() else "cpu"
    if name != "cpu" and not getattr(torch, name).is_available():
        raise ConfigError(f"There is no {name} device on this machine: use --device auto.")
    return name


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
    )


def _train_config(options: argparse.Namespace) -> TrainConfig:
    return TrainConfig(
        options.dataset,
        options.binarization,
        options.bound,
        options.samples,
        options.learning_rate,
        options.batch_size,
        options.epochs,
        options.patience,
        options.seed,
    )


def _start_or_resume(options: argparse.Namespace, folder: Path) -> TrainingRun:
    model_config, train_config = _model_config(options), _train_config(options)
    device = _device(options.device)
    if not options.resume:
        if (folder / WEIGHTS).exists() or (folder / TRAINING).exists():
            raise CheckpointError(f"{folder} exists already: choose another --name, or go on with --resume.")
        return TrainingRun.start(model_config, train_config, device)
    run = TrainingRun.load(folder, device)
    stored = {**run.model.config.to_dict(), **run.config.to_dict()}
    asked = {**model_config.to_dict(), **train_config.to_dict()}
    for name, value in stored.items():
        if asked[name] != value:
            raise ConfigError(f"{folder} was begun with {name} = {value}, not {asked[name]}: give the same options.")
    return run


def _train(options: argparse.Namespace) -> int:
    folder = options.checkpoints / (options.name or f"{options.dataset}-{options.model}")
    run = _start_or_resume(options, folder)
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
    print(f"{folder}: trained. Measure it with: python -m dlgmm_core evaluate {folder.name}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if min(options.samples) < 1 or options.seed < 0:
        raise ConfigError("--samples takes whole numbers above 0, and --seed a whole number from 0.")
    for name in options.names:
        folder = options.checkpoints / name
        model, checkpoint = load_checkpoint(folder, _device(options.device))
        dataset = load_dataset(options.dataset or checkpoint.train_config.dataset)
        with tqdm(total=100, desc=name, unit="%", dynamic_ncols=True) as bar:

            def show(what: str, fraction: float, bar: tqdm = bar) -> None:
                bar.set_postfix_str(what, refresh=False)
                bar.update(round(100 * fraction) - bar.n)

            figures = measure(model, dataset, checkpoint.train_config.bound, options.samples, options.seed, show)
            tests = {**read_metrics(checkpoint).get("test", {}), dataset.name: figures}
            save_metrics(checkpoint, {"test": tests})
            if dataset.name == checkpoint.train_config.dataset:
                settings = ProjectionConfig(seed=options.seed)
                codes = encode(model, dataset.test.binary)
                save_map(checkpoint, fit_tsne(codes, settings, progress=lambda done: show("t-SNE", done)), settings)
        for size, nll in figures["nll"].items():
            print(f"{name}: -log p(x) = {nll['value']:.2f} ± {nll['ci95']:.2f} nats on {dataset.name} (S={size})")
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


if __name__ == "__main__":
    sys.exit(main())
