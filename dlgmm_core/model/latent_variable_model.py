r"""One latent-variable model: a body around stochastic layers.

.. math:: p(x) = \int p(x \mid z)\, p(z)\, dz, \qquad q(z \mid x) \approx p(z \mid x)

The body maps images to features, and codes to a likelihood. z is the codes of all stochastic layers; the prior and the
posterior of each are conditioned on the codes of those above it (`dlgmm_core.model.paths`).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import torch
from torch import Tensor, nn

from dlgmm_core.checks import require
from dlgmm_core.config import Context, ModelConfig
from dlgmm_core.model.bodies import BernoulliLikelihood, Decoder
from dlgmm_core.model.latents import LatentDistribution, Latents
from dlgmm_core.model.layers import Layer
from dlgmm_core.model.paths import Draw, LayerDraws, Paths, mean_code
from dlgmm_core.model.strata import choose_strata

__all__ = ["LatentVariableModel"]


class LatentVariableModel(nn.Module):
    """p(x, z) = p(x|z) p(z) with an amortised posterior q(z|x).

    Attributes:
        config: architecture and prior.
        encoder: images (B, X) -> features (B, H).
        layers: the stochastic layers, from the first to the last.
        decoder: codes -> likelihood; it reads the code of the last layer or, if `config.skip`, of all layers.
        product_type: number type of the networks' matrix products; `torch.bfloat16` is faster on hardware that
            supports it. Everything else stays in the type of the weights.
        context: (B, C), or (1, C) for all images: what the first layer's prior and head are told, in a model that is
            amortised over its prior (`dlgmm_core.model.amortised`); None in any other.

    Example:
        >>> from dlgmm_core import build_model
        >>> model = build_model(ModelConfig("gauss-vae"))
        >>> latents = model.posterior(torch.zeros(8, 784)).stratified_rsample()
        >>> model.likelihood(latents.code).log_prob(torch.zeros(8, 784)).shape
        torch.Size([1, 8])
    """

    def __init__(self, config: ModelConfig, encoder: nn.Module, layers: Sequence[Layer], decoder: Decoder) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.layers, self.decoder = encoder, nn.ModuleList(layers), decoder
        self.context: Tensor | None
        self.register_buffer("context", None, persistent=False)
        self.product_type = torch.float32

    @property
    def layer(self) -> Layer:
        """The first stochastic layer."""
        return self._stack[0]

    @property
    def _stack(self) -> tuple[Layer, ...]:
        return tuple(cast(Layer, layer) for layer in self.layers)

    def require_images(self, x: Tensor) -> None:
        """Checks that x are images of this model, one or more, in rows of pixels (B, X) from 0 to 1.

        Raises:
            ConfigError: if they are not.
        """
        height, width = self.config.image_shape
        dtype = next(self.parameters()).dtype
        words = f"images must be a {dtype} tensor of shape (N, {height * width}), each of {height}x{width} pixels"
        require(isinstance(x, Tensor), f"{words}, not {type(x).__name__}.")
        fits = x.dtype == dtype and x.ndim == 2 and len(x) > 0 and x.shape[1] == height * width
        require(fits, f"{words}, not {x.dtype} of shape {tuple(x.shape)}.")
        low, high = (bound.item() for bound in x.aminmax())
        require(low >= 0 and high <= 1, f"pixels must be from 0 to 1, not from {low:g} to {high:g}.")

    def features(self, x: Tensor) -> Tensor:
        """(B, H), what the heads of all layers read of binary images x (B, X)."""
        with self._products(x.device):
            features: Tensor = self.encoder(x)
        return features

    def posterior(self, x: Tensor) -> LatentDistribution:
        """q(z_1|x), of the first layer, for binary images x (B, X)."""
        return self.posterior_of(self.features(x))

    def posterior_of(self, features: Tensor) -> LatentDistribution:
        """As `posterior`, from features (B, H)."""
        with self._products(features.device):
            distribution: LatentDistribution = self.layer.head(features, self.context)
        return distribution

    def prior(self) -> LatentDistribution:
        """p(z_1), of the first layer; the batch axis has length one unless each image has its own context."""
        distribution: LatentDistribution = self.layer.prior(self.context)
        return distribution

    def prior_below(self, layer: int, above: Tensor) -> LatentDistribution:
        """p(z|above) of a layer below the first, from 1, given the codes of all layers above it (R, C)."""
        distribution: LatentDistribution = self._stack[layer].prior(above)
        return distribution

    def at(self, context: Context | None = None) -> "LatentVariableModel":
        """The plain model with the prior of a context, or its own: itself, unless it is amortised over its prior.

        Raises:
            ConfigError: for a context, unless it is one that an amortised model knows.
        """
        self.config.at(context)
        return self

    def at_random(self, rows: int) -> "LatentVariableModel":
        """The model that B images are trained with: itself, unless it is amortised over its prior."""
        return self

    def gate_maps(self) -> dict[str, list[tuple[Tensor, Tensor]]]:
        """Weight and bias of each affine map of the gates of "encoder" and "decoder"; none unless it is amortised."""
        return {}

    def paths(
        self,
        x: Tensor,
        q: LatentDistribution,
        latents: Latents,
        draw: Draw,
        features: Tensor | None = None,
        decoded: int | None = None,
    ) -> Paths:
        """Continues draws of the first layer through the layers below.

        Args:
            x: (B, X), binary images.
            q: the first layer's posterior.
            latents: draws of it, (K, *S, B, D).
            draw: how codes are drawn in each layer below, for example `every_component`.
            features: of the images, (B, H), if they are known already.
            decoded: M, the components of each layer that paths go on from (`dlgmm_core.model.strata`); all by default.
        """
        layers = [_layer_draws(q, self.prior(), latents, decoded, len(x))]
        codes, shape = layers[0].code, latents.code.shape
        for below in self._stack[1:]:
            features = self.features(x) if features is None else features
            context = codes.flatten(0, -2)
            with self._products(x.device):
                q, p = below.head(features, context), below.prior(context)
            layers.append(_layer_draws(q, p, draw(q), decoded, len(x)))
            drawn = layers[-1].code
            codes = torch.cat([context.expand(*drawn.shape[:-1], -1), drawn], -1)
        return Paths(tuple(layers), codes.reshape(-1, *shape[1:-1], codes.shape[-1]))

    def decode(self, codes: Tensor) -> BernoulliLikelihood:
        """p(x|z) for codes of all layers, one after the other (*batch, C)."""
        if not self.config.skip and len(self._stack) > 1:
            codes = codes[..., -self._stack[-1].code_dim :]
        with self._products(codes.device):
            likelihood: BernoulliLikelihood = self.decoder(codes)
        return likelihood

    def likelihood(self, code: Tensor) -> BernoulliLikelihood:
        """p(x|z) for codes (*batch, D) of the first layer, or for those of the first few layers, one after the other.

        In the layers below these, codes are the means of their priors.
        """
        rows = code.reshape(-1, code.shape[-1])
        for above, below in enumerate(self._stack[1:], 1):
            if rows.shape[-1] == sum(layer.code_dim for layer in self._stack[:above]):
                with self._products(code.device):
                    rows = torch.cat([rows, below.prior(rows).mean], -1)
        return self.decode(rows.reshape(*code.shape[:-1], rows.shape[-1]))

    def chosen_path(self, x: Tensor, draw: Draw) -> Paths:
        """One path for each of binary images x (B, X), its codes (1, 1, B, D) chosen in the same way in every layer.

        Args:
            x: (B, X).
            draw: how: `mean_code`, `one_component` or `largest_component`.
        """
        features = self.features(x)
        q = self.posterior_of(features)
        return self.paths(x, q, draw(q), draw, features)

    def reconstruction(self, x: Tensor) -> BernoulliLikelihood:
        """p(.|z) for the mean codes of binary images x (B, X), those of each layer given the means above; (B, X)."""
        return self.decode(self.chosen_path(x, mean_code).code[0, 0])

    @torch.no_grad()
    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """Ancestral samples: the codes of all layers (count, C), and the component (L, count) of each layer's."""
        codes: list[Tensor] = []
        components: list[Tensor] = []
        for layer in self._stack:
            p = layer.prior(torch.cat(codes, -1)) if codes else self.prior()
            code, component = p.sample_with_component(torch.Size([] if codes else [count]))
            codes.append(code.reshape(count, -1))
            components.append(component.reshape(count))
        return torch.cat(codes, -1), torch.stack(components)

    def _products(self, device: torch.device) -> AbstractContextManager[object]:
        return nullcontext() if self.product_type == torch.float32 else torch.autocast(device.type, self.product_type)


def _layer_draws(
    q: LatentDistribution, p: LatentDistribution, latents: Latents, decoded: int | None, images: int
) -> LayerDraws:
    strata = None if decoded is None else choose_strata(q, decoded, latents.code.shape[1], images)
    return LayerDraws(q, p, latents, strata)
