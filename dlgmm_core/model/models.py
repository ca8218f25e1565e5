r"""One latent-variable model, and the table of the four that the paper compares.

.. math:: p(x) = \int p(x \mid z)\, p(z)\, dz, \qquad q(z \mid x) \approx p(z \mid x)

A model is a body (image -> features, and code -> likelihood) around a stochastic layer (prior and posterior). The
models differ in that layer only, so a fifth model is one builder and one row in `MODELS`.

Reference: Nalisnick, Hertel & Smyth (2016), sections 2 and 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from dlgmm_core.config import ConfigError, ModelConfig
from dlgmm_core.model.bodies import BernoulliLikelihood, Decoder, body_of
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.layers import LatentPart, Layer
from dlgmm_core.model.networks import MixtureHead, MixturePrior, NormalHead, NormalPrior, SticksHead, SticksPrior

__all__ = ["MODELS", "LatentVariableModel", "ModelFamily", "build_model", "family_of"]


class LatentVariableModel(nn.Module):
    """p(x, z) = p(x|z) p(z) with an amortised posterior q(z|x).

    Attributes:
        config: architecture and prior.
        encoder: images (B, X) -> features (B, H).
        layers: the stochastic layers, of which there is one so far.
        decoder: codes (*batch, D) -> likelihood.
        product_type: number type of the networks' matrix products; `torch.bfloat16` is faster on hardware that
            supports it. Everything else stays in the type of the weights.

    Example:
        >>> model = build_model(ModelConfig("gauss-vae"))
        >>> latents = model.posterior(torch.zeros(8, 784)).stratified_rsample()
        >>> model.likelihood(latents.code).log_prob(torch.zeros(8, 784)).shape
        torch.Size([1, 8])
    """

    def __init__(self, config: ModelConfig, encoder: nn.Module, layer: Layer, decoder: Decoder) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.layers, self.decoder = encoder, nn.ModuleList([layer]), decoder
        self.product_type = torch.float32

    @property
    def layer(self) -> Layer:
        """The only stochastic layer."""
        (layer,) = self.layers
        assert isinstance(layer, Layer)
        return layer

    def posterior(self, x: Tensor, context: Tensor | None = None) -> LatentDistribution:
        """q(.|x, context) of binary images x (B, X)."""
        with self._products(x.device):
            distribution: LatentDistribution = self.layer.head(self.encoder(x), context)
        return distribution

    def prior(self, context: Tensor | None = None) -> LatentDistribution:
        """p(.|context); without a context, the batch axis has length one."""
        distribution: LatentDistribution = self.layer.prior(context)
        return distribution

    def likelihood(self, code: Tensor) -> BernoulliLikelihood:
        """p(x|code) for codes (*batch, D)."""
        with self._products(code.device):
            likelihood: BernoulliLikelihood = self.decoder(code)
        return likelihood

    def _products(self, device: torch.device) -> torch.autocast:
        return torch.autocast(device.type, self.product_type, enabled=self.product_type == torch.bfloat16)


def _gauss_vae(config: ModelConfig) -> LatentPart:
    """Kingma & Welling (2014): a standard normal prior, a diagonal normal posterior."""
    head = partial(NormalHead, code_dim=config.code_dim)
    return LatentPart(NormalPrior(config.code_dim), head, config.code_dim)


def _process_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(1, alpha_0): the weights of a Dirichlet process, truncated to `pieces`."""
    return SticksPrior(torch.ones(pieces - 1), torch.full((pieces - 1,), concentration))


