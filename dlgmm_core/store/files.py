"""The two kinds of file that a checkpoint is made of: tensors with a JSON header, and JSON.

Nothing is ever unpickled, and what a file says of itself is believed only within limits, so that reading a
hostile one ends in an error that names the file and the cure.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dlgmm_core.runtime.files import LONGEST_JSON, StorageError, brief, of_one_version, parse_json, write_atomically

__all__ = [
    "CheckpointError",
    "file_digest",
    "load_tensors",
    "read_header",
    "read_json",
    "read_tensors",
    "write_tensors",
]

FORMAT_VERSION = 1
_MOST_BYTES = 2**30  # of a file of tensors; the largest model that `ModelConfig` admits has less


class CheckpointError(StorageError):
    """A checkpoint that cannot be read, or is not what it should be; the message names the file and the cure."""


def write_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """A safetensors file with a JSON header, written whole or not at all.

    Raises:
        StorageError: if it cannot be written.
    """
    metadata = {"dlgmm": json.dumps({"version": FORMAT_VERSION, **header})}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, safetensors.torch.save(contiguous, metadata))


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a file of `write_tensors`.

    Raises:
        CheckpointError: if it is missing, truncated, foreign, absurdly large, or of a newer format.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise OSError(f"it has more than {_MOST_BYTES:,} bytes")
        with safe_open(path, framework="np") as file:  # "pt" opens it twice: two versions, while a run saves
            metadata = file.metadata() or {}
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: train again, or remove the folder.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): restore it, or remove the folder.") from error
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


def read_json(path: Path, cure: str) -> Any:
    """The value of a JSON file.

    Args:
        path: which must exist.
        cure: what to do if it cannot be read, the end of the error's sentence.

    Raises:
        CheckpointError: if the file is damaged.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return parse_json(file.read(LONGEST_JSON + 1))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({brief(error)}): {cure}.") from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of a file of `write_tensors`.

    Raises:
        CheckpointError: as `read_header`.
    """
    return of_one_version(path, lambda: (load_tensors(path), read_header(path)))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        CheckpointError: if it is damaged.
    """
    try:
        return safetensors.torch.load_file(path)
    except Exception as error:  # of a dozen kinds: of types that PyTorch lacks, for one
        raise CheckpointError(f"{path} is damaged ({brief(error)}): restore it, or remove the folder.") from error


def file_digest(path: Path) -> str:
    """First 12 hex digits of a file's SHA-256.

    Raises:
        CheckpointError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({brief(error)}): restore it, or remove the folder.") from error
