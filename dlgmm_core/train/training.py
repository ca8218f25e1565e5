r"""Maximises the mean bound over a training set: a generator that knows nothing of the model.

.. math:: \max_{\theta, \phi} \frac{1}{N} \sum_i L(x_i; \theta, \phi)

with Adam on shuffled mini-batches (Kingma & Ba, 2015), until the validation bound has not improved
for a number of epochs; the best weights are kept.

All randomness of an epoch follows from (seed, epoch) alone, and the caller's random state is left
as it was. So a run resumed after any epoch gives the same numbers as one never interrupted, and
what a caller draws between epochs changes nothing.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.likelihood import weight_usage
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.objectives import lower_bound, require_objective
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.files import brief, remove
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.checkpoints import TRAINING, save_checkpoint
from dlgmm_core.store.files import CheckpointError, read_tensors, write_tensors
from dlgmm_core.store.history import EpochMetrics, write_history
from dlgmm_core.train.diagnosis import diagnose

__all__ = ["TrainingError", "TrainingRun", "fit", "keep"]

EVALUATION_BATCH = 500
USAGE_IMAGES = 1000  # of the validation set, that the use of the components is averaged over
_INITIAL_WEIGHTS, _TRAINING, _VALIDATION = range(3)  # what a seed is for


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says at which step and why."""


@dataclass
class TrainingRun:
    """Everything that changes while a model is fitted.

    Attributes:
        model: holds the current weights; the best ones once `fit` has ended.
        config: how it is fitted.
        optimizer: Adam over the model's parameters.
        best_weights: of the epoch with the best validation bound.
        history: one entry per epoch finished.
    """

    model: LatentVariableModel
    config: TrainConfig
    optimizer: torch.optim.Adam
    best_weights: dict[str, Tensor]
    history: list[EpochMetrics] = field(default_factory=list)

    @classmethod
    def start(cls, model_config: ModelConfig, config: TrainConfig, device: str = "cpu") -> "TrainingRun":
        """A run before its first epoch; its seed decides the initial weights.

        Raises:
            ConfigError: if there is no such model or bound.
        """
        require_objective(config.bound)
        with seeded(torch.device("cpu"), config.seed, _INITIAL_WEIGHTS):
            model = build_model(model_config)
        model.to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        return cls(model, config, optimizer, _copy(model.state_dict()))

    @property
    def finished(self) -> bool:
        """Whether patience or the number of epochs is used up."""
        if not self.history:
            return False
        last = self.history[-1]
        return last.epoch >= self.config.max_epochs or last.epoch - last.best_epoch >= self.config.patience

    def save(self, folder: Path) -> None:
        """Writes the best weights, the history and, unless finished, what `load` resumes from.

        Raises:
            StorageError: if the disk refuses; what was saved before can still be resumed.
        """
        last = self.history[-1]
        # The state comes first and leaves last: a kill between the files then loses nothing that cannot be redone.
        if not self.finished:
            write_tensors(folder / TRAINING, self._state(), self._header())
        write_history(folder, self.history)
        # After the history, since without a state weights are a finished run. They are written even where they have
        # not changed: a kill may have left the file behind the state. The bytes are the same.
        save_checkpoint(
            folder,
            self.best_weights,
            self.model.config,
            self.config,
            last.best_epoch,
            last.best_valid_bound,
        )
        if self.finished:
            remove(folder / TRAINING)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> "TrainingRun":
        """The run as it was when it was last saved.

        Raises:
            CheckpointError: if there is nothing to resume, or it is damaged.
        """
        path = folder / TRAINING
        if not path.exists():
            raise CheckpointError(f"{path} is missing: this run has ended or never began; nothing to resume.")
        tensors, header = read_tensors(path)
        try:
            run = cls.start(ModelConfig.from_dict(header["model"]), TrainConfig.from_dict(header["train"]), device)
            run.history = [EpochMetrics.from_dict(entry) for entry in header["history"]]
            if not run.history:
                raise ValueError("it has no epoch")
            names = list(run.best_weights)
            run.model.load_state_dict({name: tensors[f"best.{name}"] for name in names})
            run.best_weights = _copy(run.model.state_dict())
            run.model.load_state_dict({name: tensors[f"model.{name}"] for name in names})
            run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": _moments(run.model, tensors)})
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} does not fit its own configuration ({brief(error)}): train again."
            ) from error
        return run

    def _state(self) -> dict[str, Tensor]:
        names = {id(p): name for name, p in self.model.named_parameters()}
        return {
            **{f"model.{name}": tensor for name, tensor in self.model.state_dict().items()},
            **{f"best.{name}": tensor for name, tensor in self.best_weights.items()},
            **{
                f"optimizer.{key}.{names[id(parameter)]}": value
                for parameter, values in self.optimizer.state.items()
                for key, value in values.items()
            },
        }

    def _header(self) -> dict[str, object]:
        return {
            "model": self.model.config.to_dict(),
            "train": self.config.to_dict(),
            "history": [entry.to_dict() for entry in self.history],
        }


