"""The history of a training run, one entry per epoch, and its file.

`history.csv` has a line for every epoch and a column for every number; for a mixture, also a column
for the mean weight of each component, `usage_1`, `usage_2` and so on.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from dlgmm_core.checks import ConfigError, Record
from dlgmm_core.runtime.files import brief, write_atomically
from dlgmm_core.store.checkpoints import HIGHEST_LOG_LIKELIHOOD, HISTORY
from dlgmm_core.store.files import CheckpointError, is_file

__all__ = ["EpochMetrics", "check_history", "read_history", "write_history"]


@dataclass(frozen=True)
class EpochMetrics(Record):
    """One epoch of a run: bounds in nats per image, higher is better.

    Attributes:
        epoch: counted from 1.
        train_bound: mean over the epoch, during which the weights change.
        valid_bound: after the epoch, with the same random draws every time.
        best_epoch, best_valid_bound: of the best epoch so far.
        seconds: duration of the epoch.
        usage: (K,) mean of E[pi|x] over validation images after the epoch; empty without a mixture.
    """

    epoch: int
    train_bound: float
    valid_bound: float
    best_epoch: int
    best_valid_bound: float
    seconds: float
    usage: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Checks that all values are numbers."""
        for name, kind in _NUMBERS.items():
            value = getattr(self, name)
            if type(value) is not int and (kind is int or type(value) is not float):
                raise ConfigError(f"{name} must be a number, not {value!r}.")
        if not isinstance(self.usage, tuple) or not all(type(share) is float for share in self.usage):
            raise ConfigError(f"usage must be numbers, not {self.usage!r}.")


_RESTORE = "restore it, or remove it"
_USAGE = "usage_"
_NUMBERS = {f.name: int if f.type is int else float for f in fields(EpochMetrics) if f.name != "usage"}


def write_history(folder: Path, history: Sequence[EpochMetrics]) -> None:
    """Writes all epochs of a run, replacing the file.

    Raises:
        StorageError: if the file cannot be written.
    """
    components = max((len(entry.usage) for entry in history), default=0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_NUMBERS, *(f"{_USAGE}{k + 1}" for k in range(components))])
    for entry in history:
        writer.writerow([*(getattr(entry, name) for name in _NUMBERS), *entry.usage])
    write_atomically(folder / HISTORY, text.getvalue().encode())


def read_history(folder: Path) -> list[EpochMetrics]:
    """The finished epochs of a run; empty if there are none yet.

    Raises:
        CheckpointError: if the file is not a history.
    """
    path = folder / HISTORY
    if not is_file(path, _RESTORE):
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            history = [_entry(line) for line in csv.DictReader(file, restkey="")]
        check_history(history)
        return history
    except (OSError, OverflowError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a valid training history ({brief(error)}): {_RESTORE}.") from error


def check_history(history: Sequence[EpochMetrics]) -> None:
    """Checks that epochs are counted from 1, their numbers are possible, and the best so far is recorded with each.

    Raises:
        ValueError: if they are not.
    """
    best = -math.inf
    for number, entry in enumerate(history, start=1):
        if entry.epoch != number:
            raise ValueError(f"epoch {entry.epoch} is in the place of epoch {number}")
        values = (entry.train_bound, entry.valid_bound, entry.best_valid_bound, entry.seconds, *entry.usage)
        if not all(map(math.isfinite, values)):
            raise ValueError(f"a number of epoch {number} is not finite")
        if entry.seconds < 0 or not all(0 <= share <= 1 for share in entry.usage):
            raise ValueError(f"a duration or a share of epoch {number} is impossible")
        if max(entry.train_bound, entry.valid_bound) > HIGHEST_LOG_LIKELIHOOD:
            raise ValueError(f"a bound of epoch {number} is positive, and log p(x) never is")
        best = max(best, entry.valid_bound)
        of_best = history[entry.best_epoch - 1].valid_bound if 1 <= entry.best_epoch <= number else math.nan
        if not of_best == entry.best_valid_bound == best:
            raise ValueError(f"epoch {entry.best_epoch} is not the best one up to epoch {number}")


def _entry(line: dict[str, str]) -> EpochMetrics:
    usage = tuple(float(value) for column, value in line.items() if column.startswith(_USAGE) and value)
    numbers = {name: kind(line[name]) for name, kind in _NUMBERS.items()}
    return EpochMetrics(**numbers, usage=usage)  # type: ignore[arg-type]