def _dirichlet_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(alpha, (K - k) alpha), so that pi ~ Dirichlet(alpha, ..., alpha)."""
    pieces_left = torch.arange(pieces - 1, 0, -1, dtype=torch.float32)
    return SticksPrior(torch.full((pieces - 1,), concentration), concentration * pieces_left)


def _sb_vae(config: ModelConfig) -> LatentPart:
    """Nalisnick & Smyth (2017): the code is a point of the simplex, made by stick breaking."""
    prior = _process_sticks(config.code_dim, config.concentration)
    # A simplex point has coordinates near 1/T: scaled by T, the default initialisation fits it.
    return LatentPart(prior, partial(SticksHead, prior=prior), config.code_dim, code_scale=config.code_dim)


def _mixture(config: ModelConfig, sticks: SticksPrior) -> LatentPart:
    means, scales = (torch.tensor(values, dtype=torch.float32) for values in (config.prior_means, config.prior_scales))
    prior = MixturePrior(sticks, means, scales, config.code_dim, config.prior_components)
    return LatentPart(prior, partial(MixtureHead, prior=prior), config.code_dim)


def _dlgmm(config: ModelConfig) -> LatentPart:
    """Nalisnick, Hertel & Smyth (2016), section 2: a finite mixture with Dirichlet weights."""
    return _mixture(config, _dirichlet_sticks(config.num_components, config.concentration))


def _dldpmm(config: ModelConfig) -> LatentPart:
    """Nalisnick, Hertel & Smyth (2016), section 2: weights of a truncated Dirichlet process."""
    return _mixture(config, _process_sticks(config.num_components, config.concentration))


@dataclass(frozen=True)
class ModelFamily:
    """A row of the table of models: how a model is built, and what the app and the recipes need to know.

    Attributes:
        label: the paper's name for it.
        colour: of its curves and marks, as #rrggbb.
        sentence: its prior over codes, explained to a newcomer.
        build: builds the latent part of an untrained model from a configuration.
        code_kind: "real", any D numbers, or "simplex", D positive numbers that sum to one (the pieces of a stick).
        has_components: whether its prior is a mixture with means and scales.
        default_components: K of the paper.
        default_concentration: alpha or alpha_0.
        tuned_draws: draws per component in the bound of the tuned recipe; models then decode about equally many codes.
        smallest_code: the smallest D that the model allows.
    """

    label: str
    colour: str
    sentence: str
    build: Callable[[ModelConfig], LatentPart]
    code_kind: str = "real"
    has_components: bool = False
    default_components: int = 1
    default_concentration: float = 1.0
    tuned_draws: int = 5
    smallest_code: int = 1


MODELS: dict[str, ModelFamily] = {
    "gauss-vae": ModelFamily(
        "Gauss-VAE",
        "#5790fc",
        "One Gaussian: every code comes from the same standard normal distribution.",
        _gauss_vae,
    ),
    "sb-vae": ModelFamily(
        "SB-VAE",
        "#c97b08",
        "A broken stick: the code is the list of its pieces, which sum to one.",
        _sb_vae,
        code_kind="simplex",
        default_concentration=5.0,
        smallest_code=2,
    ),
    "dlgmm": ModelFamily(
        "DLGMM",
        "#e42536",
        "K Gaussian components: break a stick into K weights π, choose a component by them, draw the code from it.",
        _dlgmm,
        has_components=True,
        default_components=3,
        tuned_draws=2,
    ),
    "dldpmm": ModelFamily(
        "DLDPMM",
        "#a15596",
        "As many components as it takes: a stick broken on and on (a Dirichlet process, truncated to T pieces).",
        _dldpmm,
        has_components=True,
        default_components=17,
        tuned_draws=1,
    ),
}
"""The models by name."""


def family_of(config: ModelConfig) -> ModelFamily:
    """The row of `MODELS` that a configuration names.

    Raises:
        ConfigError: for an unknown model, components of a model without any, or too small a code.
    """
    if config.model not in MODELS:
        raise ConfigError(f"There is no model {config.model!r}: choose one of {', '.join(MODELS)}.")
    family = MODELS[config.model]
    if config.num_components > 1 and not family.has_components:
        raise ConfigError(f"{family.label} has no components: num_components must be 1, not {config.num_components}.")
    if config.prior_components != "fixed" and not family.has_components:
        raise ConfigError(f"{family.label} has no components: prior_components must be fixed.")
    if config.code_dim < family.smallest_code:
        raise ConfigError(f"{family.label} needs a code_dim of at least {family.smallest_code}.")
    return family


def build_model(config: ModelConfig) -> LatentVariableModel:
    """An untrained model, its initial weights drawn from the global random state.

    Raises:
        ConfigError: as `family_of` and `body_of`.
    """
    body, latent = body_of(config), family_of(config).build(config)
    encoder = body.encoder(config)
    layer = Layer(latent.prior, latent.head(config.hidden))
    return LatentVariableModel(config, encoder, layer, body.decoder(config, latent.code_dim, latent.code_scale))
