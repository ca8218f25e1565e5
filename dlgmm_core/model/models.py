"""The table of the four models that the paper compares, and how each is built from a configuration.

Models differ in their stochastic layers only (prior and posterior), so a fifth one is one builder and one row in
`MODELS`; with a builder of the layers below the first, it can have several. With a further builder it can be amortised
over its prior.

Reference: Nalisnick, Hertel & Smyth (2016), sections 2 and 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import torch

from dlgmm_core.checks import ConfigError, require
from dlgmm_core.config import ModelConfig
from dlgmm_core.model.amortised import AmortisedModel, amortised_part
from dlgmm_core.model.bodies import body_of
from dlgmm_core.model.conditional import ConditionalHead, ConditionalMixturePrior, ConditionalNormalPrior
from dlgmm_core.model.latent_variable_model import LatentVariableModel
from dlgmm_core.model.latents import LatentDistribution
from dlgmm_core.model.layers import Head, LatentPart, Layer, Prior
from dlgmm_core.model.networks import (
    MAX_LOG_SCALE,
    MixtureHead,
    MixturePrior,
    NormalHead,
    NormalPrior,
    SticksHead,
    SticksPrior,
    dirichlet_sticks,
    process_sticks,
)
from dlgmm_core.runtime.seeding import seeded

__all__ = [
    "BASELINE",
    "MODELS",
    "LatentVariableModel",
    "ModelFamily",
    "build_model",
    "family_of",
    "is_stick",
    "prior_of",
]


def _gauss_vae(config: ModelConfig) -> LatentPart:
    """Kingma & Welling (2014): a standard normal prior, a diagonal normal posterior."""
    _require_usual(config, "prior_means", "prior_scales", "concentration")
    head = partial(NormalHead, code_dim=config.code_dim)
    return LatentPart(NormalPrior(config.code_dim), head, config.code_dim)


def _normal_below(config: ModelConfig, context_dim: int) -> LatentPart:
    prior = ConditionalNormalPrior(config.code_dim, context_dim, config.hidden)
    return _below(
        config, context_dim, prior, partial(NormalHead, code_dim=config.code_dim, max_log_scale=MAX_LOG_SCALE)
    )


def _below(config: ModelConfig, context_dim: int, prior: Prior, head: Callable[[int], Head]) -> LatentPart:
    """A layer below the first, with the head of a first layer over units that read the context, too."""
    reads = partial(ConditionalHead, context_dim=context_dim, hidden=config.hidden, head=head)
    return LatentPart(prior, reads, config.code_dim)


def _sb_vae(config: ModelConfig) -> LatentPart:
    """Nalisnick & Smyth (2017): the code is a point of the simplex, made by stick breaking."""
    _require_usual(config, "prior_means", "prior_scales")
    prior = process_sticks(config.code_dim, config.concentration)
    # A simplex point has coordinates near 1/T: scaled by T, the default initialisation fits it.
    return LatentPart(prior, partial(SticksHead, prior=prior), config.code_dim, code_scale=config.code_dim)


def _require_usual(config: ModelConfig, *names: str) -> None:
    """Checks that settings which the model does not read are the usual ones.

    Raises:
        ConfigError: if one is not.
    """
    usual = ModelConfig(config.model)
    for name in names:
        sentence = f"{MODELS[config.model].label} does not use ⟨{name}⟩: leave it out."
        require(getattr(config, name) == getattr(usual, name), sentence)


SticksBuilder = Callable[[int, float], SticksPrior]
"""Builds the prior of the weights from the number of components and a concentration."""


def _mixture(config: ModelConfig, sticks: SticksBuilder) -> LatentPart:
    means, scales = (torch.tensor(values, dtype=torch.float32) for values in (config.prior_means, config.prior_scales))
    of_weights = sticks(config.num_components, config.concentration)
    prior = MixturePrior(of_weights, means, scales, config.code_dim, config.prior_components)
    return LatentPart(prior, partial(MixtureHead, prior=prior), config.code_dim)


def _mixture_below(config: ModelConfig, context_dim: int, sticks: SticksBuilder) -> LatentPart:
    prior = ConditionalMixturePrior(
        sticks(config.num_components, config.concentration),
        config.num_components,
        config.code_dim,
        context_dim,
        config.hidden,
    )
    return _below(config, context_dim, prior, partial(MixtureHead, prior=prior, max_log_scale=MAX_LOG_SCALE))


def _dlgmm(config: ModelConfig) -> LatentPart:
    """Nalisnick, Hertel & Smyth (2016), section 2: a finite mixture with Dirichlet weights."""
    return _mixture(config, dirichlet_sticks)


def _dldpmm(config: ModelConfig) -> LatentPart:
    """Nalisnick, Hertel & Smyth (2016), section 2: weights of a truncated Dirichlet process."""
    return _mixture(config, process_sticks)


@dataclass(frozen=True)
class ModelFamily:
    """A row of the table of models: how a model is built, and what the app and the recipes need to know.

    Attributes:
        label: the paper's name for it.
        colour: of its curves and marks, as #rrggbb.
        sentence: its prior over codes, explained to a newcomer.
        build: builds the latent part of an untrained model from a configuration.
        code_kind: "real", any D numbers, or "simplex", D positive numbers that sum to one; see `is_stick`.
        has_components: whether its prior is a mixture with means and scales.
        default_components: K of the paper.
        default_concentration: alpha or alpha_0.
        tuned_draws: draws per component in the bound of the tuned recipe; models then decode about equally many codes.
        smallest_code: the smallest D that the model allows.
        in_browser: whether the scripts in `dlgmm_core/takeaway` compute this prior and this posterior; otherwise pages
            ask the server, and there is no HTML file.
        starts_mixtures: whether a mixture can start from such a model: its prior is N(0, I), its head a `NormalHead`.
        build_below: builds the latent part of a layer below the first, from a configuration with that layer's sizes and
            the size of its context; None if the model has one layer only.
        build_amortised: builds the latent part of a model that is amortised over its prior; None if there is no such.
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
    in_browser: bool = False
    starts_mixtures: bool = False
    build_below: Callable[[ModelConfig, int], LatentPart] | None = None
    build_amortised: Callable[[ModelConfig], LatentPart] | None = None


