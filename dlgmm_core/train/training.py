r"""Training: maximises the mean bound over a training set, whatever the model.

.. math:: \max_{\theta, \phi} \frac{1}{N} \sum_i L(x_i; \theta, \phi)

with Adam on shuffled mini-batches (Kingma & Ba, 2015), until the validation bound has not improved
for a number of epochs; the best weights are kept.

All randomness of an epoch depends on (seed, epoch) alone, and the caller's random state is restored.
A run resumed after any epoch therefore gives the same numbers as one that was never interrupted, and
draws that a caller makes between epochs have no effect.
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

from dlgmm_core.checks import COUNT
from dlgmm_core.config import ModelConfig, TrainConfig, require_step_size
from dlgmm_core.data.own import require_name
from dlgmm_core.data.splits import Dataset
from dlgmm_core.evaluate.likelihood import MOST_PATHS, weight_usage
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.objectives import lower_bound, require_objective
from dlgmm_core.runtime.device import device_of
from dlgmm_core.runtime.files import remove
from dlgmm_core.runtime.seeding import seeded
from dlgmm_core.store.checkpoints import TRAINING, save_checkpoint
from dlgmm_core.store.history import EpochMetrics, check_history, write_history
from dlgmm_core.train.adam import Adam
from dlgmm_core.train.diagnosis import diagnose
from dlgmm_core.train.schedule import betas, learning_rate
from dlgmm_core.train.state import copied, read_state, restore, write_state

__all__ = ["TrainingError", "TrainingRun", "fit", "keep"]

EVALUATION_BATCH = 500
USAGE_IMAGES = 1000  # of the validation set, over which the mixture weights are averaged
_INITIAL_WEIGHTS, _TRAINING, _VALIDATION = range(3)  # uses of the seed


class TrainingError(RuntimeError):
    """Training cannot continue; the message says at which step and why."""


@dataclass
class TrainingRun:
    """The state of training.

    Attributes:
        model: has the current weights, and the best ones once `fit` has ended.
        config: how it is trained.
        optimizer: Adam over the model's parameters.
        best_weights: of the epoch with the best validation bound.
        threads: of the process that trained the last epoch; with another number the last digits differ.
        history: one entry per finished epoch.
        data: the `digest` of the data set, from the first epoch on; empty in the first runs.
    """

    model: LatentVariableModel
    config: TrainConfig
    optimizer: Adam
    best_weights: dict[str, Tensor]
    history: list[EpochMetrics] = field(default_factory=list)
    threads: int = field(default_factory=torch.get_num_threads)
    data: str = ""

    @classmethod
    def start(cls, model_config: ModelConfig, config: TrainConfig, device: str = "cpu") -> "TrainingRun":
        """A run before its first epoch; its seed determines the initial weights.

        Weights from another model, `config.start_from`, are set by `mixture_start.start_run`.

        Raises:
            ConfigError: if there is no such model or bound, or a step would have too many codes.
        """
        require_objective(config.bound)
        require_step_size(model_config, config)
        with seeded(torch.device("cpu"), config.seed, _INITIAL_WEIGHTS):
            model = build_model(model_config)
        model.to(device)
        optimizer = Adam(model.parameters(), lr=config.learning_rate, betas=betas(config), fused=True)
        return cls(model, config, optimizer, copied(model.state_dict()))

    @property
    def other_threads(self) -> str:
        """A sentence for a run that goes on with another number of threads than before; empty, if it is the same."""
        now = torch.get_num_threads()
        if now == self.threads:
            return ""
        return (
            f"The run had {self.threads} threads before and has {now} now: the last digits of its figures may differ."
        )

    @property
    def finished(self) -> bool:
        """Whether early stopping or the largest number of epochs has ended the run."""
        if not self.history:
            return False
        last = self.history[-1]
        return last.epoch >= self.config.max_epochs or last.epoch - last.best_epoch >= self.config.patience

    def save(self, folder: str | Path) -> None:
        """Writes the best weights, the history and, unless finished, the state that `load` resumes from.

        Raises:
            StorageError: if a file cannot be written; the run can still be resumed from what was saved before.
            TrainingError: before the first epoch.
        """
        if not self.history:
            raise TrainingError("The run has no epoch yet: train one before it is saved.")
        folder, last = Path(folder), self.history[-1]
        # The state is written first and removed last: a process killed between two files can always resume.
        if not self.finished:
            write_state(folder, self.model, self.optimizer, self.best_weights, self._header())
        write_history(folder, self.history)
        # Weights without a state are a finished run, so the history comes first. Unchanged weights are written too:
        # if the process was killed between two files, those on disk may be older than the state.
        save_checkpoint(
            folder,
            self.best_weights,
            self.model.config,
            self.config,
            last.best_epoch,
            last.best_valid_bound,
            self.data,
        )
        if self.finished:
            remove(folder / TRAINING)

    @classmethod
    def load(cls, folder: str | Path, device: str = "cpu") -> "TrainingRun":
        """The run as it was last saved.

        Raises:
            CheckpointError: if there is no unfinished run, or it is damaged.
        """
        with read_state(Path(folder)) as (tensors, header):
            run = cls.start(ModelConfig.from_dict(header["model"]), TrainConfig.from_dict(header["train"]), device)
            require_name(run.config.dataset)
            run.history = [EpochMetrics.from_dict(entry) for entry in header["history"]]
            if not run.history:
                raise ValueError("it has no epoch")
            check_history(run.history)
            run.data = str(header.get("data", ""))
            run.threads = header.get("threads", run.threads)
            COUNT.require("threads", run.threads)
            if run.finished:
                raise ValueError("by its history the run has ended")
            run.best_weights = restore(run.model, run.optimizer, tensors)
        return run

    def _header(self) -> dict[str, object]:
        return {
            "model": self.model.config.to_dict(),
            "train": self.config.to_dict(),
            "history": [entry.to_dict() for entry in self.history],
            "threads": torch.get_num_threads(),
            "data": self.data,
        }


def fit(
    run: TrainingRun, dataset: Dataset, on_step: Callable[[int, int, float], None] | None = None
) -> Iterator[EpochMetrics]:
    """Trains until the run is finished, yielding after every epoch.

    Between two epochs the run may be saved or abandoned. At the end its model has the best weights.
    `on_step`, if given, is called with (step, steps per epoch, mean bound of the step's images) after every step.

    Raises:
        TrainingError: at the first step whose bound is not finite.
        DataError: if the images do not have the model's shape, or are others than those of earlier epochs.
    """
    dataset.require_shape(run.model.config.image_shape)
    if not run.history:
        run.data = dataset.digest
    dataset.require_digest(run.data, "This run")
    device = device_of(run.model)
    is_fixed = run.config.binarization == "fixed"
    train = torch.from_numpy(dataset.train.binary if is_fixed else dataset.train.grey).to(device)
    valid = torch.from_numpy(dataset.valid.binary).to(device)
    if run.config.data_bias and not run.config.start_from and not run.history:
        run.model.decoder.start_at(_ink(dataset).to(device))
    while not run.finished:
        epoch = len(run.history) + 1
        started = time.perf_counter()
        with seeded(device, run.config.seed, _TRAINING, epoch):
            train_bound = _train_epoch(run, train, epoch, on_step)
        with seeded(device, run.config.seed, _VALIDATION), torch.no_grad():
            valid_bound = _mean_bound(run, valid, epoch)
        best_epoch, best = 0, -math.inf
        if run.history:
            best_epoch, best = run.history[-1].best_epoch, run.history[-1].best_valid_bound
        if valid_bound > best:
            best_epoch, best = epoch, valid_bound
            run.best_weights = copied(run.model.state_dict())
        usage = _usage(run.model, dataset)
        seconds = time.perf_counter() - started
        run.history.append(EpochMetrics(epoch, train_bound, valid_bound, best_epoch, best, seconds, usage))
        yield run.history[-1]
    run.model.load_state_dict(run.best_weights)


def keep(folder: Path) -> None:
    """Ends an unfinished run: its best weights so far become a checkpoint, and it cannot be resumed.

    Raises:
        CheckpointError: if there is no unfinished run, or it is damaged.
    """
    run = TrainingRun.load(folder)
    run.save(folder)  # if a process was killed between two files, the weights may be older than the state
    remove(folder / TRAINING)


def _train_epoch(
    run: TrainingRun, images: Tensor, epoch: int, on_step: Callable[[int, int, float], None] | None
) -> float:
    """Mean bound over one epoch of (N, X) images, binary or, unless the binarization is fixed, grey levels.

    Of a grey level the bound has the mean log-probability over its binarizations.
    """
    size = run.config.batch_size
    steps = -(-len(images) // size)
    order = torch.randperm(len(images), device=images.device)
    total = torch.zeros((), dtype=torch.float64)
    for step, start in enumerate(range(0, len(images), size), start=1):
        x = images[order[start : start + size]].float()
        if run.config.binarization != "fixed":
            x = x / 255 if run.config.binarization == "grey" else torch.bernoulli(x / 255)
        with _products(run.model, run.config.precision):
            bounds = _bounds(run, x)
        loss = -bounds.mean()
        if not math.isfinite(value := loss.item()):
            raise _blown_up(run, x, f"The bound is {-value} at step {step} of epoch {epoch}")
        run.optimizer.param_groups[0]["lr"] = learning_rate(run.config, epoch, step / steps)
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()
        total -= value * len(x)
        if on_step is not None:
            on_step(step, steps, -value)
    return float(total / len(images))


def _ink(dataset: Dataset) -> Tensor:
    """(X,), probability of ink at every pixel of the training set, kept inside (0, 1) by Laplace's rule."""
    grey = dataset.train.grey
    return torch.from_numpy((grey.sum(0, dtype=np.float64) / 255 + 1) / (len(grey) + 2)).float()


@contextmanager
def _products(model: LatentVariableModel, precision: str) -> Iterator[None]:
    """Makes the networks compute matrix products in that type inside the block."""
    model.product_type = getattr(torch, precision)
    try:
        yield
    finally:
        model.product_type = torch.float32


def _bounds(run: TrainingRun, x: Tensor) -> Tensor:
    """(B,), the run's bound of binary images x (B, X)."""
    config = run.config
    return lower_bound(run.model.at_random(len(x)), x, config.bound, config.num_samples, config.decoded or None)


def _mean_bound(run: TrainingRun, images: Tensor, epoch: int) -> float:
    """Mean bound of the current weights over (N, X) binary images."""
    paths = run.config.decoded_of(run.model.config) * run.config.num_samples
    batches = images.split(max(1, min(EVALUATION_BATCH, MOST_PATHS // paths)))
    bounds = [_bounds(run, x.float()) for x in batches]
    mean = torch.cat(bounds).double().mean().item()
    if not math.isfinite(mean):
        x = next(x for x, each in zip(batches, bounds, strict=True) if not each.isfinite().all())
        raise _blown_up(run, x.float(), f"The validation bound is {mean} after epoch {epoch}")
    return mean


def _blown_up(run: TrainingRun, x: Tensor, what: str) -> TrainingError:
    """The error for a bound that is not finite for the images x (B, X); before the first step no rate is to blame."""
    quantity, remedy = diagnose(run.model, x, run.config.num_samples)
    cause = f", because {quantity} is not finite" if quantity else ""
    rate = f"a learning rate below {run.config.learning_rate:g}"
    if run.history:
        advice = f", and epoch {run.history[-1].epoch} is kept: resume with {rate}"
        advice += f", or begin a new run with {remedy}" if remedy else ""
    else:
        tries = [each for each in (rate if run.optimizer.state else "", remedy) if each]
        advice = f": try {', or '.join(tries) or 'other settings of the model'}"
    return TrainingError(f"{what}{cause}: training stopped{advice}.")


def _usage(model: LatentVariableModel, dataset: Dataset) -> tuple[float, ...]:
    """Mean weight of every component on the validation set, E[pi|x] without sampling; empty without a mixture."""
    if model.config.num_components == 1:
        return ()
    return weight_usage(model, dataset.valid.binary[:USAGE_IMAGES]).mean
