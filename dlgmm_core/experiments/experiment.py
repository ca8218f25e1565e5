"""What an experiment is, and the settings that many of them share.

Reference: Nalisnick, Hertel & Smyth (2016), section 3.
"""

from dataclasses import dataclass, replace
from typing import Any

from dlgmm_core.checks import LARGEST_COUNT
from dlgmm_core.config import Context, ModelConfig, TrainConfig
from dlgmm_core.model.models import BASELINE, MODELS

__all__ = ["SHORT", "TUNED", "Experiment", "named_experiment", "paper_model"]

TYPICAL_EPOCHS = 200  # of a run that ends by early stopping, for an estimate of the time left


@dataclass(frozen=True)
class Experiment:
    """One model to be trained and measured.

    Attributes:
        name: of its checkpoint's folder.
        recipe: a name in `RECIPES`.
        model, train: what is trained, and how.
        eval_datasets: data sets on whose test sets it is evaluated.
        baseline: the experiment whose kNN votes its own are compared with, image by image.
        mapped: whether a t-SNE map of its codes is kept.
        exact: whether log p(x) is also summed over a grid, of codes of two numbers.
        contexts: of an amortised model, the priors at which all figures are measured besides its own.
        sweep: those at which only its bound and the use of its weights are.
    """

    name: str
    recipe: str
    model: ModelConfig
    train: TrainConfig
    eval_datasets: tuple[str, ...]
    baseline: str | None = None
    mapped: bool = False
    exact: bool = False
    contexts: tuple[Context, ...] = ()
    sweep: tuple[Context, ...] = ()

    @property
    def expected_epochs(self) -> int:
        """Expected number of training epochs."""
        return (
            self.train.max_epochs if self.train.schedule != "constant" else min(TYPICAL_EPOCHS, self.train.max_epochs)
        )


def paper_model(name: str, code_dim: int = 25, **changes: Any) -> ModelConfig:
    """The paper's configuration of a model, with some fields changed; means and scales are as many as components.

    Raises:
        ConfigError: if the changes make no sense.
    """
    family = MODELS[name]
    given = changes.get("prior_means") or changes.get("prior_scales")
    k = changes.get("num_components", len(given) if given else family.default_components)
    means, scales = ((number,) * min(k, LARGEST_COUNT) for number in (0.0, 1.0))  # more are refused below
    paper = {"num_components": k, "prior_means": means, "prior_scales": scales}
    return ModelConfig(name, code_dim, **{"concentration": family.default_concentration, **paper, **changes})


SHORT = TrainConfig(learning_rate=1e-3, schedule="cosine", precision="bfloat16", max_epochs=40, patience=40)
"""The paper's bound and data with a sixth of the epochs, by a learning rate that decreases to zero."""

TUNED = replace(SHORT, binarization="dynamic", bound="iwae", data_bias=True)
"""Settings of all tuned rows: the IWAE bound, a new binarization every epoch, and learnt components."""


def named_experiment(recipe: str, model: ModelConfig, train: TrainConfig, variant: str = "") -> Experiment:
    """An experiment, named after data set, model, variant and seed; a mixture's baseline is the Gauss-VAE likewise."""
    ending = variant + (f"-seed{train.seed}" if train.seed else "")
    return Experiment(
        f"{train.dataset}-{model.model}{ending}",
        recipe,
        model,
        train,
        ("mnist", "binarized-mnist") if train.dataset == "mnist" else (train.dataset,),
        baseline=f"{train.dataset}-{BASELINE}{ending}" if MODELS[model.model].has_components else None,
    )
