"""Heads start at the prior, and the decoder is a Bernoulli over pixels."""

import math

import pytest
import torch

from dlgmm_core.model.distributions import Kumaraswamy
from dlgmm_core.model.networks import (
    MAX_LOG_CONCENTRATION_OF_CODE,
    MixtureHead,
    MixturePrior,
    NormalHead,
    NormalPrior,
    SticksHead,
    SticksPrior,
)

HIDDEN, B = 8, 3
# beta_k of the priors in use whose alpha is one: there a Kumaraswamy can be equal to the Beta.
STICKS = {
    "uniform": [1.0, 1.0, 1.0, 1.0],
    "process at 5": [5.0, 5.0, 5.0, 5.0],
    "Dirichlet of 1": [4.0, 3.0, 2.0, 1.0],
}


def sticks_prior(kind: str) -> SticksPrior:
    return SticksPrior(torch.ones(4), torch.tensor(STICKS[kind]))


def mixture_prior() -> MixturePrior:
    sticks = SticksPrior(torch.ones(2), torch.tensor([2.0, 1.0]))
    return MixturePrior(sticks, torch.tensor([-4.0, 0.0, 4.0]), torch.tensor([0.5, 1.0, 2.0]), 6)


@pytest.mark.parametrize("kind", list(STICKS))
def test_stick_posteriors_start_at_their_prior(kind: str) -> None:
    prior = sticks_prior(kind)
    divergence = SticksHead(HIDDEN, prior)(torch.zeros(B, HIDDEN)).weights_kl(prior())
    # The soft bound on log b leaves b' a little below b: KL(Beta(1, b') || Beta(1, b)).
    limit = MAX_LOG_CONCENTRATION_OF_CODE
    bounded = [math.exp(limit * math.tanh(math.log(b) / limit)) for b in STICKS[kind]]
    cost = sum(math.log(c / b) + b / c - 1 for b, c in zip(STICKS[kind], bounded, strict=True))
    assert cost < 0.003
    assert divergence.tolist() == pytest.approx([cost] * B, abs=1e-4)


def test_sparse_dirichlet_sticks_start_near_their_prior() -> None:
    # Away from a = 1 a Kumaraswamy is no Beta: .63 nats by quadrature, and 4.09 had it started uniform.
    prior = SticksPrior(torch.full((4,), 0.1), torch.tensor([0.4, 0.3, 0.2, 0.1]))
    divergence = SticksHead(HIDDEN, prior)(torch.zeros(1, HIDDEN)).weights_kl(prior())
    assert divergence.item() == pytest.approx(0.630, abs=0.001)


def test_mixture_posteriors_start_at_their_prior() -> None:
    prior = mixture_prior()
    q, p = MixtureHead(HIDDEN, prior)(torch.zeros(B, HIDDEN)), prior()
    assert q.weights_kl(p).abs().max() < 0.001
    assert q.normal.loc.shape == (3, B, 6)
    # what the linear layer draws for its bias is within 1/sqrt(8) = .36
    assert (q.normal.loc - p.normal.loc).abs().max() < 0.36
    assert (q.normal.scale.log() - p.normal.scale.log()).abs().max() < 0.36
    assert not torch.equal(q.normal.loc[0] + 4, q.normal.loc[1]), "components must differ by more than their prior"


@pytest.mark.parametrize("size", [1e2, 1e6])
def test_stick_concentrations_stay_within_their_limit_whatever_the_features(size: float) -> None:
    head = SticksHead(HIDDEN, sticks_prior("uniform"))
    sticks = head(size * torch.randn(B, HIDDEN)).sticks
    assert isinstance(sticks, Kumaraswamy)
    for concentration in (sticks.log_concentration1, sticks.log_concentration0):
        assert concentration.shape == (B, 4)
        assert concentration.abs().max() <= MAX_LOG_CONCENTRATION_OF_CODE


def test_stick_head_reads_the_first_half_as_concentration1() -> None:
    prior = SticksPrior(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    sticks = SticksHead(HIDDEN, prior)(torch.zeros(1, HIDDEN)).sticks
    assert isinstance(sticks, Kumaraswamy)
    # the soft bound moves log 4 by 2.4 %
    torch.testing.assert_close(sticks.log_concentration1[0].exp(), torch.tensor([1.0, 2.0]), rtol=0.03, atol=0)
    torch.testing.assert_close(sticks.log_concentration0[0].exp(), torch.tensor([3.0, 4.0]), rtol=0.03, atol=0)


def test_normal_head_splits_location_from_log_scale() -> None:
    head = NormalHead(HIDDEN, 5)
    with torch.no_grad():
        head.linear.bias.copy_(torch.arange(10.0) / 10)
    q = head(torch.zeros(B, HIDDEN))
    torch.testing.assert_close(q.loc, (torch.arange(5.0) / 10).expand(B, 5))
    torch.testing.assert_close(q.scale, torch.exp(torch.arange(5.0, 10.0) / 10).expand(B, 5))


def test_priors_have_a_batch_of_one_and_no_parameters() -> None:
    for prior in (NormalPrior(6), sticks_prior("uniform"), mixture_prior()):
        assert not list(prior.parameters()) and not prior.state_dict()
        assert prior().mean.shape[0] == 1
    p = mixture_prior()()
    assert p.normal.loc.shape == (3, 1, 6)
    assert torch.equal(p.normal.loc[:, 0], torch.tensor([-4.0, 0.0, 4.0])[:, None].expand(3, 6))
    assert torch.equal(p.normal.scale[:, 0], torch.tensor([0.5, 1.0, 2.0])[:, None].expand(3, 6))
