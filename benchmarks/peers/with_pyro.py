"""A Gauss-VAE in Pyro, as its tutorial has it: stochastic variational inference with the closed divergence.

Pyro sums over the batch where we take the mean, which Adam's steps do not depend on.

Reference: E. Bingham et al., "Pyro: Deep universal probabilistic programming", JMLR 2019.
"""

from copy import deepcopy

import pyro
from pyro import distributions
from pyro.infer import SVI, TraceMeanField_ELBO
from torch import Tensor

from benchmarks.peers.trainee import LEARNING_RATE, Trainee
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.networks import NormalHead

__all__ = ["pyro_vae"]


def pyro_vae(model: LatentVariableModel, x: Tensor) -> Trainee:
    """The networks of a Gauss-VAE, copied, trained on images x (B, X)."""
    pyro.enable_validation(False)
    pyro.clear_param_store()
    networks = deepcopy(model).train().requires_grad_()
    head, size = networks.layer.head, model.config.code_dim
    assert isinstance(head, NormalHead)
    linear = head.linear

    def generative(x: Tensor) -> None:
        pyro.module("decoder", networks.decoder)
        with pyro.plate("images", len(x)):
            z = pyro.sample("z", distributions.Normal(x.new_zeros(len(x), size), x.new_ones(len(x), size)).to_event(1))
            logits = networks.decoder(z).logits
            pyro.sample("x", distributions.Bernoulli(logits=logits).to_event(1), obs=x)

    def guide(x: Tensor) -> None:
        pyro.module("encoder", networks.encoder)
        pyro.module("head", linear)
        with pyro.plate("images", len(x)):
            loc, log_scale = linear(networks.encoder(x)).chunk(2, -1)
            pyro.sample("z", distributions.Normal(loc, log_scale.exp()).to_event(1))

    inference = SVI(generative, guide, pyro.optim.Adam({"lr": LEARNING_RATE}), TraceMeanField_ELBO())
    return Trainee(lambda: -inference.evaluate_loss(x) / len(x), lambda: inference.step(x))
