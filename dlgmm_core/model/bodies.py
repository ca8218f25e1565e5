r"""The deterministic networks between pixels and codes: an encoder (image -> features), a decoder (code -> likelihood).

"500d" in the paper is one deterministic ReLU layer of 500 units in both the encoder and the decoder: the body
`dense` with depth one. `conv` has two convolutions of stride two on each side. Every decoder adds a learnt bias per
pixel, `data_bias`, to its logits: the logits of a code that has no influence.

Reference: Nalisnick, Hertel & Smyth (2016), section 3.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.functional import bernoulli_log_prob

__all__ = [
    "BODIES",
    "BernoulliLikelihood",
    "Body",
    "ConvDecoder",
    "Decoder",
    "DenseDecoder",
    "affine_maps",
    "bodies_with",
    "body_of",
    "dense_layers",
]

CHANNELS = (32, 64)  # of the two convolutions
_KERNEL, _STRIDE, _PADDING = 4, 2, 1  # a convolution halves an even side; a transposed one doubles it


class BernoulliLikelihood:
    """p(x|z) of binary images: one independent Bernoulli per pixel."""

    def __init__(self, logits: Tensor) -> None:
        """logits: (*batch, X), log odds of ink."""
        self.logits = logits

    @property
    def probs(self) -> Tensor:
        """(*batch, X), probability of ink at every pixel."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Tensor) -> Tensor:
        """(*batch), log p(x|z) in nats, of x (B, X), zeros and ones, broadcast against the batch."""
        return bernoulli_log_prob(self.logits, x)


class Decoder(nn.Module, ABC):
    """Codes (*batch, D) -> p(x|z); each layer is one matrix product over all codes of the batch.

    Attributes:
        data_bias: (X,), log odds of ink of a code that has no influence.
        code_scale: factor applied to the code, so that its coordinates are of order one.
    """

    def __init__(self, data_bias: Tensor, code_scale: float) -> None:
        super().__init__()
        self.data_bias, self.code_scale = nn.Parameter(data_bias), code_scale

    @abstractmethod
    def logits(self, rows: Tensor) -> Tensor:
        """(N, X), log odds of ink for scaled codes (N, D)."""

    def affine_maps(self) -> list[tuple[Tensor, Tensor]]:
        """Weight and bias of each map from a code, not yet scaled, to its logits; a ReLU follows all but the last.

        Raises:
            NotImplementedError: unless the decoder consists of such maps.
        """
        raise NotImplementedError(f"{type(self).__name__} does not consist of affine maps.")

    def forward(self, code: Tensor) -> BernoulliLikelihood:
        """The likelihood given each code."""
        # strata of several draws are not contiguous: without the reshape, a layer would multiply them one by one
        rows = (code if self.code_scale == 1 else self.code_scale * code).reshape(-1, code.shape[-1])
        logits = self.logits(rows).to(self.data_bias.dtype)  # autocast multiplies in a lower precision
        return BernoulliLikelihood(logits.reshape(*code.shape[:-1], logits.shape[-1]))

    @torch.no_grad()
    def start_at(self, ink: Tensor) -> None:
        """Sets the bias so that a code without influence decodes to `ink` (X,), probabilities in (0, 1)."""
        self.data_bias.copy_(torch.logit(ink))


def dense_layers(in_features: int, out_features: int, depth: int = 1, activation: str = "relu") -> nn.Sequential:
    """`depth` layers of one width: affine, followed by a ReLU unless `activation` is "linear"."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(in_features, out_features), *([nn.ReLU(inplace=True)] if activation == "relu" else [])]
        in_features = out_features
    return nn.Sequential(*layers)


def affine_maps(network: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Weight (out, in) and bias (out,) of each affine layer in a network, in order."""
    return [(layer.weight, layer.bias) for layer in network.modules() if isinstance(layer, nn.Linear)]


class DenseDecoder(Decoder):
    """Deterministic layers, then an affine map to the pixels."""

    hidden: nn.Sequential
    output: nn.Linear

    def __init__(self, config: ModelConfig, code_dim: int, code_scale: float) -> None:
        hidden = dense_layers(code_dim, config.hidden, config.depth)
        output = nn.Linear(config.hidden, config.data_dim)
        super().__init__(output.bias.detach(), code_scale)
        output.bias = None  # type: ignore[assignment]  # replaced by `data_bias`
        self.hidden, self.output = hidden, output

    def logits(self, rows: Tensor) -> Tensor:
        """As `Decoder.logits`."""
        return self.logits_of(self.hidden(rows))

    def affine_maps(self) -> list[tuple[Tensor, Tensor]]:
        """As `Decoder.affine_maps`."""
        (weight, bias), *more = affine_maps(self.hidden)
        return [(weight * self.code_scale, bias), *more, (self.output.weight, self.data_bias)]

    def logits_of(self, units: Tensor) -> Tensor:
        """(N, X), log odds of ink for the units (N, H) of the last deterministic layer."""
        return linear(units, self.output.weight, self.data_bias)


