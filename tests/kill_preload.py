"""What the process that forks has done before: imported PyTorch, and what PyTorch imports at its first optimiser."""

from dlgmm_core.train.training import TrainingRun
from tests.kill_helpers import MODEL, TRAIN

TrainingRun.start(MODEL, TRAIN)
