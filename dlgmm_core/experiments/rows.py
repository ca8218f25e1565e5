"""A row of `results.json`: what was trained and how, what it cost, and its figures on one test set.

Models have all fields; of raw pixels and principal components, which are trained by nobody, only the first few and
their kNN errors are known.
"""

from dataclasses import dataclass, field
from typing import Any

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.evaluate.figures import Figures

__all__ = ["Row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model, or baseline, on one test set.

    Attributes:
        model: a name in `MODELS`, or of the baseline.
        dataset, eval_dataset: what it was trained on, and whose test set it was measured on.
        recipe: a name in `RECIPES`, or "baseline".
        code_dim: numbers in a code.
        num_components, seed: of the model and its training.
        epochs, seconds: that the training took.
        stopped: what ended it, "patience" or "epochs".
        figures: on the test set.
        architecture, training: the two configurations, as they were recorded.
        checkpoint: name of the folder.
    """

    model: str
    dataset: str
    eval_dataset: str
    recipe: str
    code_dim: int
    num_components: int | None = None
    seed: int | None = None
    epochs: int | None = None
    seconds: int | None = None
    stopped: str | None = None
    figures: Figures = field(metadata={"inline": True})
    architecture: dict[str, Any] | None = None
    training: dict[str, Any] | None = None
    checkpoint: str | None = None

    @property
    def model_config(self) -> ModelConfig | None:
        """The architecture by its fields of today; None for a baseline.

        Raises:
            ConfigError: if the record makes no sense.
        """
        return None if self.architecture is None else ModelConfig.from_dict(self.architecture)

    @property
    def train_config(self) -> TrainConfig | None:
        """The training by its fields of today; None for a baseline.

        Raises:
            ConfigError: if the record makes no sense.
        """
        return None if self.training is None else TrainConfig.from_dict(self.training)
