"""The parameters of a model as text for a page: 16 bits a number, or fewer where a file would grow too large.

Numbers of all tensors stand one after the other, are compressed (zlib), and written as text: two characters of 91 hold
13 bits, a thirteenth more than in base64. A matrix of fewer bits holds whole multiples of a scale, one for each row.
"""

import zlib
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.model.bodies import affine_maps
from dlgmm_core.model.models import LatentVariableModel

__all__ = ["model_parameters", "packed", "unpacked"]

HALF = 16  # bits
LARGE = 10_000  # numbers of a matrix that may have fewer bits
_CHARACTERS = np.array([code for code in range(ord("!"), ord("~") + 1) if chr(code) not in '"\\<'], np.uint8)
_MORE_BITS = {"decoder.": 4, "gate.decoder.": 2}


def model_parameters(model: LatentVariableModel) -> dict[str, Tensor]:
    """What `mixture.js` computes with, by name: matrices (rows, columns), vectors (length) and stacks of matrices.

    Weights of deterministic layers are transposed, (inputs, outputs), as `denseDecoder` and the encoder read them, but
    for the decoder's first.
    """
    first, *more, last = model.decoder.affine_maps()
    found = {"decoder.w0": first[0], "decoder.b0": first[1]}
    for index, (weight, bias) in enumerate(more, 1):
        found |= {f"decoder.w{index}": weight.T, f"decoder.b{index}": bias}
    found |= {"decoder.w": last[0].T, "decoder.b": last[1]}
    for index, (weight, bias) in enumerate(affine_maps(model.encoder)):
        found |= {f"encoder.w{index}": weight.T, f"encoder.b{index}": bias}
    head = model.layer.head
    for name in ("sticks", "linear"):
        if (part := getattr(head, name, None)) is not None:
            found |= {f"head.{name}.w": part.weight, f"head.{name}.b": part.bias}
    for name, maps in model.gate_maps().items():
        found |= {f"gate.{name}.{index}": part for index, part in enumerate(chain.from_iterable(maps))}
    if (factors := model.prior().precision_factors) is not None:
        found["prior.factor"] = factors[:, 0]
    return {name: part.detach().cpu() for name, part in found.items()}


def packed(parameters: Mapping[str, Tensor], bits: int) -> dict[str, Any]:
    """What a page contains: the shape of each tensor, in order, the bits of its numbers, and all numbers as text.

    Args:
        parameters: finite numbers, by name.
        bits: of a number in the large matrices, 9 to 16; the decoder's have four more than these, and its gate's two,
            since every pixel shows their errors.

    Raises:
        ConfigError: if a number is too large for 16 bits.
    """
    layout, content = [], b""
    for name, tensor in parameters.items():
        values = tensor.numpy().astype(np.float32)
        more = next((each for start, each in _MORE_BITS.items() if name.startswith(start)), 0)
        own = min(HALF, bits + more) if values.ndim == 2 and values.size >= LARGE else HALF
        layout.append({"name": name, "shape": values.shape, "bits": own})
        content += _as_halves(values, name) if own == HALF else _as_levels(values, own)
    compressed = zlib.compress(content, 9)
    return {"layout": layout, "bytes": len(compressed), "numbers": _as_text(compressed)}


def unpacked(found: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """The numbers that a browser reads in what `packed` wrote, by name."""
    content, start, parameters = zlib.decompress(_from_text(found["numbers"])[: found["bytes"]]), 0, {}

    def take(count: int, kind: str = "u1") -> NDArray[Any]:
        nonlocal start
        values = np.frombuffer(content, kind, count, start)
        start += values.nbytes
        return values

    for part in found["layout"]:
        shape, bits = part["shape"], part["bits"]
        count = int(np.prod(shape))
        if bits == HALF:
            high, low = take(2 * count).reshape(2, count).astype(np.uint16)
            values = (high << 8 | low).view(np.float16)
        else:
            scales, levels = take(shape[0], "<f4"), take(count, "i1").astype(np.int32)
            for _ in range(bits - 8):
                levels = 2 * levels + np.unpackbits(take(-(-count // 8)))[:count]
            values = levels.reshape(shape) * scales[:, None]
        parameters[part["name"]] = values.reshape(shape).astype(np.float32)
    return parameters


def _as_text(content: bytes) -> str:
    """Two characters for 13 bits; the last bits are filled up with zeros."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    groups = np.pad(bits, (0, -len(bits) % 13)).reshape(-1, 13) @ (1 << np.arange(12, -1, -1))
    return _CHARACTERS[np.stack(np.divmod(groups, len(_CHARACTERS)), 1)].tobytes().decode()


def _from_text(text: str) -> bytes:
    digits = np.searchsorted(_CHARACTERS, np.frombuffer(text.encode(), np.uint8)).reshape(-1, 2)
    groups = digits @ (len(_CHARACTERS), 1)
    bits = (groups[:, None] >> np.arange(12, -1, -1) & 1).astype(np.uint8).ravel()
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _as_halves(values: NDArray[np.float32], name: str) -> bytes:
    """float16, all high bytes before all low ones: similar bytes stand together, and compress better."""
    with np.errstate(over="ignore"):
        halves = values.astype("<f2").ravel()
    if not np.isfinite(halves).all():
        raise ConfigError(f"Numbers of {name} are too large for 16 bits: this model cannot be written into a page.")
    return halves.view(np.uint8).reshape(-1, 2).T[::-1].tobytes()


def _as_levels(values: NDArray[np.float32], bits: int) -> bytes:
    """A scale for each row, float32, then whole multiples of it: their highest 8 bits, then each lower one of all."""
    largest = 2 ** (bits - 1) - 1
    scales = np.maximum(np.abs(values).max(1), np.finfo(np.float32).tiny) / np.float32(largest)
    levels = np.clip(np.round(values / scales[:, None]), -largest, largest).astype(np.int32).ravel()
    lower = [np.packbits((levels >> bit & 1).astype(np.uint8)).tobytes() for bit in range(bits - 9, -1, -1)]
    return scales.astype("<f4").tobytes() + (levels >> bits - 8).astype(np.int8).tobytes() + b"".join(lower)
