"""`list`: the checkpoints of a folder, and what is wrong with those that cannot be read."""

import argparse
import os

from dlgmm_core.commands.columns import aligned
from dlgmm_core.model.models import MODELS
from dlgmm_core.options import add_folder
from dlgmm_core.runtime.program import command_on
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.listing import BrokenCheckpoint, list_checkpoints

__all__ = ["describe", "run"]


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each.

    Raises:
        CheckpointError: if there is no such folder, or it cannot be read.
    """
    entries = list_checkpoints(options.checkpoints)
    if not os.path.isdir(options.checkpoints):
        raise CheckpointError(
            f"There is no folder {options.checkpoints}: give another one by --checkpoints, or train a model first,"
            f" such as by “{command_on(options.checkpoints, 'train', 'dlgmm')}”."
        )
    print(*aligned([_row(entry) for entry in entries]), sep="\n", end="\n" if entries else "")
    return 0


def _row(entry: Checkpoint | BrokenCheckpoint) -> tuple[str, ...]:
    if isinstance(entry, BrokenCheckpoint):
        return entry.name, "BROKEN", entry.reason
    config = entry.model_config
    code, k = ("+".join(map(str, sizes)) for sizes in (config.code_dims, config.components))
    return (
        entry.name,
        MODELS[config.model].label,
        entry.train_config.dataset,
        f"D={code}",
        f"K={k}",
        f"epoch {entry.epoch}",
        f"{entry.train_config.bound} {entry.valid_bound:.2f} nats",
    )
