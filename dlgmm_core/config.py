"""What a model and a training run are made of: two frozen records that a checkpoint carries.

Both are plain values: they travel through JSON and back unchanged, and refuse what makes no sense
with one sentence that names the field.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

__all__ = ["PRIOR_COMPONENTS", "ConfigError", "ModelConfig", "Record", "TrainConfig"]


PRIOR_COMPONENTS = ("fixed", "diagonal", "full")
_LARGEST = 1e30  # of a number; its float32 is still finite
_MOST_WEIGHTS = 20_000_000  # of a layer, give or take a factor of two


class ConfigError(ValueError):
    """A configuration that describes no model or no run."""


class Record:
    """JSON round trip for frozen dataclasses whose sequences are tuples."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverse of `to_dict`.

        Raises:
            ConfigError: for a missing, unknown or senseless field.
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


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ConfigError(sentence)


def _require_choice(name: str, value: object, choices: Sequence[str]) -> None:
    _require(value in choices, f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}.")


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1  # True is an int, too


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST  # nan is not


@dataclass(frozen=True)
class ModelConfig(Record):
    """Architecture and prior of one model.

    Attributes:
        model: a name in `dlgmm_core.model.models.MODELS`.
        code_dim: D, numbers in the code; for `sb-vae`, pieces of the stick (T).
        num_components: K, or the truncation T of the process; 1 where the model has no mixture.
        prior_means: m_k, one per component; every coordinate of component k has mean m_k.
        prior_scales: s_k, standard deviations, one per component.
        concentration: alpha of the Dirichlet, or alpha_0 of the process.
        hidden: units of each deterministic layer, in the encoder and in the decoder.
        image_shape: height and width of an image, in pixels.
        encoder_activation: of the encoder's deterministic layers, "relu" or "linear" (none: the released code
            behind the paper's MNIST figures has none).
        prior_components: "fixed", as in the paper; "diagonal", whose means and scales are learnt, each coordinate
            its own; or "full", with a learnt covariance matrix. Learnt ones start at `prior_means` and `prior_scales`.
        body: what lies between pixels and codes, a name in `dlgmm_core.model.bodies.BODIES`.
        depth: deterministic layers of a "dense" body, in the encoder and in the decoder.
    """

    model: str
    code_dim: int = 25
    num_components: int = 1
    prior_means: tuple[float, ...] = (0.0,)
    prior_scales: tuple[float, ...] = (1.0,)
    concentration: float = 1.0
    hidden: int = 500
    image_shape: tuple[int, ...] = (28, 28)
    encoder_activation: str = "relu"
    prior_components: str = "fixed"
    body: str = "dense"
    depth: int = 1

    @property
    def data_dim(self) -> int:
        """X, the pixels of an image."""
        return math.prod(self.image_shape)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """As `Record.from_dict`; reads also what the first checkpoints say of pixels and of learnt priors."""
        return super().from_dict(_renamed(values) if isinstance(values, dict) else values)

    def __post_init__(self) -> None:
        """Refuses sizes below one or absurd, unknown activations, and priors that do not fit the components."""
        _require(isinstance(self.model, str), f"model must be a name, not {self.model!r}.")
        for name in ("code_dim", "num_components", "hidden", "depth"):
            value = getattr(self, name)
            _require(_is_count(value), f"{name} must be a whole number above 0, not {value}.")
        _require(
            isinstance(self.image_shape, tuple)
            and len(self.image_shape) == 2
            and all(map(_is_count, self.image_shape)),
            f"image_shape must be height and width, two whole numbers above 0, not {self.image_shape}.",
        )
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
            values = getattr(self, name)
            _require(isinstance(values, tuple), f"{name} must be numbers, not {values!r}.")
            _require(
                len(values) == self.num_components,
                f"{name} has {len(values)} values for {self.num_components} components: give one each.",
            )
            _require(all(map(_is_number, values)), f"{name} must be finite numbers, not {values}.")
        _require(min(self.prior_scales) > 0, f"prior_scales must be positive, not {self.prior_scales}.")
        _require(
            _is_number(self.concentration) and self.concentration > 0,
            f"concentration must be a positive number, not {self.concentration}.",
        )
        _require_choice("encoder_activation", self.encoder_activation, ("relu", "linear"))
        _require_choice("prior_components", self.prior_components, PRIOR_COMPONENTS)
        _require(isinstance(self.body, str), f"body must be a name, not {self.body!r}.")


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of a model by their names of today: the first checkpoints have `data_dim` and `learned_prior`."""
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
    """How a model is fitted; the defaults are the paper's recipe.

    Attributes:
        dataset: a name in `dlgmm_core.data.datasets.DATASETS`.
        binarization: "fixed" (one Bernoulli draw for good) or "dynamic" (a fresh one every epoch).
        bound: a name in `dlgmm_core.model.objectives.OBJECTIVES`.
        num_samples: S, draws per component and image in the bound.
        learning_rate: of Adam, at the first step.
        schedule: of the learning rate, "constant" or "cosine" (falling to zero over `max_epochs`).
        data_bias: whether the decoder's output starts at the log odds of ink in every pixel of the training set.
        precision: of the networks' matrix products while training, "float32" or "bfloat16"; weights, densities
            and every measurement are float32 either way.
        batch_size: images per step.
        max_epochs: where training ends at the latest.
        patience: epochs without a better validation bound after which it ends.
        seed: of the initial weights, of shuffling and of all noise.
    """

    dataset: str = "mnist"
    binarization: str = "fixed"
    bound: str = "eq1"
    num_samples: int = 1
    learning_rate: float = 3e-4
    schedule: str = "constant"
    data_bias: bool = False
    precision: str = "float32"
    batch_size: int = 100
    max_epochs: int = 1000
    patience: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses counts below one, rates that are not positive, and unknown choices."""
        for name in ("dataset", "bound"):
            value = getattr(self, name)
            _require(isinstance(value, str), f"{name} must be a name, not {value!r}.")
        for name in ("num_samples", "batch_size", "max_epochs", "patience"):
            value = getattr(self, name)
            _require(_is_count(value), f"{name} must be a whole number above 0, not {value}.")
        _require(isinstance(self.seed, int) and self.seed >= 0, f"seed must be a whole number from 0, not {self.seed}.")
        _require(
            _is_number(self.learning_rate) and self.learning_rate > 0,
            f"learning_rate must be a positive number, not {self.learning_rate}.",
        )
        _require_choice("binarization", self.binarization, ("fixed", "dynamic"))
        _require(isinstance(self.data_bias, bool), f"data_bias must be true or false, not {self.data_bias!r}.")
        _require_choice("schedule", self.schedule, ("constant", "cosine"))
        _require_choice("precision", self.precision, ("float32", "bfloat16"))
