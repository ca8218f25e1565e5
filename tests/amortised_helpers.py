"""What tests of amortised models in the app share: one whose gates are not those of an untrained model, all zero."""

from pathlib import Path

import torch

from dlgmm_core.config import Context, ContextSampler, ModelConfig, TrainConfig
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

CONFIG = ModelConfig(
    "dlgmm", 3, 4, (-1.5, -0.5, 0.5, 1.5), (0.8,) * 4, hidden=32, contexts=ContextSampler(), gate_units=16
)
ELSEWHERE = Context((1.25, -0.5, 2.0, -1.75), 0.05)


def save_amortised(folder: Path) -> tuple[AmortisedModel, Checkpoint]:
    """A model whose gates, features and decoder depend on its context, in a folder."""
    torch.manual_seed(0)
    model = build_model(CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    save_checkpoint(folder, model.state_dict(), CONFIG, TrainConfig(), 3, -100.0)
    found, checkpoint = load_checkpoint(folder)
    assert isinstance(found, AmortisedModel)
    return found, checkpoint