MODELS: dict[str, ModelFamily] = {
    "gauss-vae": ModelFamily(
        "Gauss-VAE",
        "#5790fc",
        "One Gaussian: every code comes from the same standard normal distribution.",
        _gauss_vae,
        in_browser=True,
        starts_mixtures=True,
        build_below=_normal_below,
    ),
    "sb-vae": ModelFamily(
        "SB-VAE",
        "#c97b08",
        "A broken stick: the code is the list of its pieces, which sum to one.",
        _sb_vae,
        code_kind="simplex",
        default_concentration=5.0,
        smallest_code=2,
        in_browser=True,
    ),
    "dlgmm": ModelFamily(
        "DLGMM",
        "#e42536",
        "K Gaussian components: break a stick into K weights π, choose a component by them, draw the code from it.",
        _dlgmm,
        has_components=True,
        default_components=3,
        tuned_draws=2,
        in_browser=True,
        build_below=partial(_mixture_below, sticks=dirichlet_sticks),
        build_amortised=amortised_part,
    ),
    "dldpmm": ModelFamily(
        "DLDPMM",
        "#a15596",
        "An unlimited number of components, in principle: a stick is broken again and again (a Dirichlet process,"
        " truncated to T pieces).",
        _dldpmm,
        has_components=True,
        default_components=17,
        tuned_draws=1,
        in_browser=True,
        build_below=partial(_mixture_below, sticks=process_sticks),
    ),
}
"""The models by name."""

BASELINE = "gauss-vae"
"""The model that mixtures are compared with."""


def family_of(config: ModelConfig) -> ModelFamily:
    """The row of `MODELS` that a configuration names.

    Raises:
        ConfigError: for an unknown model, contexts, components or layers of a model without them, or too small a code.
    """
    if config.model not in MODELS:
        raise ConfigError(f"There is no model {config.model!r}: choose one of {', '.join(MODELS)}.")
    family = MODELS[config.model]
    if config.layers > 1 and family.build_below is None:
        raise ConfigError(f"{family.label} has one stochastic layer: ⟨layers⟩ must be 1, not {config.layers}.")
    if config.num_components > 1 and not family.has_components:
        raise ConfigError(f"{family.label} has no components: ⟨num_components⟩ must be 1, not {config.num_components}.")
    if max(config.components) > 1 and not family.has_components:
        raise ConfigError(f"{family.label} has no components: ⟨components_below⟩ must be 1.")
    if config.prior_components != "fixed" and not family.has_components:
        raise ConfigError(f"{family.label} has no components: ⟨prior_components⟩ must be fixed.")
    if config.contexts is not None and family.build_amortised is None:
        raise ConfigError(f"{family.label} cannot be amortised over its prior: leave ⟨contexts⟩ out.")
    if config.code_dim < family.smallest_code:
        raise ConfigError(f"{family.label} needs a ⟨code_dim⟩ of at least {family.smallest_code}.")
    return family


@lru_cache(maxsize=500)
def is_stick(config: ModelConfig) -> bool:
    """Whether a code is the pieces of a broken stick; a code that sums to one may be made otherwise, too."""
    return family_of(config).code_kind == "simplex" and prior_of(config).sticks is not None


def prior_of(config: ModelConfig) -> LatentDistribution:
    """The prior of an untrained model's first layer; the global random state stays as it is.

    Raises:
        ConfigError: as `family_of`.
    """
    with seeded("cpu", 0):
        return family_of(config).build(config).prior()


def build_model(config: ModelConfig) -> LatentVariableModel:
    """An untrained model, its initial weights drawn from the global random state.

    Raises:
        ConfigError: as `family_of` and `body_of`.
    """
    body, family = body_of(config), family_of(config)
    build = family.build if config.contexts is None else family.build_amortised
    assert build is not None
    latent = build(config)
    encoder = body.encoder(config)
    layers = [Layer(latent.prior, latent.head(config.hidden), latent.code_dim)]
    for index in range(1, config.layers):
        assert family.build_below is not None
        below = family.build_below(config.of_layer(index), sum(layer.code_dim for layer in layers))
        layers.append(Layer(below.prior, below.head(config.hidden), below.code_dim))
    read = sum(layer.code_dim for layer in layers) if config.skip else layers[-1].code_dim
    kind = LatentVariableModel if config.contexts is None else AmortisedModel
    return kind(config, encoder, layers, body.decoder(config, read, latent.code_scale))
