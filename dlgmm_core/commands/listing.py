"""`list`: the checkpoints of a folder, and what is wrong with those that cannot be read."""

import argparse
import os

from dlgmm_core.model.models import MODELS
from dlgmm_core.options import add_folder
from dlgmm_core.runtime.wording import PROGRAM
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
            f" such as by: {PROGRAM} train dlgmm --checkpoints {options.checkpoints}."
        )
    for entry in entries:
        if isinstance(entry, BrokenCheckpoint):
            print(f"{entry.name:28} BROKEN   {entry.reason}")
        else:
            config = entry.model_config
            code, k = ("+".join(map(str, sizes)) for sizes in (config.code_dims, config.components))
            print(
                f"{entry.name:28} {MODELS[config.model].label:10} {entry.train_config.dataset:16}"
                f" D={code:<3} K={k:<3} epoch {entry.epoch:<4}"
                f" {entry.train_config.bound} {entry.valid_bound:.2f} nats"
            )
    return 0
