"""The options of the command line; what they do is in `dlgmm_core.__main__`."""

import argparse
import os
from pathlib import Path

from dlgmm_core.config import PRIOR_COMPONENTS, TrainConfig
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.experiments.reproduce import Protocol
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import OBJECTIVES
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.tsne_map import ProjectionConfig

__all__ = ["build_parser"]

CHECKPOINTS = checkpoints_folder()


def build_parser() -> argparse.ArgumentParser:
    """One subcommand each for `train`, `evaluate`, `map`, `reproduce` and `list`; its name is in `command`."""
    parser = argparse.ArgumentParser(
        prog="python -m dlgmm_core", description="Deep latent Gaussian mixtures: train, measure, reproduce."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _describe_train(commands.add_parser("train", help="fit a model and keep its best weights"))
    _describe_evaluate(commands.add_parser("evaluate", help="measure trained models on a test set"))
    _describe_map(commands.add_parser("map", help="place the test set's codes in the plane anew"))
    _describe_reproduce(commands.add_parser("reproduce", help="run the paper's experiments and record them"))
    listing = commands.add_parser("list", help="list checkpoints and what is wrong with broken ones")
    _add_folder(listing)
    listing.set_defaults(command="list")
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
        "--bound", choices=OBJECTIVES, default=recipe.bound, help="what to maximise; default %(default)s"
    )
    parser.add_argument(
        "--samples", type=int, default=recipe.num_samples, help="draws per component in the bound; default %(default)s"
    )
    parser.add_argument("--components", type=int, metavar="K", help="components or truncation (default: the paper's)")
    parser.add_argument("--code-dim", type=int, metavar="D", default=25, help="numbers in a code; default %(default)s")
    parser.add_argument("--prior-means", type=float, nargs="+", metavar="M", help="one per component (default: 0)")
    parser.add_argument("--prior-scales", type=float, nargs="+", metavar="S", help="one per component (default: 1)")
    parser.add_argument(
        "--prior-components",
        choices=PRIOR_COMPONENTS,
        default="fixed",
        help="fixed, or learnt from there on, with diagonal or full covariances; default %(default)s",
    )
    parser.add_argument("--alpha", type=float, help="concentration of the weights' prior (default: the model's)")
    parser.add_argument(
        "--hidden", type=int, default=500, help="units of the deterministic layers; default %(default)s"
    )
    parser.add_argument(
        "--learning-rate", type=float, default=recipe.learning_rate, help="of Adam; default %(default)s"
    )
    parser.add_argument(
        "--schedule",
        choices=["constant", "cosine"],
        default=recipe.schedule,
        help="of the learning rate; default %(default)s",
    )
    parser.add_argument("--data-bias", action="store_true", help="start the output at the training set's mean image")
    parser.add_argument(
        "--precision",
        choices=["float32", "bfloat16"],
        default=recipe.precision,
        help="of the matrix products of training; default %(default)s",
    )
    parser.add_argument(
        "--encoder-activation",
        choices=["relu", "linear"],
        default="relu",
        help="of the encoder's deterministic layer; default %(default)s",
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
    parser.set_defaults(command="train")


def _describe_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help="checkpoints, as `list` names them")
    parser.add_argument("--dataset", choices=list(DATASETS), help="whose test set (default: the one trained on)")
    parser.add_argument(
        "--samples", type=int, nargs="+", default=[50, 500], metavar="S", help="importance samples; default %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all draws and of the map; default %(default)s")
    _add_device(parser)
    _add_folder(parser)
    parser.set_defaults(command="evaluate")


def _describe_map(parser: argparse.ArgumentParser) -> None:
    usual = ProjectionConfig()
    parser.add_argument("name", metavar="NAME", help="a checkpoint, as `list` names it")
    parser.add_argument(
        "--perplexity", type=float, default=usual.perplexity, help="neighbours that count; default %(default)s"
    )
    parser.add_argument("--iterations", type=int, default=usual.iterations, help="of t-SNE; default %(default)s")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of where points begin; default %(default)s")
    _add_device(parser)
    _add_folder(parser)
    parser.set_defaults(command="map")


def _describe_reproduce(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="recipes or names of experiments, * and ? stand for anything (default: all)",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="at a time on this machine; default %(default)s"
    )
    parser.add_argument(
        "--backend",
        choices=["local", "dask"],
        default="local",
        help="processes of this machine, or the workers of a Dask cluster; default %(default)s",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster, such as tcp://10.0.0.1:8786")
    parser.add_argument(
        "--images",
        type=int,
        default=Protocol().images,
        help="test images of -log p(x) at S = 5000; S = 50 always takes all; default %(default)s",
    )
    parser.add_argument("--list", action="store_true", help="name the experiments and do nothing")
    _add_device(parser)
    _add_folder(parser)
    parser.set_defaults(command="reproduce")
