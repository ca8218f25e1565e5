"""The two file formats of a checkpoint: tensors with a JSON header (safetensors), and JSON.

Nothing is unpickled, and sizes that a file states are checked against limits, so that reading a malicious file
ends in an error that names the file and says what to do.
"""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dlgmm_core.runtime.files import LONGEST_JSON, StorageError, brief, of_one_version, parse_json, write_atomically

__all__ = [
    "RESTORE",
    "CheckpointError",
    "file_digest",
    "is_file",
    "load_tensors",
    "read_header",
    "read_json",
    "read_tensors",
    "write_tensors",
]

FORMAT_VERSION = 1
RESTORE = "restore it, or remove the folder"
_MOST_BYTES = 2**30  # of a file of tensors; the largest model that `ModelConfig` allows is smaller


class CheckpointError(StorageError):
    """A checkpoint cannot be read or is invalid; the message names the file and says what to do."""


def is_file(path: Path, remedy: str) -> bool:
    """Whether there is a regular file, without opening it: opening a pipe would wait for its other end.

    Args:
        path: of the file.
        remedy: what to do if there is something else, the end of the error message.

    Raises:
        CheckpointError: if there is something else, a link without a target, or a file that must not be read.
    """
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():
            raise CheckpointError(f"{path} is a link to a file that does not exist: {remedy}.") from error
        return False
    except PermissionError as error:
        raise _forbidden(path) from error
    except OSError as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {remedy}.") from error
    if not regular:
        raise CheckpointError(f"{path} is damaged (it is not a regular file): {remedy}.")
    if not os.access(path, os.R_OK):
        raise _forbidden(path)
    return True


def _forbidden(path: Path) -> CheckpointError:
    return CheckpointError(f"{path} cannot be read (permission denied): allow this program to read it.")


def write_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Writes a safetensors file with a JSON header atomically.

    Raises:
        StorageError: if it cannot be written.
    """
    metadata = {"dlgmm": json.dumps({"version": FORMAT_VERSION, **header})}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, safetensors.torch.save(contiguous, metadata))


def read_header(path: Path, remedy: str = RESTORE) -> dict[str, Any]:
    """The JSON header of a file written by `write_tensors`.

    Args:
        path: of the file.
        remedy: what to do if it is damaged, the end of the error message.

    Raises:
        CheckpointError: if it is missing, damaged, unreadable, too large, from another program, or of a newer format.
    """
    try:
        if not is_file(path, remedy):
            raise FileNotFoundError
        if path.stat().st_size > _MOST_BYTES:
            raise OSError(f"it has more than {_MOST_BYTES:,} bytes")
        with safe_open(path, framework="np") as file:  # "pt" would open the file twice, and may see two versions of it
            metadata = file.metadata() or {}
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: train again, or remove the folder.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {remedy}.") from error
    try:
        header = parse_json(metadata["dlgmm"])
        version = header["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} was not written by this program: remove it from the folder.") from error
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format {brief(version)}, and this program reads format {FORMAT_VERSION}: update the program."
        )
    return dict(header)


def read_json(path: Path, remedy: str) -> Any:
    """The value of a JSON file.

    Args:
        path: of an existing file.
        remedy: what to do if it cannot be read, the end of the error message.

    Raises:
        CheckpointError: if the file is damaged.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return parse_json(file.read(LONGEST_JSON + 1))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {remedy}.") from error


def read_tensors(path: Path, remedy: str = RESTORE) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of a file written by `write_tensors`; the arguments are those of `read_header`.

    Raises:
        CheckpointError: as `read_header`.
    """
    header, tensors = of_one_version(path, lambda: (read_header(path, remedy), load_tensors(path, remedy)))
    return tensors, header


def load_tensors(path: Path, remedy: str = RESTORE) -> dict[str, Tensor]:
    """The tensors of a safetensors file; `remedy` says what to do if it is damaged.

    Raises:
        CheckpointError: if it is damaged.
    """
    try:
        return safetensors.torch.load_file(path)
    except Exception as error:  # of a dozen kinds, for example for a number type that PyTorch lacks
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {remedy}.") from error


def file_digest(path: Path) -> str:
    """First 12 hex digits of a file's SHA-256.

    Raises:
        CheckpointError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({brief(error)}): {RESTORE}.") from error
