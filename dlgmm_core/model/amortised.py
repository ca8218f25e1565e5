r"""One model for a whole range of priors: a mixture amortised over the means and the concentration of its prior.

Encoder, decoder, prior and head are told a context c (`dlgmm_core.model.contexts`), in training another one for each
image. A *gate* changes the units of the one deterministic layer of the encoder, and another one that of the decoder,

.. math:: h = \mathrm{relu}(W x + b + t(c)) \odot (1 + s(c)) + o(c)

with t, s and o from a network with two hidden layers, zero before training. The posterior starts at the prior that the
head is told: m_k is added to the means of its components, and log alpha to the logs of its sticks' concentrations.

At a fixed c all of this is part of the weights: the model is then a plain one, with the prior c (`AmortisedModel.at`).

References: E. Perez et al., "FiLM: visual reasoning with a general conditioning layer", AAAI 2018 (such gates); D. Ha,
A. Dai and Q. Le, "HyperNetworks", ICLR 2017. We know of no publication that amortises a mixture over its prior.
"""

import copy
import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from dlgmm_core.checks import require
from dlgmm_core.config import Context, ModelConfig
from dlgmm_core.model.bodies import BernoulliLikelihood, Decoder, DenseDecoder, affine_maps, bodies_with, body_of
from dlgmm_core.model.contexts import context_row, draw_contexts
from dlgmm_core.model.distributions import Beta
from dlgmm_core.model.latent_variable_model import LatentVariableModel
from dlgmm_core.model.layers import LatentPart, Layer
from dlgmm_core.model.mixture_latents import MixtureLatent
from dlgmm_core.model.networks import MixtureHead, MixturePrior, dirichlet_sticks, full_precision
from dlgmm_core.model.normals import DiagonalNormals
from dlgmm_core.runtime.seeding import seeded

__all__ = ["AmortisedHead", "AmortisedModel", "AmortisedPrior", "Gate", "amortised_part"]


def amortised_part(config: ModelConfig) -> LatentPart:
    """The part of an amortised mixture between encoder and decoder, before it is told a context.

    Raises:
        ConfigError: if its components differ in more than their means, or its body has no place for gates.
    """
    has_gates = body_of(config).has_gates and (config.depth, config.encoder_activation, config.layers) == (1, "relu", 1)
    require(
        has_gates and config.prior_components == "fixed" and len(set(config.prior_scales)) == 1,
        f"A model that is amortised over its prior has a {bodies_with('has_gates')} body of depth 1, a relu encoder,"
        " one stochastic layer, and fixed components with the same ⟨prior_scales⟩.",
    )
    k = config.num_components
    scales = torch.tensor(config.prior_scales, dtype=torch.float32)
    prior = AmortisedPrior(dirichlet_sticks(k, 1.0), torch.zeros(k), scales, config.code_dim)
    return LatentPart(prior, partial(AmortisedHead, prior=prior), config.code_dim)


class AmortisedPrior(MixturePrior):
    """Context (B, K+1) -> pi ~ Dirichlet(alpha, ..., alpha), and K normals with the means of the context."""

    def forward(self, context: Tensor | None = None) -> MixtureLatent:
        """p(z|context); the sticks' concentrations are in proportion to alpha."""
        assert context is not None
        alpha = context[:, -1:].exp()
        sticks = Beta(alpha * self.sticks.concentration1, alpha * self.sticks.concentration0)
        loc = context[:, :-1].T[..., None] + self.loc  # the latter is zero, (K, 1, D)
        return MixtureLatent(sticks, DiagonalNormals(loc, self.log_scale.exp().expand_as(loc)))


class AmortisedHead(MixtureHead):
    """Features (B, H) and a context (B, K+1) -> the posterior, which starts at the prior of that context."""

    def forward(self, features: Tensor, context: Tensor | None = None) -> MixtureLatent:
        """q(v|x, context) and q(z|v, x, context)."""
        assert context is not None
        loc, log_scale = self.components(features)
        sticks = full_precision(self.sticks, features) + context[:, -1:]
        return self.posterior(sticks, loc + context[:, :-1].T[..., None], log_scale)


