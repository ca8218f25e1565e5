"""log p(x) by importance sampling against its decoder's products, and the bound's cost against K."""

from dataclasses import replace

import numpy as np
import torch

from benchmarks.measuring import Measured, compare
from dlgmm_core.evaluation import log_likelihood
from dlgmm_core.experiments import paper_model
from dlgmm_core.models import build_model
from dlgmm_core.objectives import elbo

IMAGES, SAMPLES = 20, 5000
COMPONENTS = (1, 2, 4, 8, 16, 32, 64)


def measure() -> list[Measured]:
    """S = 5000 for each model of the paper."""
    found = []
    rng = np.random.default_rng(0)
    images = (rng.random((IMAGES, 784)) < 0.13).astype(np.uint8)
    for name in ("gauss-vae", "dlgmm", "dldpmm"):
        model = build_model(paper_model(name))
        hidden, output = model.decoder.hidden[0], model.decoder.logits
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


def linearity() -> float:
    """R squared of a straight line through the cost of a DLGMM's bound and gradient against K."""
    x = (torch.rand(100, 784) < 0.13).float()

    def work(k: int):  # type: ignore[no-untyped-def]
        config = replace(paper_model("dlgmm"), num_components=k, prior_means=(0.0,) * k, prior_scales=(1.0,) * k)
        model = build_model(config)
        return lambda: elbo(model, x, "eq1").mean().backward()

    seconds = compare(*(work(k) for k in COMPONENTS), rounds=7)
    return float(np.corrcoef(COMPONENTS, seconds)[0, 1] ** 2)
