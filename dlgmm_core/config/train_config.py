"""The configuration of a training run."""

import math
from dataclasses import dataclass

from dlgmm_core.checks import (
    COUNT,
    COUNT_OR_ALL,
    LARGEST_COUNT,
    NAME,
    POSITIVE,
    SEED,
    YES_OR_NO,
    Record,
    one_of,
    require,
    setting,
)
from dlgmm_core.config.model_config import ModelConfig

__all__ = ["TrainConfig", "require_step_size"]


@dataclass(frozen=True)
class TrainConfig(Record):
    """How a model is trained, by Adam; the defaults are the paper's recipe.

    A "cosine" falls to zero over `max_epochs`, epoch by epoch; "one-cycle" rises from zero in the first tenth of all
    steps, and falls to zero by a cosine in the others, step by step; Adam then forgets squared gradients ten times as
    fast (β₂ = 0.99). Products in "bfloat16" are those of the networks while training; weights, densities and every
    measurement are float32 either way.
    """

    dataset: str = setting("mnist", NAME, "data set to learn")
    binarization: str = setting(
        "fixed",
        one_of("fixed", "dynamic", "grey"),
        "how training images become binary: by one draw for good, or by one every epoch; or not at all, and grey levels"
        " are probabilities of ink",
    )
    bound: str = setting("eq1", NAME, "bound to maximise")
    num_samples: int = setting(1, COUNT, "draws per component and image in the bound", "samples", "S")
    learning_rate: float = setting(3e-4, POSITIVE, "peak learning rate of Adam")
    schedule: str = setting("constant", one_of("constant", "cosine", "one-cycle"), "schedule of the learning rate")
    data_bias: bool = setting(
        False, YES_OR_NO, "start the output at the training set's mean image; a start from a Gauss-VAE has its own"
    )
    precision: str = setting(
        "float32", one_of("float32", "bfloat16"), "number type of the networks' matrix products in training"
    )
    batch_size: int = setting(100, COUNT, "images per step")
    max_epochs: int = setting(1000, COUNT, "epochs at most", "epochs")
    patience: int = setting(30, COUNT, "epochs without a better validation bound after which training ends")
    seed: int = setting(0, SEED, "seed of initial weights, shuffling and all noise")
    start_from: str = setting(
        "", NAME, "checkpoint of a Gauss-VAE that a mixture with learnt components starts from", metavar="NAME"
    )
    decoded: int = setting(
        0,
        COUNT_OR_ALL,
        "components of each layer that training and validation decode, drawn at random; 0 for all",
        metavar="M",
    )

    def decoded_of(self, model: ModelConfig) -> int:
        """The codes of a model that a step decodes for one draw and image."""
        return math.prod(min(k, self.decoded or k) for k in model.components)


def require_step_size(model: ModelConfig, train: TrainConfig) -> None:
    """Checks that a layer has the components to decode, and that the codes of a step are not too many.

    Raises:
        ConfigError: if it has not, or they are.
    """
    most = max(model.components)
    require(
        train.decoded <= most,
        f"⟨decoded⟩ must be at most {most}, the components of a layer, or 0 for all, not {train.decoded}.",
    )
    require(
        train.decoded_of(model) * train.num_samples * train.batch_size <= LARGEST_COUNT,
        f"⟨num_components⟩ x ⟨num_samples⟩ x ⟨batch_size⟩ must be at most {LARGEST_COUNT:,}: choose smaller ones.",
    )
