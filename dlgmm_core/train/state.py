"""The state of an unfinished run in its file: the current and the best weights, Adam's moments, and a header.

The header is that of the run: its configurations, its history, and the number of threads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.runtime.files import brief
from dlgmm_core.store.checkpoints import TRAINING
from dlgmm_core.store.files import CheckpointError, is_file, read_tensors, write_tensors
from dlgmm_core.train.adam import Adam

__all__ = ["copied", "read_state", "require_unfinished", "restore", "write_state"]

_REMEDY = "remove this file to end the run with its best epoch so far, or the folder to train again"


def write_state(
    folder: Path,
    model: LatentVariableModel,
    optimizer: Adam,
    best_weights: dict[str, Tensor],
    header: dict[str, Any],
) -> None:
    """Writes the state of a run.

    Raises:
        StorageError: if the file cannot be written; an earlier one is still there.
    """
    names = {id(p): name for name, p in model.named_parameters()}
    tensors = {
        **{f"model.{name}": tensor for name, tensor in model.state_dict().items()},
        **{f"best.{name}": tensor for name, tensor in best_weights.items()},
        **{
            f"optimizer.{key}.{names[id(parameter)]}": value
            for parameter, values in optimizer.state.items()
            for key, value in values.items()
        },
    }
    write_tensors(folder / TRAINING, tensors, header)


def require_unfinished(folder: Path) -> None:
    """Checks that there is a run to resume.

    Raises:
        CheckpointError: if there is none.
    """
    path = folder / TRAINING
    if not is_file(path, _REMEDY):
        raise CheckpointError(f"{path} is missing: this run has ended or never started, so it cannot be resumed.")


@contextmanager
def read_state(folder: Path) -> Iterator[tuple[dict[str, Tensor], dict[str, Any]]]:
    """Tensors and header of a state; if the block finds that they make no sense, the file is damaged.

    Raises:
        CheckpointError: if there is no unfinished run, or the file is damaged.
    """
    require_unfinished(folder)
    path = folder / TRAINING
    tensors, header = read_tensors(path, _REMEDY)
    try:
        yield tensors, header
    except (KeyError, OverflowError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {_REMEDY}.") from error


def restore(model: LatentVariableModel, optimizer: Adam, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Sets a model's weights and Adam's moments to those of a state, and returns the best weights.

    Raises:
        KeyError, ValueError, RuntimeError: if a tensor is missing, or is not what training can have computed.
    """
    _check_tensors(tensors)
    names = list(model.state_dict())
    model.load_state_dict({name: tensors[f"best.{name}"] for name in names})
    best_weights = copied(model.state_dict())
    model.load_state_dict({name: tensors[f"model.{name}"] for name in names})
    optimizer.load_state_dict({**optimizer.state_dict(), "state": _moments(model, tensors)})
    return best_weights


def copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies of weights, which further training does not change."""
    return {name: tensor.detach().clone() for name, tensor in weights.items()}


def _check_tensors(tensors: dict[str, Tensor]) -> None:
    """Checks the weights and Adam's state.

    Raises:
        ValueError: if one is not in float32, is not finite, or is below what Adam can have computed.
    """
    least = {"optimizer.step.": 1.0, "optimizer.exp_avg_sq.": 0.0}
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            raise ValueError(f"{name} is of the type {tensor.dtype}")
        if not tensor.isfinite().all():
            raise ValueError(f"{name} is not finite")
        if any(name.startswith(start) and (tensor < value).any() for start, value in least.items()):
            raise ValueError(f"{name} is too small")


def _moments(model: LatentVariableModel, tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Adam's state of every parameter.

    Raises:
        KeyError, ValueError: if one is missing, or does not have its parameter's shape.
    """
    state = {}
    for index, (name, parameter) in enumerate(model.named_parameters()):
        state[index] = {key: tensors[f"optimizer.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        for key, value in state[index].items():
            if value.shape != (torch.Size() if key == "step" else parameter.shape):
                raise ValueError(f"optimizer.{key}.{name} has the shape {tuple(value.shape)}")
    return state
