"""A Gauss-VAE in pythae: its `VAE` with our networks, and the step of its trainer.

Its decoders return probabilities, and its encoders the log of the variance.

Reference: C. Chadebec, L. Vincent and S. Allassonniere, "Pythae", NeurIPS 2022.
"""

from copy import deepcopy

import torch
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from torch import Tensor

from benchmarks.peers.trainee import LEARNING_RATE, Trainee
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.networks import NormalHead

__all__ = ["pythae_vae"]


class _Encoder(BaseEncoder):  # type: ignore[misc]  # pythae has no types
    def __init__(self, model: LatentVariableModel) -> None:
        super().__init__()
        assert isinstance(model.layer.head, NormalHead)
        self.body, self.head = model.encoder, model.layer.head.linear

    def forward(self, x: Tensor) -> ModelOutput:
        loc, log_scale = self.head(self.body(x)).chunk(2, -1)
        return ModelOutput(embedding=loc, log_covariance=2 * log_scale)


class _Decoder(BaseDecoder):  # type: ignore[misc]
    def __init__(self, model: LatentVariableModel) -> None:
        super().__init__()
        self.body = model.decoder

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=torch.sigmoid(self.body(z).logits))


def pythae_vae(model: LatentVariableModel, x: Tensor) -> Trainee:
    """The networks of a Gauss-VAE, copied, trained on images x (B, X)."""
    networks = deepcopy(model).train().requires_grad_()
    config = VAEConfig(input_dim=(x.shape[1],), latent_dim=model.config.code_dim, reconstruction_loss="bce")
    vae = VAE(config, _Encoder(networks), _Decoder(networks))
    optimizer = torch.optim.Adam(vae.parameters(), lr=LEARNING_RATE)

    def bound() -> float:
        with torch.no_grad():
            return -vae({"data": x}).loss.item()

    def step() -> float:
        loss = vae({"data": x}).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return Trainee(bound, step)