def fit(
    run: TrainingRun, dataset: Dataset, on_step: Callable[[int, int], None] | None = None
) -> Iterator[EpochMetrics]:
    """Trains until the run is finished, yielding after every epoch.

    Between two epochs the run may be saved, abandoned or resumed. At the end its model holds the
    best weights. `on_step`, if given, is told (step, steps in an epoch) after every step.

    Raises:
        TrainingError: at the first step whose bound is not a finite number.
        DataError: if the images are not of the shape that the model is for.
    """
    dataset.require_shape(run.model.config.image_shape)
    device = device_of(run.model)
    dynamic = run.config.binarization == "dynamic"
    train = torch.from_numpy(dataset.train.grey if dynamic else dataset.train.binary).to(device)
    valid = torch.from_numpy(dataset.valid.binary).to(device)
    if run.config.data_bias and not run.history:
        run.model.decoder.start_at(_ink(dataset).to(device))
    while not run.finished:
        epoch = len(run.history) + 1
        started = time.perf_counter()
        with seeded(device, run.config.seed, _TRAINING, epoch):
            train_bound = _train_epoch(run, train, dynamic, epoch, on_step)
        with seeded(device, run.config.seed, _VALIDATION), torch.no_grad():
            valid_bound = _mean_bound(run, valid, epoch)
        best_epoch, best = 0, -math.inf
        if run.history:
            best_epoch, best = run.history[-1].best_epoch, run.history[-1].best_valid_bound
        if valid_bound > best:
            best_epoch, best = epoch, valid_bound
            run.best_weights = _copy(run.model.state_dict())
        usage = _usage(run.model, dataset)
        seconds = time.perf_counter() - started
        run.history.append(EpochMetrics(epoch, train_bound, valid_bound, best_epoch, best, seconds, usage))
        yield run.history[-1]
    run.model.load_state_dict(run.best_weights)


def keep(folder: Path) -> None:
    """Ends an unfinished run where it stands: its best weights stay as a checkpoint, and it cannot be resumed.

    Raises:
        CheckpointError: if there is no unfinished run, or it is damaged.
    """
    run = TrainingRun.load(folder)
    run.save(folder)  # a kill between two files may have left the weights behind the state
    remove(folder / TRAINING)


def _train_epoch(
    run: TrainingRun, images: Tensor, dynamic: bool, epoch: int, on_step: Callable[[int, int], None] | None
) -> float:
    """Mean bound over one pass through (N, X) images, binary or, if dynamic, grey levels."""
    size = run.config.batch_size
    run.optimizer.param_groups[0]["lr"] = _learning_rate(run.config, epoch)
    order = torch.randperm(len(images), device=images.device)
    total = torch.zeros((), dtype=torch.float64)
    for step, start in enumerate(range(0, len(images), size), start=1):
        x = images[order[start : start + size]].float()
        if dynamic:
            x = torch.bernoulli(x / 255)
        with _products(run.model, run.config.precision):
            bounds = lower_bound(run.model, x, run.config.bound, run.config.num_samples)
        loss = -bounds.mean()
        if not math.isfinite(value := loss.item()):
            raise _blown_up(run, x, f"The bound is {-value} at step {step} of epoch {epoch}")
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        run.optimizer.step()
        total -= value * len(x)
        if on_step is not None:
            on_step(step, -(-len(images) // size))
    return float(total / len(images))


def _learning_rate(config: TrainConfig, epoch: int) -> float:
    """Of one epoch, counted from 1: constant, or half a cosine from the first epoch to the last."""
    if config.schedule == "constant":
        return config.learning_rate
    return 0.5 * config.learning_rate * (1 + math.cos(math.pi * (epoch - 1) / config.max_epochs))


def _ink(dataset: Dataset) -> Tensor:
    """(X,), probability of ink in every pixel of the training set, kept inside (0, 1) by Laplace's rule."""
    grey = dataset.train.grey
    return torch.from_numpy((grey.sum(0, dtype=np.float64) / 255 + 1) / (len(grey) + 2)).float()


@contextmanager
def _products(model: LatentVariableModel, precision: str) -> Iterator[None]:
    """Within it the networks multiply matrices in that type."""
    model.product_type = getattr(torch, precision)
    try:
        yield
    finally:
        model.product_type = torch.float32


def _mean_bound(run: TrainingRun, images: Tensor, epoch: int) -> float:
    """Mean bound of the current weights over (N, X) binary images."""
    batches = images.split(EVALUATION_BATCH)
    bounds = [lower_bound(run.model, x.float(), run.config.bound, run.config.num_samples) for x in batches]
    mean = torch.cat(bounds).double().mean().item()
    if not math.isfinite(mean):
        x = next(x for x, each in zip(batches, bounds, strict=True) if not each.isfinite().all())
        raise _blown_up(run, x.float(), f"The validation bound is {mean} after epoch {epoch}")
    return mean


def _blown_up(run: TrainingRun, x: Tensor, what: str) -> TrainingError:
    """The error about a bound that is no finite number for the images x (B, X)."""
    culprit, cure = diagnose(run.model, x, run.config.num_samples)
    since = f", since {culprit} is no finite number" if culprit else ""
    kept = f", and epoch {run.history[-1].epoch} is kept" if run.history else ""
    other = f", or {cure}" if cure else ""
    return TrainingError(
        f"{what}{since}: training stopped{kept}; try a learning rate below {run.config.learning_rate:g}{other}."
    )


def _moments(model: LatentVariableModel, tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Adam's state of every parameter.

    Raises:
        KeyError, ValueError: if one is missing, or is not of its parameter's shape.
    """
    state = {}
    for index, (name, parameter) in enumerate(model.named_parameters()):
        state[index] = {key: tensors[f"optimizer.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        for key, value in state[index].items():
            if value.shape != (torch.Size() if key == "step" else parameter.shape):
                raise ValueError(f"optimizer.{key}.{name} has the shape {tuple(value.shape)}")
    return state


def _usage(model: LatentVariableModel, dataset: Dataset) -> tuple[float, ...]:
    """Mean weight of every component on the validation set, by no random draw; empty where there is no mixture."""
    if model.config.num_components == 1:
        return ()
    return weight_usage(model, dataset.valid.binary[:USAGE_IMAGES]).mean


def _copy(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in weights.items()}
