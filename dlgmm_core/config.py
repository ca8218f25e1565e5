"""Configurations of a model and of a training run: two frozen records that are stored in a checkpoint.

Both are plain values with a JSON round trip, and invalid values are rejected with one sentence that names the field.
Each field is declared with its default, its check, its text in `--help`, and the name of its command line option if
that differs.
"""

import math
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Self

__all__ = [
    "COUNT",
    "PRIOR_COMPONENTS",
    "SEED",
    "Check",
    "ConfigError",
    "ModelConfig",
    "Record",
    "TrainConfig",
    "require_step_size",
]

PRIOR_COMPONENTS = ("fixed", "diagonal", "full")
LARGEST_COUNT = 1_000_000  # of any integer size
_LARGEST = 1e30  # of any number, well within the range of float32
_MOST_WEIGHTS = 20_000_000  # of a layer, to within a factor of two


class ConfigError(ValueError):
    """A configuration is invalid; the message names the field and says what it must be."""


@dataclass(frozen=True)
class Check:
    """What a value must be.

    Attributes:
        words: the end of the sentence "it must be ...".
        holds: whether a value is valid.
        choices: the valid values, if there are few.
    """

    words: str
    holds: Callable[[Any], bool]
    choices: tuple[str, ...] = ()

    def require(self, name: str, value: object) -> None:
        """Checks a value.

        Raises:
            ConfigError: if it is invalid; the message begins with the name.
        """
        _require(self.holds(value), f"{name} must be {self.words}, not {value!r}.")


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ConfigError(sentence)


def _one_of(*choices: str) -> Check:
    return Check(" or ".join(map(repr, choices)), lambda value: value in choices, choices)


def _is_count(value: object) -> bool:
    return type(value) is int and 1 <= value <= LARGEST_COUNT  # True is an int, too


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST  # nan is not


def _is_positive(value: object) -> bool:
    return _is_number(value) and value > 0  # type: ignore[operator]


def _all(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda values: isinstance(values, tuple) and all(map(holds, values))


NAME = Check("a name", lambda value: isinstance(value, str))
YES_OR_NO = Check("true or false", lambda value: isinstance(value, bool))
COUNT = Check(f"a whole number from 1 to {LARGEST_COUNT:,}", _is_count)
SEED = Check(f"a whole number from 0 to {2**32 - 1:,}", lambda value: type(value) is int and 0 <= value < 2**32)
POSITIVE = Check("a positive number", _is_positive)
NUMBERS = Check("finite numbers", _all(_is_number))
POSITIVE_NUMBERS = Check("positive numbers", _all(_is_positive))
HEIGHT_AND_WIDTH = Check(
    "height and width, two whole numbers above 0", lambda value: _all(_is_count)(value) and len(value) == 2
)


def _field(default: Any, check: Check, help: str, flag: str | None = "", metavar: str = "", usual: str = "") -> Any:
    """A field of a configuration.

    Args:
        default: its default; MISSING if there is none.
        check: what its value must be.
        help: its description.
        flag: its command line option, if that differs from the field's name; None if there is no option.
        metavar: name of the option's value in `--help`.
        usual: the command line's default in words, if it differs from `default`.
    """
    metadata = {"check": check, "help": help, "flag": flag, "metavar": metavar or None, "usual": usual}
    return field(default=default, metadata=metadata)


class Record:
    """JSON round trip for frozen dataclasses whose sequences are tuples, and the checks of their fields."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverse of `to_dict`.

        Raises:
            ConfigError: for a missing, unknown or invalid field.
        """
        if not isinstance(values, dict):
            raise ConfigError(f"{cls.__name__} must be fields with values, not {values!r}.")
        names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(values) - names):
            raise ConfigError(f"{cls.__name__} has no field {unknown[0]!r}.")
        try:
            return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
        except TypeError as error:
            raise ConfigError(f"{cls.__name__} cannot be read: {error}.") from error

    def __post_init__(self) -> None:
        """Checks every field."""
        for f in fields(self):  # type: ignore[arg-type]
            if "check" in f.metadata:
                f.metadata["check"].require(f.name, getattr(self, f.name))


