"""A row of `results.json`: a model, its training, its cost, and its figures on one test set.

Models have all fields; raw pixels and principal components, which are not trained, have only the first few and their
kNN errors.
"""

from dataclasses import dataclass, field

from dlgmm_core.config import Context, ModelConfig, TrainConfig
from dlgmm_core.store.figures import Figures

__all__ = ["Row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model, or baseline, on one test set.

    Attributes:
        model: a name in `MODELS`, or of the baseline.
        dataset, eval_dataset: the data set of training, and the one whose test set was used.
        recipe: a name in `RECIPES`, or "baseline".
        code_dim: size of a code.
        num_components, seed: of the model and its training.
        epochs, seconds: duration of training.
        stopped: what ended training, "patience" or "epochs".
        valid_bound: of the weights that were kept, by which runs are chosen.
        context: the prior at which a model that is amortised over its prior was measured; None for any other.
        figures: on the test set.
        model_config, train_config: the architecture and its prior, and the training.
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
    valid_bound: float | None = None
    context: Context | None = None
    figures: Figures = field(metadata={"inline": True})
    model_config: ModelConfig | None = field(default=None, metadata={"json": "architecture"})
    train_config: TrainConfig | None = field(default=None, metadata={"json": "training"})
    checkpoint: str | None = None