def _conv_encoder(config: ModelConfig) -> nn.Sequential:
    """Two convolutions of stride two, and a dense layer of `hidden` units."""
    first, second = CHANNELS
    height, width = _reduced(config.image_shape)
    missing = [4 * reduced - side for side, reduced in zip(config.image_shape, (height, width), strict=True)]
    return nn.Sequential(
        nn.Unflatten(1, (1, *config.image_shape)),
        nn.ZeroPad2d((0, missing[1], 0, missing[0])),
        nn.Conv2d(1, first, _KERNEL, _STRIDE, _PADDING),
        nn.ReLU(inplace=True),
        nn.Conv2d(first, second, _KERNEL, _STRIDE, _PADDING),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        dense_layers(second * height * width, config.hidden, activation=config.encoder_activation),
    )


class ConvDecoder(Decoder):
    """The mirror image of the convolutional encoder, cut to the image's size."""

    def __init__(self, config: ModelConfig, code_dim: int, code_scale: float) -> None:
        super().__init__(torch.zeros(config.data_dim), code_scale)
        first, second = CHANNELS
        height, width = _reduced(config.image_shape)
        self.image_shape = config.image_shape
        self.layers = nn.Sequential(
            dense_layers(code_dim, config.hidden),
            dense_layers(config.hidden, second * height * width),
            nn.Unflatten(1, (second, height, width)),
            nn.ConvTranspose2d(second, first, _KERNEL, _STRIDE, _PADDING),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(first, 1, _KERNEL, _STRIDE, _PADDING),
        )

    def logits(self, rows: Tensor) -> Tensor:
        """As `Decoder.logits`."""
        height, width = self.image_shape
        return self.layers(rows)[:, 0, :height, :width].flatten(1) + self.data_bias


def _reduced(image_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Height and width after both convolutions of an image whose sides are padded to multiples of four."""
    return tuple(-(-side // 4) for side in image_shape)


@dataclass(frozen=True)
class Body:
    """A row of the table of bodies.

    Attributes:
        encoder: builds, from a configuration, the network images (B, X) -> features (B, hidden).
        decoder: builds the decoder from a configuration, the code size D and the code's scale.
        has_depth: whether it has as many deterministic layers as the configuration says, in place of one.
        has_gates: whether a model can be amortised with it: it is `dense_layers` and a `DenseDecoder`.
        in_browser: whether the scripts in `dlgmm_core/takeaway` compute it: both its networks are affine maps, each
            followed by the encoder's activation or, in the decoder, by a ReLU. Otherwise the server decodes, and there
            is no HTML file.
    """

    encoder: Callable[[ModelConfig], nn.Module]
    decoder: Callable[[ModelConfig, int, float], Decoder]
    has_depth: bool = False
    has_gates: bool = False
    in_browser: bool = False


BODIES: dict[str, Body] = {
    "dense": Body(
        lambda config: dense_layers(config.data_dim, config.hidden, config.depth, config.encoder_activation),
        DenseDecoder,
        has_depth=True,
        has_gates=True,
        in_browser=True,
    ),
    "conv": Body(_conv_encoder, ConvDecoder),
}


def bodies_with(attribute: str) -> str:
    """The names of the bodies that have an attribute of `Body`, for a sentence."""
    return " or ".join(name for name, body in BODIES.items() if getattr(body, attribute))


def body_of(config: ModelConfig) -> Body:
    """The body that a configuration names.

    Raises:
        ConfigError: for an unknown body, or a depth that this body does not support.
    """
    if config.body not in BODIES:
        raise ConfigError(f"There is no body {config.body!r}: choose one of {', '.join(BODIES)}.")
    body = BODIES[config.body]
    if config.depth > 1 and not body.has_depth:
        known = bodies_with("has_depth")
        raise ConfigError(f"⟨depth⟩ applies to a {known} body only: leave it at 1 with a {config.body} body.")
    return body
