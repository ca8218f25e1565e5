"""Checkpoints that a command names, and where they lie."""

import os
from pathlib import Path

from dlgmm_core.checks import ConfigError
from dlgmm_core.commands.misuse import as_misuse
from dlgmm_core.runtime.program import command_on
from dlgmm_core.runtime.wording import nearest
from dlgmm_core.store.names import checkpoint_folder

__all__ = ["named_folder", "other_folder_or_train", "require_folder", "require_no_file", "stored_folder"]


def named_folder(root: Path, name: str) -> Path:
    """The folder of the checkpoint of that name; it may not exist.

    Raises:
        ConfigError: if the name is invalid, or `root` cannot be a folder.
    """
    require_no_file(root)
    with as_misuse():
        return checkpoint_folder(root, name)


def stored_folder(root: Path, name: str) -> Path:
    """The folder of a checkpoint in `root`, which is there.

    Raises:
        ConfigError: if the name is invalid, or there is no checkpoint of that name.
    """
    path = Path(name)
    if name != path.name and path.name:
        if path.is_dir():
            raise ConfigError(
                f"{name} is the path of a folder, which is not a valid checkpoint name: give {path.name}"
                f" --checkpoints {path.parent}."
            )
        raise ConfigError(
            f"There is no folder {name}, and a path is not a valid checkpoint name: give the name alone, as `list` has"
            " it, and by --checkpoints the folder in which it lies."
        )
    require_folder(root)
    folder = named_folder(root, name)
    if os.path.lexists(folder) and not folder.is_file():
        return folder
    try:
        present = [entry.name for entry in os.scandir(root) if entry.is_dir()]
    except OSError:  # may be entered, but not listed: reading the checkpoint says what is wrong
        return folder
    raise ConfigError(
        f"There is no checkpoint {folder}: {nearest(name, present)}choose one that `list` names, or train it first."
    )


def require_no_file(root: Path) -> None:
    """Checks that the folder of checkpoints is a folder, or can be made.

    Raises:
        ConfigError: if a file lies in its place, or in that of a folder above it.
    """
    there = next((path for path in (root, *root.parents) if os.path.lexists(path)), Path())
    if not os.path.isdir(there):
        raise ConfigError(f"{there} is not a folder: give that of the checkpoints by --checkpoints.")


def require_folder(root: Path) -> None:
    """Checks that there is a folder of checkpoints.

    Raises:
        ConfigError: if there is none.
    """
    require_no_file(root)
    if not os.path.isdir(root):
        raise ConfigError(f"There is no folder {root}: {other_folder_or_train(root)}.")


def other_folder_or_train(root: Path) -> str:
    """What to do where there are no checkpoints: the end of a sentence."""
    train = command_on(root, "train", "dlgmm")
    return f"give the folder of the checkpoints by --checkpoints, or train a model first, such as by “{train}”"
