"""Checkpoints that a command names: where they lie, and names that are nearly theirs."""

from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from dlgmm_core.checks import ConfigError
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.names import checkpoint_folder

__all__ = ["named_folder", "stored_folder"]


def named_folder(root: Path, name: str) -> Path:
    """The folder of the checkpoint of that name; it may not exist.

    Raises:
        ConfigError: if the name is invalid.
    """
    try:
        return checkpoint_folder(root, name)
    except CheckpointError as error:
        raise ConfigError(str(error)) from error


def stored_folder(root: Path, name: str) -> Path:
    """The folder of a checkpoint in `root`; reading it is an error if there is none.

    Raises:
        ConfigError: if the name is invalid.
        CheckpointError: if there is none of that name, but one whose name is nearly the same.
    """
    folder = named_folder(root, name)
    present: list[str] = []
    with suppress(OSError):
        present = [path.name for path in root.iterdir() if path.is_dir()]
    near = get_close_matches(name, present, n=1, cutoff=0.8)
    if near and name not in present:
        raise CheckpointError(
            f"There is no checkpoint {folder}: did you mean {near[0]}? Else choose one that `list` names, or train it"
            " first."
        )
    return folder