@dataclass(frozen=True)
class ModelConfig(Record):
    """Architecture and prior of one model.

    Components of the prior are "fixed", as in the paper; "diagonal", whose means and scales are learnt, each coordinate
    its own; or "full", with a learnt covariance matrix. Learnt ones start at `prior_means` and `prior_scales`. A model
    without a mixture has one component.
    """

    model: str = _field(MISSING, NAME, "name of the model")
    code_dim: int = _field(25, COUNT, "size of a code; of SB-VAE, pieces of the stick", metavar="D")
    num_components: int = _field(
        1, COUNT, "components K, or truncation T of a process", "components", "K", usual="the paper's"
    )
    prior_means: tuple[float, ...] = _field(
        (0.0,), NUMBERS, "one per component, the mean of all its coordinates", metavar="M", usual="0"
    )
    prior_scales: tuple[float, ...] = _field(
        (1.0,), POSITIVE_NUMBERS, "standard deviations, one per component", metavar="S", usual="1"
    )
    concentration: float = _field(
        1.0, POSITIVE, "alpha of the Dirichlet, or alpha_0 of the process", "alpha", usual="the model's"
    )
    hidden: int = _field(500, COUNT, "units of each deterministic layer, in the encoder and in the decoder")
    image_shape: tuple[int, ...] = _field((28, 28), HEIGHT_AND_WIDTH, "of an image, in pixels", flag=None)
    # the released code behind the paper's MNIST figures has none, "linear"
    encoder_activation: str = _field("relu", _one_of("relu", "linear"), "of the encoder's deterministic layers")
    prior_components: str = _field(
        "fixed", _one_of(*PRIOR_COMPONENTS), "fixed, or learnt, with diagonal or full covariances"
    )
    body: str = _field("dense", NAME, "what lies between pixels and codes")
    depth: int = _field(1, COUNT, "deterministic layers of a dense body, in the encoder and in the decoder")

    @property
    def data_dim(self) -> int:
        """X, the pixels of an image."""
        return math.prod(self.image_shape)

    @property
    def has_identical_components(self) -> bool:
        """Whether the prior's components are several and the same, so that p(k|x) is the prior's E[pi_k] for any x."""
        priors = set(zip(self.prior_means, self.prior_scales, strict=True))
        return self.prior_components == "fixed" and len(priors) == 1 < self.num_components

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """As `Record.from_dict`; also reads the field names of the first checkpoints."""
        return super().from_dict(_renamed(values) if isinstance(values, dict) else values)

    def __post_init__(self) -> None:
        """Checks fields, sizes, and that the prior has as many means and scales as components."""
        super().__post_init__()
        _require(
            self.hidden * (self.data_dim + (self.depth - 1) * self.hidden + self.num_components * self.code_dim)
            <= _MOST_WEIGHTS,
            "hidden x (pixels + (depth - 1) x hidden + num_components x code_dim) must be at most"
            f" {_MOST_WEIGHTS:,}: choose smaller sizes.",
        )
        _require(
            self.prior_components != "full" or self.num_components * self.code_dim**2 <= _MOST_WEIGHTS,
            f"code_dim x code_dim x num_components must be at most {_MOST_WEIGHTS:,}: choose smaller sizes.",
        )
        for name in ("prior_means", "prior_scales"):
            count = len(getattr(self, name))
            _require(
                count == self.num_components,
                f"{name} has {count} values for {self.num_components} components: give one each.",
            )


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of a model by their current names: the first checkpoints have `data_dim` and `learned_prior`."""
    found = dict(values)
    if _is_count(pixels := found.get("data_dim")):
        found["image_shape"] = (28, 28) if pixels == 784 else (1, pixels)
        del found["data_dim"]
    if isinstance(learned := found.get("learned_prior"), bool):
        found["prior_components"] = "diagonal" if learned else "fixed"
        del found["learned_prior"]
    return found


@dataclass(frozen=True)
class TrainConfig(Record):
    """How a model is trained, by Adam; the defaults are the paper's recipe.

    A cosine schedule falls to zero over `max_epochs`. Products in "bfloat16" are those of the networks while training;
    weights, densities and every measurement are float32 either way.
    """

    dataset: str = _field("mnist", NAME, "data set to learn")
    binarization: str = _field(
        "fixed", _one_of("fixed", "dynamic"), "of training images: one draw for good, or one every epoch"
    )
    bound: str = _field("eq1", NAME, "bound to maximise")
    num_samples: int = _field(1, COUNT, "draws per component and image in the bound", "samples", "S")
    learning_rate: float = _field(3e-4, POSITIVE, "of Adam, at the first step")
    schedule: str = _field("constant", _one_of("constant", "cosine"), "of the learning rate")
    data_bias: bool = _field(False, YES_OR_NO, "start the output at the training set's mean image")
    precision: str = _field(
        "float32", _one_of("float32", "bfloat16"), "of the networks' matrix products while training"
    )
    batch_size: int = _field(100, COUNT, "images per step")
    max_epochs: int = _field(1000, COUNT, "epochs at most", "epochs")
    patience: int = _field(30, COUNT, "epochs without a better validation bound after which training ends")
    seed: int = _field(0, SEED, "of initial weights, shuffling and all noise")
    start_from: str = _field(
        "", NAME, "checkpoint of a Gauss-VAE that a mixture with learnt components starts from", metavar="NAME"
    )


def require_step_size(model: ModelConfig, train: TrainConfig) -> None:
    """Checks that the codes of one step, S draws from each of K components for every image, are not too many.

    Raises:
        ConfigError: if they are.
    """
    _require(
        model.num_components * train.num_samples * train.batch_size <= LARGEST_COUNT,
        f"num_components x num_samples x batch_size must be at most {LARGEST_COUNT:,}: choose smaller ones.",
    )


for _kind in (ModelConfig, TrainConfig):  # so that `help` and the API pages show the descriptions of the fields
    _lines = [f"        {f.name}: {f.metadata['help']}.\n" for f in fields(_kind)]
    _kind.__doc__ = f"{_kind.__doc__}\n    Attributes:\n{''.join(_lines)}    "
