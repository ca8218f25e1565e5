"""How images are laid out in a folder, or in a `.zip` file of one: by part and class, perhaps within outer folders."""

from collections.abc import Mapping
from typing import TypeVar

from dlgmm_core.data.levels import PARTS
from dlgmm_core.data.sources import DataError
from dlgmm_core.runtime.files import brief

__all__ = ["is_hidden", "laid_out"]

Item = TypeVar("Item")


def is_hidden(name: str) -> bool:
    """Whether a file or a folder of that name is left out."""
    return name.startswith((".", "__MACOSX"))


def laid_out(
    files: Mapping[tuple[str, ...], Item], origin: str, *, packed: bool = False
) -> list[tuple[Item, str, int]]:
    """Images with their class, empty where there are none, and an index into `PARTS`, -1 where a seed is to choose it.

    Folders around everything are left out: those that hold folders, and one that is called train, valid or test.

    Args:
        files: by the names of their folders and their own.
        origin: where they lie, for messages.
        packed: whether the outermost folder may be that of which an archive was made, and no class.

    Returns:
        In order of part, class and name.

    Raises:
        DataError: if a part is missing, an image lies beside the parts, or in a folder within that of a class.
    """
    while len(tops := {path[0] for path in files}) == 1:
        least = 2 if packed or tops <= set(PARTS) else 3
        if any(len(path) < least for path in files):
            break
        files, packed = {path[1:]: item for path, item in files.items()}, False
    tops = {path[0] for path in files if len(path) > 1}
    present = [part for part in PARTS if part in tops]
    if not present:
        found = [(-1, path, item) for path, item in files.items()]
    elif missing := [part for part in PARTS if part not in tops]:
        raise DataError(
            f"{origin} has the {_folders(present)}, but not the {_folders(missing)}: give it all three, or the folders"
            " of classes alone."
        )
    else:
        if beside := sorted(path for path in files if len(path) == 1 or path[0] not in PARTS):
            raise DataError(
                f"{origin} has an image beside the folders train, valid and test, {brief('/'.join(beside[0]))}: move it"
                " into one of them, or remove it."
            )
        found = [(PARTS.index(path[0]), path[1:], item) for path, item in files.items()]
    for _, path, _ in found:
        if len(path) > 2:
            raise DataError(
                f"{origin} has an image in a folder within that of a class, {brief('/'.join(path))}: put all images of"
                " a class directly into one folder."
            )
    found.sort(key=lambda each: (each[0], each[1][:-1], each[1][-1]))
    return [(item, "".join(path[:-1]), part) for part, path, item in found]


def _folders(names: list[str]) -> str:
    return f"folder{'' if len(names) == 1 else 's'} {' and '.join(names)}"
