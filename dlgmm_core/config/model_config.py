"""The configuration of a model: its architecture and its prior."""

import math
from dataclasses import MISSING, dataclass, replace
from typing import Any, Self

from dlgmm_core.checks import (
    COUNT,
    COUNTS,
    HEIGHT_AND_WIDTH,
    LARGEST_COUNT,
    NAME,
    NUMBERS,
    POSITIVE,
    POSITIVE_NUMBERS,
    YES_OR_NO,
    Check,
    Record,
    is_count,
    one_of,
    require,
    setting,
)
from dlgmm_core.config.contexts import Context, ContextSampler

__all__ = ["PRIOR_COMPONENTS", "ModelConfig"]

PRIOR_COMPONENTS = ("fixed", "diagonal", "full")
_MOST_WEIGHTS = 20_000_000  # of a layer, to within a factor of two
_MOST_LAYERS = 10

_LAYERS = Check(
    f"a whole number from 1 to {_MOST_LAYERS}", lambda value: type(value) is int and 1 <= value <= _MOST_LAYERS
)
_CONTEXTS = Check("a range of contexts", lambda value: value is None or isinstance(value, ContextSampler))


@dataclass(frozen=True)
class ModelConfig(Record):
    """Architecture and prior of one model.

    Components of the first layer's prior are "fixed", as in the paper; "diagonal", whose means and scales are learnt,
    each coordinate its own; or "full", with a learnt covariance matrix. Learnt ones start at `prior_means` and
    `prior_scales`. Those of further layers are diagonal, computed from the codes above. A model without a mixture has
    one component.

    A model that is amortised over its prior knows all priors of `contexts`; its own, by `prior_means` and
    `concentration`, is the one that stands for them where no other is chosen.
    """

    model: str = setting(MISSING, NAME, "name of the model")
    code_dim: int = setting(25, COUNT, "size of a code; for SB-VAE, the number of pieces of the stick", metavar="D")
    num_components: int = setting(
        1, COUNT, "components K, or truncation T of a process", "components", "K", usual="the paper's"
    )
    prior_means: tuple[float, ...] = setting(
        (0.0,), NUMBERS, "means of the components; each is used for all coordinates", metavar="M", usual="0"
    )
    prior_scales: tuple[float, ...] = setting(
        (1.0,), POSITIVE_NUMBERS, "standard deviations, one per component", metavar="S", usual="1"
    )
    concentration: float = setting(
        1.0, POSITIVE, "α of the Dirichlet, or α₀ of the process", "alpha", usual="the model's"
    )
    hidden: int = setting(500, COUNT, "units of each deterministic layer, in the encoder and in the decoder")
    image_shape: tuple[int, ...] = setting(
        (28, 28), HEIGHT_AND_WIDTH, "height and width of an image, in pixels", flag=None
    )
    # the released code behind the paper's MNIST figures has none, "linear"
    encoder_activation: str = setting(
        "relu", one_of("relu", "linear"), "activation of the encoder's deterministic layers"
    )
    prior_components: str = setting(
        "fixed", one_of(*PRIOR_COMPONENTS), "fixed, or learnt, with diagonal or full covariances"
    )
    body: str = setting("dense", NAME, "what lies between pixels and codes")
    depth: int = setting(1, COUNT, "deterministic layers of a dense body, in the encoder and in the decoder")
    layers: int = setting(1, _LAYERS, "stochastic layers; each below the first is conditioned on the codes above it")
    components_below: tuple[int, ...] = setting(
        (), COUNTS, "components of each layer below the first", metavar="K", usual="as the first"
    )
    code_dims_below: tuple[int, ...] = setting(
        (), COUNTS, "code size of each layer below the first", metavar="D", usual="as the first"
    )
    hidden_below: tuple[int, ...] = setting(
        (), COUNTS, "units of the deterministic layers of each layer below the first", usual="as the first"
    )
    skip: bool = setting(False, YES_OR_NO, "the decoder reads the codes of all layers, not that of the last alone")

    contexts: ContextSampler | None = setting(
        None, _CONTEXTS, "the priors that a model amortised over its prior knows; None for any other", flag=None
    )
    gate_units: int = setting(256, COUNT, "units of each layer of an amortised model's gates", flag=None)

    @property
    def context(self) -> Context:
        """The means and the concentration of its own prior."""
        return Context(self.prior_means, self.concentration)

    def at(self, context: Context | None = None) -> "ModelConfig":
        """The plain model that an amortised one is at a context, or at its own prior; any other model itself.

        Raises:
            ConfigError: for a context that the model does not know.
        """
        if self.contexts is None:
            require(context is None, "This model knows no prior but its own: leave the other one out.")
            return self
        chosen = context or self.context
        plain = replace(self, **vars(chosen), contexts=None)
        self.contexts.require(chosen.prior_means, chosen.concentration)
        return plain

    @property
    def components(self) -> tuple[int, ...]:
        """(L,), the components of every layer."""
        return self._of_layers("num_components", self.components_below)

    @property
    def code_dims(self) -> tuple[int, ...]:
        """(L,), the code size of every layer."""
        return self._of_layers("code_dim", self.code_dims_below)

    @property
    def code_size(self) -> str:
        """The code sizes of all layers in words, such as 25+25."""
        return "+".join(map(str, self.code_dims))

    @property
    def paths(self) -> int:
        """P, the codes decoded for one draw: a component of every layer."""
        return math.prod(self.components)

    def of_layer(self, index: int) -> "ModelConfig":
        """A layer below the first, counted from 0, with its sizes, as a model of one layer."""
        k = self.components[index]
        return replace(
            self,
            code_dim=self.code_dims[index],
            num_components=k,
            prior_means=(0.0,) * k,
            prior_scales=(1.0,) * k,
            prior_components="fixed",
            hidden=self._of_layers("hidden", self.hidden_below)[index],
            layers=1,
            components_below=(),
            code_dims_below=(),
            hidden_below=(),
            skip=False,
        )

    def _of_layers(self, name: str, below: tuple[int, ...]) -> tuple[int, ...]:
        """(L,), a size of every layer."""
        first: int = getattr(self, name)
        return (first, *(below or (first,) * (self.layers - 1)))

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
        if not isinstance(values, dict):
            return super().from_dict(values)
        found = _renamed(values)
        if (contexts := found.get("contexts")) is not None:
            found["contexts"] = ContextSampler.from_dict(contexts)
        return super().from_dict(found)

    def __post_init__(self) -> None:
        """Checks fields, sizes, and that the prior has as many means and scales as components."""
        super().__post_init__()
        require(
            self.hidden * (self.data_dim + (self.depth - 1) * self.hidden + self.num_components * self.code_dim)
            <= _MOST_WEIGHTS,
            "⟨hidden⟩ x (pixels + (⟨depth⟩ - 1) x ⟨hidden⟩ + ⟨num_components⟩ x ⟨code_dim⟩) must be at most"
            f" {_MOST_WEIGHTS:,}: choose smaller sizes.",
        )
        require(
            self.prior_components != "full" or self.num_components * self.code_dim**2 <= _MOST_WEIGHTS,
            f"⟨code_dim⟩ x ⟨code_dim⟩ x ⟨num_components⟩ must be at most {_MOST_WEIGHTS:,}: choose smaller sizes.",
        )
        for name in ("components_below", "code_dims_below", "hidden_below"):
            count = len(getattr(self, name))
            require(
                count in (0, self.layers - 1),
                f"⟨{name}⟩ must be as many as the layers below the first, {self.layers - 1}, or none, not {count}.",
            )
        require(
            self.layers == 1 or self.paths <= LARGEST_COUNT,
            f"⟨num_components⟩ of all layers, multiplied, must be at most {LARGEST_COUNT:,}: choose smaller ones.",
        )
        require(self.layers > 1 or not self.skip, "⟨skip⟩ is for several stochastic layers: leave it out.")
        for index in range(1, self.layers):
            own, above = self.of_layer(index), sum(self.code_dims[:index])
            require(
                own.hidden * (self.hidden + above + own.num_components * own.code_dim) <= _MOST_WEIGHTS,
                f"⟨hidden⟩ x (⟨hidden⟩ of the first + ⟨code_dim⟩ of all above + ⟨num_components⟩ x ⟨code_dim⟩) of layer"
                f" {index + 1} must be at most {_MOST_WEIGHTS:,}: choose smaller sizes.",
            )
        for name in ("prior_means", "prior_scales"):
            count = len(getattr(self, name))
            require(
                count == self.num_components,
                f"⟨{name}⟩ must be as many as the components, {self.num_components}, not {count}.",
            )
        if self.contexts is not None:
            self.contexts.require(self.prior_means, self.concentration)


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of a model by their current names: the first checkpoints have `data_dim` and `learned_prior`."""
    found = dict(values)
    if is_count(pixels := found.get("data_dim")):
        found["image_shape"] = (28, 28) if pixels == 784 else (1, pixels)
        del found["data_dim"]
    if isinstance(learned := found.get("learned_prior"), bool):
        found["prior_components"] = "diagonal" if learned else "fixed"
        del found["learned_prior"]
    return found
