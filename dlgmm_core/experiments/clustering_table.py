"""Experiments on mixtures whose components find groups of images.

Encoder and decoder start as a Gauss-VAE's, the components as a Gaussian mixture of its codes; then all are trained.

Reference: Z. Jiang et al., "Variational deep embedding", IJCAI 2017 (this start, for one layer of components).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.experiments.experiment import SHORT, TUNED, Experiment, named_experiment, paper_model
from dlgmm_core.model.models import BASELINE, MODELS

__all__ = ["CLUSTERS_BY", "CLUSTERS_SEEDS", "clusters", "clusters_by", "clusters_deep"]

CLUSTERS = replace(SHORT, binarization="dynamic", max_epochs=20, patience=20)
"""The paper's bound, which scores every posterior component under its own prior component, after a start."""

CLUSTERS_SEEDS = 3
BASELINE_SIZES = (10, 20)  # numbers of groups that k-means and Gaussian mixtures look for, those of the DLGMMs

CLUSTERS_BY: dict[str, dict[str, Any]] = {
    "recipe": {},
    "alpha": {"concentration": 1.0},
    "diagonal": {"prior_components": "diagonal"},
    "mixture": {"bound": "mixture"},
    "marginal": {"bound": "marginal"},
    "eq1-start": {"start_from": "mnist-gauss-vae"},
    "no-start": {"start_from": "", "data_bias": True, "max_epochs": 60, "patience": 60},
}
"""Changes of the clusters recipe, each alone, at ten epochs; without a start, at six times as many."""


# Name, data set, model, components, alpha, bound, seeds. At a small alpha one component can have nearly all of an
# image's weight. Weights that a Dirichlet process expects fall with k, so that its groups are looked for by p(k|x), on
# a bound with pi integrated out.
_CLUSTERS = (
    ("clusters10", "mnist", "dlgmm", 10, 0.05, "eq1", CLUSTERS_SEEDS),
    ("clusters20", "mnist", "dlgmm", 20, 0.05, "eq1", CLUSTERS_SEEDS),
    ("clusters20-mixture", "mnist", "dlgmm", 20, 0.025, "mixture", CLUSTERS_SEEDS),
    ("clusters30", "mnist", "dldpmm", 30, 5.0, "marginal", CLUSTERS_SEEDS),
    ("clusters10", "omniglot", "dlgmm", 10, 0.05, "eq1", 1),
)


def _from_gauss_vae(recipe: str, model: ModelConfig, start: Experiment, bound: str, variant: str) -> Experiment:
    """A mixture that starts from a Gauss-VAE, on its data and with its seed."""
    dataset, seed = start.train.dataset, start.train.seed
    train = replace(CLUSTERS, bound=bound, dataset=dataset, seed=seed, start_from=start.name)
    return replace(named_experiment(recipe, model, train, variant), baseline=start.name, mapped=True)


def _clusters_model(name: str, k: int, alpha: float, **changes: Any) -> ModelConfig:
    return paper_model(name, num_components=k, concentration=alpha, prior_components="full", **changes)


def clusters(tuned: Sequence[Experiment]) -> list[Experiment]:
    """Mixtures of three sizes, each from the tuned Gauss-VAE of its data and seed."""
    starts = {(e.train.dataset, e.train.seed): e for e in tuned if e.model.model == BASELINE}
    return [
        _from_gauss_vae("clusters", _clusters_model(name, k, alpha), starts[dataset, seed], bound, f"-{variant}")
        for variant, dataset, name, k, alpha, bound, seeds in _CLUSTERS
        for seed in range(seeds)
    ]


def clusters_deep() -> list[Experiment]:
    """K = 10 with two deterministic layers, and the Gauss-VAEs that these mixtures start from."""
    found = []
    settings = replace(TUNED, num_samples=MODELS["gauss-vae"].tuned_draws, max_epochs=60, patience=60)
    for seed in range(CLUSTERS_SEEDS):
        model = paper_model("gauss-vae", depth=2)
        start = named_experiment("clusters-deep", model, replace(settings, seed=seed), "-deep")
        mixture = _clusters_model("dlgmm", 10, 0.05, depth=2)
        found += [start, _from_gauss_vae("clusters-deep", mixture, start, "eq1", "-clusters10-deep")]
    return found


def clusters_by(recipe: Experiment) -> list[Experiment]:
    """One setting of an experiment changed at a time."""
    model, train = recipe.model.to_dict(), replace(recipe.train, max_epochs=10, patience=10).to_dict()
    found = []
    for name, change in CLUSTERS_BY.items():
        configs = [
            fields | {field: value for field, value in change.items() if field in fields} for fields in (model, train)
        ]
        config = ModelConfig.from_dict(configs[0]), TrainConfig.from_dict(configs[1])
        found.append(Experiment(f"clusters-by-{name}", "clusters-by", *config, ("mnist",)))
    return found
