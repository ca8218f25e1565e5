"""The table of commands: parses the command line, and turns errors into one sentence."""

import argparse
import sys
from collections.abc import Callable, Sequence

from dlgmm_core import __version__
from dlgmm_core.checks import ConfigError, SettingError
from dlgmm_core.commands import data, evaluate, exporting, listing, mapping, reproduce, train
from dlgmm_core.evaluate.likelihood import EvaluationError
from dlgmm_core.experiments.cluster import ClusterError
from dlgmm_core.options import Parser, option_of
from dlgmm_core.runtime.arithmetic import subnormals_as_zero
from dlgmm_core.runtime.files import StorageError
from dlgmm_core.runtime.memory import keep_memory
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.train.training import TrainingError

__all__ = ["COMMANDS", "build_parser", "run_command"]

Describe = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]
FAILED, MISUSED = 1, 2  # exit codes

COMMANDS: dict[str, tuple[str, Describe, Run]] = {
    "train": ("fit a model and keep its best weights", train.describe, train.run),
    "evaluate": (
        "measure trained models on a test set, and keep the figures beside their weights",
        evaluate.describe,
        evaluate.run,
    ),
    "map": ("compute the t-SNE map of the test set's codes again", mapping.describe, mapping.run),
    "reproduce": ("run the paper's experiments and record them", reproduce.describe, reproduce.run),
    "data": ("list, describe and fetch data sets", data.describe, data.run),
    "export-html": ("write models as one HTML file that needs no server", exporting.describe, exporting.run),
    "list": ("list checkpoints and what is wrong with broken ones", listing.describe, listing.run),
}


def build_parser() -> Parser:
    """The parser of the command line; `run` is the function of the chosen command."""
    parser = Parser(prog=PROGRAM, description="Deep latent Gaussian mixtures: train, measure, reproduce.")
    said = f"dlgmm {__version__}"
    parser.add_argument("--version", action="version", version=said, help="say the version of the program, and end")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (summary, describe, run) in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        describe(command)
        command.set_defaults(run=run)
    return parser


def run_command(arguments: Sequence[str] | None) -> int:
    """Runs one command, and returns 0, or after an error 2 if it was misused, else 1."""
    options = build_parser().parse_args(arguments)
    keep_memory()
    code = FAILED
    try:
        with subnormals_as_zero():
            done: int = options.run(options)
            return done
    except SettingError as error:
        sentence = error.told(option_of)
        code = MISUSED if isinstance(error, ConfigError) else FAILED  # as argparse has it for what it can check itself
    except (ClusterError, EvaluationError, StorageError, TrainingError) as error:
        sentence = str(error)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):  # as PyTorch says it
            raise
        sentence = "There is not enough memory: choose smaller sizes."
    print(f"error: {sentence}", file=sys.stderr)
    return code
