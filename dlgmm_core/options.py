"""Options that commands share, and configurations as options, which need nothing but a field of `dlgmm_core.config`.

An option that is not given is None, so that a command can tell what was asked for from what is usual.
"""

import argparse
import sys
from collections.abc import Callable, Collection
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from typing import Any, NoReturn, get_args, get_type_hints

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import Context, ModelConfig, TrainConfig
from dlgmm_core.data.datasets import DATASETS
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.experiments.fast_table import fast_recipe
from dlgmm_core.model.bodies import BODIES
from dlgmm_core.model.models import MODELS
from dlgmm_core.model.objectives import OBJECTIVES
from dlgmm_core.runtime.device import DEVICES
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import Checkpoint

__all__ = [
    "CHECKPOINTS",
    "Parser",
    "add_configuration",
    "add_context",
    "add_device",
    "add_folder",
    "as_options",
    "choices",
    "context_of",
    "given",
    "model_config",
    "option_of",
    "path",
    "train_config",
]

CHECKPOINTS = checkpoints_folder()

# What `--recipe` takes: settings of training, by the name of a model.
_RECIPES: dict[str, Callable[[str], TrainConfig]] = {"paper": lambda model: TrainConfig(), "fast": fast_recipe}
_MEANING = (
    "defaults of the options below. paper: as in the paper, until the validation bound stops rising; these are listed"
    " below. fast: to the paper's figures within two minutes on two cores; default: paper"
)

_OTHERS = {
    "data": "--data PATH",
    "data_name": "--data-name",
    "device": "--device",
    "iterations": "--iterations",
    "perplexity": "--perplexity",
    "shares": "--split TRAIN VALID TEST",
    "size": "--image-size HEIGHT WIDTH",
}  # settings of messages that are no fields of a configuration
_TABLES: dict[str, Collection[str]] = {"model": MODELS, "bound": OBJECTIVES, "body": BODIES}