class Gate(nn.Module):
    """Units of a deterministic layer, before their activation, and contexts -> the units' values."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        assert config.contexts is not None
        sizes = (config.num_components + 1, config.gate_units, config.gate_units)
        hidden = [part for size in pairwise(sizes) for part in (nn.Linear(*size), nn.ReLU())]
        last = nn.Linear(config.gate_units, 3 * config.hidden)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(*hidden, last)
        low, high = (math.log(getattr(config.contexts, f"{end}_concentration")) for end in ("smallest", "largest"))
        self.half_ranges = [config.contexts.largest_mean] * config.num_components + [(high - low) / 2]
        self.centres = [0.0] * config.num_components + [(high + low) / 2]

    def changes(self, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """t, s and o, (B, H) each, of contexts (B, K+1), whose numbers are first scaled to lie between -2 and 2."""
        scaled = 2 * (context - context.new_tensor(self.centres)) / context.new_tensor(self.half_ranges)
        threshold, scale, offset = self.net(scaled).chunk(3, -1)
        return threshold, scale, offset

    def affine_maps(self) -> list[tuple[Tensor, Tensor]]:
        """Weights and biases of the three layers, which read the context itself: scaling it is part of the first."""
        (weight, bias), *others = affine_maps(self.net)
        weight = weight * (2 / weight.new_tensor(self.half_ranges))
        return [(weight, bias - weight @ weight.new_tensor(self.centres)), *others]

    def forward(self, units: Tensor, context: Tensor) -> Tensor:
        """(N, H), from units (N, H) of rows whose last axis is the images, and contexts (B, K+1), or one of all."""
        threshold, scale, offset = self.changes(context)
        by_image = units.unflatten(0, (-1, len(context)))
        return (torch.relu(by_image + threshold) * (1 + scale) + offset).flatten(0, 1)


class AmortisedModel(LatentVariableModel):
    """A model that is told its prior; unless told another, it uses that of its configuration.

    Attributes:
        encoder_gate, decoder_gate: of the encoder's and of the decoder's deterministic layer.
    """

    encoder: nn.Sequential
    decoder: DenseDecoder
    context: Tensor

    def __init__(self, config: ModelConfig, encoder: nn.Module, layers: Sequence[Layer], decoder: Decoder) -> None:
        super().__init__(config, encoder, layers, decoder)
        self.encoder_gate, self.decoder_gate = Gate(config), Gate(config)
        self.context = context_row(config.context)

    def features(self, x: Tensor) -> Tensor:
        """As `LatentVariableModel.features`."""
        with self._products(x.device):
            features: Tensor = self.encoder_gate(self.encoder[0](x), self.context)
        return features

    def decode(self, codes: Tensor) -> BernoulliLikelihood:
        """As `LatentVariableModel.decode`, of codes whose last axis is the images, if each has its own context."""
        with self._products(codes.device):
            units = self.decoder.hidden[0](codes.reshape(-1, codes.shape[-1]))
            logits = self.decoder.logits_of(self.decoder_gate(units, self.context))
        return BernoulliLikelihood(logits.to(codes.dtype).reshape(*codes.shape[:-1], logits.shape[-1]))

    def gate_maps(self) -> dict[str, list[tuple[Tensor, Tensor]]]:
        """As `LatentVariableModel.gate_maps`."""
        return {"encoder": self.encoder_gate.affine_maps(), "decoder": self.decoder_gate.affine_maps()}

    def at_random(self, rows: int) -> "AmortisedModel":
        """The same model, with the same weights, told another context for each of B images, as training draws them."""
        assert self.config.contexts is not None
        contexts = draw_contexts(self.config.contexts, self.config.num_components, rows, self.context.device)
        return self.told(contexts.to(self.context))

    def told(self, contexts: Tensor) -> "AmortisedModel":
        """The same model, with the same weights, told contexts (B, K+1), one for each of B images, or one for all."""
        found = copy.copy(self)
        found._buffers = {**self._buffers, "context": contexts}
        return found

    @torch.no_grad()
    def at(self, context: Context | None = None) -> LatentVariableModel:
        """The plain model that this one is at a context, or at its own prior; its weights are copies.

        Components are in the order of the context's means. The posterior breaks the stick in ascending order of the
        means, so that a context in another order gives the same model but for the order of its components.

        Raises:
            ConfigError: if the context is out of range.
        """
        config = self.config.at(context)
        row = context_row(config.context).to(self.context)
        encoder, decoder = copy.deepcopy(self.encoder), copy.deepcopy(self.decoder)
        with seeded("cpu", 0):  # the weights drawn here are overwritten
            prior = _prior_at(config)
            head = MixtureHead(config.hidden, prior)
        layer = Layer(prior, head, config.code_dim)
        plain = LatentVariableModel(config, encoder, [layer], decoder).to(row)
        head.load_state_dict(self.layer.head.state_dict())
        _fold(self.encoder_gate, row, encoder[0], (head.sticks, head.linear))
        _fold(self.decoder_gate, row, decoder.hidden[0], (decoder.output,), decoder.data_bias)
        head.sticks.bias.add_(row[0, -1])
        k = config.num_components
        by_component = [each.unflatten(0, (2, k, -1)) for each in (head.linear.weight, head.linear.bias)]
        by_component[1][0].add_(row[0, :-1, None])
        order = torch.tensor(config.prior_means, device=row.device).argsort(stable=True)
        head.pieces = order.argsort()
        for each in by_component:
            each.copy_(each[:, head.pieces])
        return plain.train(self.training)


def _prior_at(config: ModelConfig) -> MixturePrior:
    """The prior of a plain model."""
    means, scales = (torch.tensor(values, dtype=torch.float32) for values in (config.prior_means, config.prior_scales))
    return MixturePrior(dirichlet_sticks(config.num_components, config.concentration), means, scales, config.code_dim)


def _fold(
    gate: Gate, row: Tensor, first: nn.Module, following: Sequence[nn.Linear], bias: Tensor | None = None
) -> None:
    """Makes a gate at one context (1, K+1) part of the weights of a layer and of those that read its units.

    Args:
        gate: to fold.
        row: the context.
        first: the layer whose units it changes.
        following: the layers that read them.
        bias: that of the following layer, if it is kept outside that layer.
    """
    threshold, scale, offset = (each[0] for each in gate.changes(row))
    assert isinstance(first, nn.Linear)
    first.bias.add_(threshold)
    for layer in following:
        (layer.bias if bias is None else bias).add_(layer.weight @ offset)
        layer.weight.mul_(1 + scale)
