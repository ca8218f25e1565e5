"""What tests of checkpoints share: one small model's configuration and recipe, and its weights in a folder."""

from pathlib import Path

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.store.checkpoints import save_checkpoint

CONFIG = ModelConfig("gauss-vae", 2, hidden=8, image_shape=(2, 2))
TRAIN = TrainConfig(bound="mixture", seed=3, learning_rate=1e-4)


def save(folder: Path, config: ModelConfig = CONFIG, epoch: int = 7, bound: float = -1.25) -> LatentVariableModel:
    """An untrained model's weights in a folder, as training would leave them."""
    model = build_model(config)
    save_checkpoint(folder, model.state_dict(), config, TRAIN, epoch, bound)
    return model
