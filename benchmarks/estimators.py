"""Time of log p(x) by importance sampling, compared with the decoder's matrix products alone."""

import numpy as np
import torch

from benchmarks.measuring import Measured, compare
from dlgmm_core.evaluate.likelihood import log_likelihood
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.model.bodies import DenseDecoder
from dlgmm_core.model.models import build_model

IMAGES, SAMPLES = 20, 5000


def measure() -> list[Measured]:
    """S = 5000 for each model of the paper."""
    found = []
    rng = np.random.default_rng(0)
    images = (rng.random((IMAGES, 784)) < 0.13).astype(np.uint8)
    for name in ("gauss-vae", "dlgmm", "dldpmm"):
        model = build_model(paper_model(name))
        assert isinstance(model.decoder, DenseDecoder)
        hidden, output = model.decoder.hidden[0], model.decoder.output
        assert isinstance(hidden, torch.nn.Linear)
        codes, features = torch.randn(IMAGES, model.config.code_dim), torch.randn(IMAGES, model.config.hidden)

        def products(codes=codes, features=features, hidden=hidden, output=output) -> None:  # type: ignore[no-untyped-def]
            with torch.no_grad():
                for _ in range(SAMPLES // IMAGES):
                    hidden(codes.repeat(IMAGES, 1))
                    output(features.repeat(IMAGES, 1))

        ours, theirs = compare(
            lambda model=model: log_likelihood(model, images, SAMPLES),  # type: ignore[misc]
            products,
            rounds=2,
        )
        found.append(Measured(f"log p(x), S = {SAMPLES}, {name}", "its decoder's products alone", ours, theirs, 1.5))
    return found
