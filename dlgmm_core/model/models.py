r"""One latent-variable model, and the table of the four that the paper compares.

.. math:: p(x) = \int p(x \mid z)\, p(z)\, dz, \qquad q(z \mid x) \approx p(z \mid x)

A model is an encoder (image -> posterior), a prior and a decoder (code -> likelihood). The models
differ in the kind of latent distribution alone, so a fifth one is a builder and a row in `MODELS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dlgmm_core.config import ConfigError, ModelConfig
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.networks import (
    BernoulliDecoder,
    BernoulliLikelihood,
    MixtureHead,
    MixturePrior,
    NormalHead,
    NormalPrior,
    SticksHead,
    SticksPrior,
    hidden_layer,
)

__all__ = ["MODELS", "LatentVariableModel", "ModelFamily", "build_model", "family_of"]


class LatentVariableModel(nn.Module):
    """p(x, z) = p(x|z) p(z) with an amortised posterior q(z|x).

    Attributes:
        config: architecture and prior.
        product_type: in which the networks multiply matrices; `torch.bfloat16` is faster where the hardware
            has it, and everything else stays in the weights' type.

    Example:
        >>> model = build_model(ModelConfig("gauss-vae"))
        >>> latents = model.posterior(torch.zeros(8, 784)).stratified_rsample()
        >>> model.likelihood(latents.code).log_prob(torch.zeros(8, 784)).shape
        torch.Size([1, 8])
    """

    def __init__(self, config: ModelConfig, encoder: nn.Module, prior: nn.Module, decoder: BernoulliDecoder) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.prior_network, self.decoder = encoder, prior, decoder
        self.product_type = torch.float32

    def posterior(self, x: Tensor) -> LatentDistribution:
        """q(.|x) of binary images x (B, X)."""
        with self._products(x.device):
            distribution: LatentDistribution = self.encoder(x)
        return distribution

    def prior(self) -> LatentDistribution:
        """p(.), with a batch axis of length one."""
        distribution: LatentDistribution = self.prior_network()
        return distribution

    def likelihood(self, code: Tensor) -> BernoulliLikelihood:
        """p(x|code) for codes (*batch, D)."""
        with self._products(code.device):
            likelihood: BernoulliLikelihood = self.decoder(code)
        return likelihood

    def _products(self, device: torch.device) -> torch.autocast:
        return torch.autocast(device.type, self.product_type, enabled=self.product_type == torch.bfloat16)


def _features(config: ModelConfig) -> nn.Module:
    """The encoder's deterministic layer."""
    return hidden_layer(config.data_dim, config.hidden, config.encoder_activation)


def _gauss_vae(config: ModelConfig) -> LatentVariableModel:
    """Kingma & Welling (2014): a standard normal prior, a diagonal normal posterior."""
    return LatentVariableModel(
        config,
        encoder=nn.Sequential(_features(config), NormalHead(config.hidden, config.code_dim)),
        prior=NormalPrior(config.code_dim),
        decoder=BernoulliDecoder(config.code_dim, config.hidden, config.data_dim),
    )


def _process_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(1, alpha_0): a Dirichlet process' weights, truncated to `pieces`."""
    return SticksPrior(torch.ones(pieces - 1), torch.full((pieces - 1,), concentration))


def _dirichlet_sticks(pieces: int, concentration: float) -> SticksPrior:
    """v_k ~ Beta(alpha, (K - k) alpha), so that pi ~ Dirichlet(alpha, ..., alpha)."""
    pieces_left = torch.arange(pieces - 1, 0, -1, dtype=torch.float32)
    return SticksPrior(torch.full((pieces - 1,), concentration), concentration * pieces_left)


def _sb_vae(config: ModelConfig) -> LatentVariableModel:
    """Nalisnick & Smyth (2017): the code is a broken stick."""
    prior = _process_sticks(config.code_dim, config.concentration)
    return LatentVariableModel(
        config,
        encoder=nn.Sequential(_features(config), SticksHead(config.hidden, prior)),
        prior=prior,
        # A simplex point has coordinates near 1/T: scaled by T, the default initialisation fits it.
        decoder=BernoulliDecoder(config.code_dim, config.hidden, config.data_dim, code_scale=config.code_dim),
    )


def _mixture(config: ModelConfig, sticks: SticksPrior) -> LatentVariableModel:
    means, scales = (torch.tensor(values, dtype=torch.float32) for values in (config.prior_means, config.prior_scales))
    prior = MixturePrior(sticks, means, scales, config.code_dim, config.prior_components == "diagonal")
    return LatentVariableModel(
        config,
        encoder=nn.Sequential(_features(config), MixtureHead(config.hidden, prior)),
        prior=prior,
        decoder=BernoulliDecoder(config.code_dim, config.hidden, config.data_dim),
    )


def _dlgmm(config: ModelConfig) -> LatentVariableModel:
    """Nalisnick, Hertel & Smyth (2016), section 2: a finite mixture with Dirichlet weights."""
    return _mixture(config, _dirichlet_sticks(config.num_components, config.concentration))


def _dldpmm(config: ModelConfig) -> LatentVariableModel:
    """Nalisnick, Hertel & Smyth (2016), section 2: weights of a truncated Dirichlet process."""
    return _mixture(config, _process_sticks(config.num_components, config.concentration))


@dataclass(frozen=True)
class ModelFamily:
    """A row of the table: how a model is built, and what the app and the recipes must know of it.

    Attributes:
        label: the paper's name for it.
        colour: of its curves and marks, as #rrggbb.
        sentence: what its prior over codes is, for somebody who has never seen one.
        build: from a configuration to an untrained model.
        code_kind: "real", any D numbers, or "simplex", D positive numbers that sum to one: the pieces of a stick.
        has_components: whether its prior is a mixture with means and scales.
        default_components: K of the paper.
        default_concentration: alpha or alpha_0.
        tuned_draws: per component in the bound of the tuned recipe, such that models decode about equally many codes.
        smallest_code: the least D that makes sense.
    """

    label: str
    colour: str
    sentence: str
    build: Callable[[ModelConfig], LatentVariableModel]
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
        "A broken stick: the code itself is the list of its pieces, which sum to one.",
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


def family_of(config: ModelConfig) -> ModelFamily:
    """The row of the table that a configuration is of.

    Raises:
        ConfigError: for an unknown model, or components where the model has none.
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
    """An untrained model, its weights drawn from the global random state.

    Raises:
        ConfigError: as `family_of`.
    """
    return family_of(config).build(config)