class Parser(argparse.ArgumentParser):
    """Says in one sentence what it cannot read, where argparse alone begins with the usage, of up to thirty lines.

    Reads every negative number as a value; argparse alone reads -1e-05 and -inf as options.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, which reads a word that begins with a space as a value; but every option must be known.

        An unknown one is thus the error of its command, whose help describes those that are known.
        """
        words = sys.argv[1:] if args is None else args
        words = [f" {word}" if _is_negative(word) else word for word in words]
        options, unknown = super().parse_known_args(words, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        """Ends the process with exit code 2."""
        message = message.replace("' -", "'-")  # of a negative number
        self.exit(2, f"error: {message[0].upper()}{message[1:]}. See “{self.prog} --help”.\n")


def _is_negative(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return word.startswith("-")


def path(text: str) -> Path:
    """The path that an option is given; an empty one, as of a variable that is not set, is no working folder.

    Raises:
        ArgumentTypeError: if it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The option `--checkpoints`."""
    parser.add_argument("--checkpoints", type=path, default=CHECKPOINTS, metavar="DIR", help="folder of checkpoints")


def add_device(parser: argparse.ArgumentParser) -> None:
    """The option `--device`."""
    parser.add_argument(
        "--device", default="auto", choices=DEVICES, help="auto: an accelerator, if there is one; default %(default)s"
    )


def add_context(parser: argparse.ArgumentParser) -> None:
    """Options for the context of a model that is amortised over its prior, named as in `train`."""
    known = "of a model that is amortised over its prior; default: its own"
    parser.add_argument("--prior-means", type=float, nargs="+", metavar="M", help=f"prior means {known}")
    parser.add_argument("--alpha", type=float, metavar="A", help=f"concentration {known}")


def context_of(options: argparse.Namespace, checkpoint: Checkpoint) -> Context | None:
    """The context that was asked for, if it is not the model's own prior.

    Raises:
        ConfigError: if the model does not know it.
    """
    config = checkpoint.model_config
    asked = [f"--{name.replace('_', '-')}" for name in ("prior_means", "alpha") if getattr(options, name) is not None]
    if not asked:
        return None
    if config.contexts is None:
        raise ConfigError(
            f"{checkpoint.name} is not amortised over its prior, so it knows no other one: leave out"
            f" {' and '.join(asked)}."
        )
    means = config.prior_means if options.prior_means is None else tuple(options.prior_means)
    alpha = config.concentration if options.alpha is None else options.alpha
    config.contexts.require(means, alpha)  # which says what the model knows, rather than what any model could
    context = Context(means, alpha)
    config.at(context)
    return None if context == config.context else context


def add_configuration(parser: argparse.ArgumentParser, kind: type[ModelConfig] | type[TrainConfig]) -> None:
    """Adds an option for every field that has one; a field without a default becomes a positional argument.

    Those of training are preceded by `--recipe`, which says what they are by default.
    """
    if kind is TrainConfig:
        parser.add_argument("--recipe", choices=_RECIPES, help=_MEANING)
    hints = get_type_hints(kind)
    for f in fields(kind):
        if f.metadata["flag"] is None:
            continue
        hint, flag, names = hints[f.name], _flag(f), choices(kind, f.name) or None
        known: dict[str, Any] = {"help": _help(f), "choices": names}
        if f.default is MISSING:
            parser.add_argument(f.name, **known)
        elif hint is bool:
            parser.add_argument(flag, dest=f.name, action="store_true", default=None, help=_help(f))
        else:
            several = {"type": get_args(hint)[0], "nargs": "+"} if get_args(hint) else {"type": hint}
            metavar = f.metadata["metavar"] or (None if names else flag[2:].upper())
            parser.add_argument(flag, dest=f.name, metavar=metavar, **several, **known)


def _flag(f: Field[Any]) -> str:
    return "--" + (f.metadata["flag"] or f.name).replace("_", "-")


def _help(f: Field[Any]) -> str:
    text: str = f.metadata["help"]
    if f.name == "dataset":
        text += f", one of {', '.join(DATASETS)}, or one's own"
    if f.default in (MISSING, "") or isinstance(f.default, bool):
        return text
    return f"{text}; default: {f.metadata['usual'] or f.default}"


def option_of(setting: str) -> str:
    """How the command line calls a setting that a message names; one that is no option keeps its name."""
    flags = {
        f.name: _flag(f) for kind in (ModelConfig, TrainConfig) for f in fields(kind) if f.metadata["flag"] is not None
    }
    return (_OTHERS | flags | {"model": "MODEL"}).get(setting, setting)


def choices(kind: type[ModelConfig] | type[TrainConfig], name: str) -> list[str]:
    """The valid names of a field; empty if it takes other values."""
    (field,) = (f for f in fields(kind) if f.name == name)
    return list(_TABLES.get(name, field.metadata["check"].choices))


def given(options: argparse.Namespace, kind: type[ModelConfig] | type[TrainConfig]) -> dict[str, Any]:
    """The fields of a configuration that were given, by name."""
    values = {f.name: getattr(options, f.name, None) for f in fields(kind)}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items() if v is not None}


def as_options(config: ModelConfig | TrainConfig) -> list[str]:
    """The words of a command line that ask for this configuration; a field without an option is left out."""
    words = []
    for f in fields(config):
        value = getattr(config, f.name)
        if f.default is MISSING:
            words.append(str(value))
        elif f.metadata["flag"] is None or value in (False, "", ()):
            continue
        elif value is True:
            words.append(_flag(f))
        else:
            values = value if isinstance(value, tuple) else (value,)
            words += [_flag(f), *(repr(each) if isinstance(each, float) else str(each) for each in values)]
    return words


def model_config(options: argparse.Namespace) -> ModelConfig:
    """The model's configuration; options that were not given are as in the paper.

    Raises:
        ConfigError: if it is invalid.
    """
    fields_given = given(options, ModelConfig)
    return paper_model(fields_given.pop("model"), **fields_given)


def train_config(options: argparse.Namespace) -> TrainConfig:
    """The training configuration; options that were not given are as in the recipe that was asked for.

    Raises:
        ConfigError: if it is invalid.
    """
    usual = _RECIPES[options.recipe or "paper"](options.model)
    return replace(usual, **given(options, TrainConfig))
