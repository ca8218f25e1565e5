"""`list`: the checkpoints of a folder, and what is wrong with those that cannot be read or have no weights."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from dlgmm_core.analysis.plane_survey import read_survey
from dlgmm_core.commands.columns import aligned
from dlgmm_core.commands.folder import other_folder_or_train, require_folder
from dlgmm_core.model.models import MODELS
from dlgmm_core.options import CHECKPOINTS, add_folder
from dlgmm_core.runtime.streams import say
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.history import read_history
from dlgmm_core.store.listing import BrokenCheckpoint, folders_without_weights, list_checkpoints
from dlgmm_core.store.measurements import read_context_measurements, read_measurements
from dlgmm_core.store.per_image import load_per_image
from dlgmm_core.store.tsne_map import load_map

__all__ = ["describe", "run"]


def describe(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each, and on it what is wrong; where there is none, says what to do.

    Raises:
        ConfigError: if there is no such folder, and it is not the usual one.
        CheckpointError: if it cannot be read.
    """
    entries = _entries(options.checkpoints)
    if not entries:  # not on standard output, of which every line is a checkpoint
        say(f"There is no checkpoint in {options.checkpoints}: {other_folder_or_train(options.checkpoints)}.")
        return 0
    print(*aligned([_row(entry) for entry in entries]), sep="\n")
    return 0


def _entries(root: Path) -> list[Checkpoint | BrokenCheckpoint]:
    if root == CHECKPOINTS and not os.path.lexists(root):  # the usual folder is made when the first model is trained
        return []
    require_folder(root)
    return sorted([*list_checkpoints(root), *folders_without_weights(root)], key=lambda entry: entry.folder)


def _row(entry: Checkpoint | BrokenCheckpoint) -> tuple[str, ...]:
    if isinstance(entry, BrokenCheckpoint):
        return entry.name, "BROKEN", entry.reason
    config = entry.model_config
    return (
        entry.name,
        MODELS[config.model].label,
        entry.train_config.dataset,
        f"D={config.code_size}",
        f"K={'×'.join(map(str, config.components))}",
        f"epoch {entry.epoch}",
        f"{entry.train_config.bound} {entry.valid_bound:.2f} nats",
        *dict.fromkeys(_complaints(entry)),
    )


def _complaints(checkpoint: Checkpoint) -> Iterator[str]:
    """What is wrong with the files beside the weights, a sentence each."""
    for read in (
        lambda: read_history(checkpoint.folder),
        lambda: read_measurements(checkpoint),
        lambda: read_context_measurements(checkpoint),
        lambda: load_map(checkpoint, None),
        lambda: load_per_image(checkpoint, None),
        lambda: read_survey(checkpoint),
    ):
        try:
            read()
        except CheckpointError as error:
            yield str(error)
