"""The parameters of a model as text for a page.

A large matrix holds whole multiples of a step of its own, the coarser the less its numbers matter; all other numbers
are float32. Those of all tensors stand one after the other, are compressed (zlib), and written as text: two characters
of 91 hold 13 bits, a thirteenth more than in base64.
"""

import json
import zlib
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlgmm_core.model.bodies import affine_maps
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.takeaway.sensitivity import step_of

__all__ = ["as_text", "model_parameters", "packed", "rounded", "unpacked"]

LARGE = 1_000  # numbers of a matrix that are rounded
_COARSEST, _FINEST = 2**7 - 1, 2**23 - 1  # multiples of its step that the largest number of a matrix is
_LEAST_ERROR, _MOST_ERROR = 2e-5, 2e-4  # root mean squares of pixels and weights; the largest errors are 30 times these
_MORE = 0.02  # bits
_BITS_OF_CHARACTER = 6.5
_CHARACTERS = np.array([code for code in range(ord("!"), ord("~") + 1) if chr(code) not in '"\\<'], np.uint8)


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


def packed(parameters: Mapping[str, Tensor], sensitivity: Mapping[int, float], room: int) -> dict[str, Any] | None:
    """What a page contains: shape and step of each tensor, in order, and all numbers as text.

    They are rounded as little as there is room for; None where there is too little.

    Args:
        parameters: finite numbers, by name.
        sensitivity: of the parameters that may be rounded, by their addresses (see `sensitivities`).
        room: bytes, as JSON.
    """
    count, error = sum(map(torch.numel, parameters.values())), _LEAST_ERROR
    while error < _MOST_ERROR:
        layout, content = rounded(parameters, sensitivity, error)
        found = {"bits": round(8 * len(content) / count), "layout": layout, "bytes": len(content), "numbers": ""}
        excess = len(json.dumps(found)) + 8 * len(content) / _BITS_OF_CHARACTER + 2 - room
        if excess <= 0:
            return found | {"numbers": as_text(content)}
        # twice the error saves each number a bit
        error *= 2 ** (_BITS_OF_CHARACTER * excess / count + _MORE)
    return None


def rounded(
    parameters: Mapping[str, Tensor], sensitivity: Mapping[int, float], error: float
) -> tuple[list[dict[str, Any]], bytes]:
    """Shape, step and bits of each tensor, and all numbers, compressed.

    Args:
        parameters: as in `packed`.
        sensitivity: as in `packed`.
        error: root mean square over pixels and weights that rounding may cause.
    """
    large = {name for name, each in parameters.items() if each.numel() >= LARGE and each.data_ptr() in sensitivity}
    total = sum(parameters[name].numel() for name in large)
    layout, content = [], b""
    for name, tensor in parameters.items():
        values = tensor.numpy().astype(np.float32)
        part: dict[str, Any] = {"name": name, "shape": tensor.shape}
        if name in large:
            largest = float(np.abs(values).max())
            step = step_of(error, tensor.numel() / total, sensitivity[tensor.data_ptr()])
            step = min(max(step, largest / _FINEST), largest / _COARSEST) or 1.0
            levels = np.round(values.astype(np.float64) / step).astype(np.int32).ravel()
            bits = max(8, 1 + int(np.abs(levels).max()).bit_length())
            part |= {"step": step, "bits": bits}
            content += _as_bytes(levels, bits)
        else:
            content += values.astype("<f4").tobytes()
        layout.append(part)
    return layout, _compressed(content)


def unpacked(found: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """The numbers that a browser reads in what `packed` wrote, by name."""
    content, start, parameters = zlib.decompress(_from_text(found["numbers"])[: found["bytes"]]), 0, {}

    def take(count: int, kind: str = "u1") -> NDArray[Any]:
        nonlocal start
        values = np.frombuffer(content, kind, count, start)
        start += values.nbytes
        return values

    for part in found["layout"]:
        shape, bits = part["shape"], part.get("bits")
        count = int(np.prod(shape))
        if bits is None:
            values = take(count, "<f4")
        else:
            levels = take(count, "i1").astype(np.int32)
            for _ in range(bits - 8):
                levels = 2 * levels + np.unpackbits(take(-(-count // 8)))[:count]
            values = levels * part["step"]
        parameters[part["name"]] = values.reshape(shape).astype(np.float32)
    return parameters


def _compressed(content: bytes) -> bytes:
    """Without a search for what repeats itself: nothing does, and it takes long."""
    coder = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
    return coder.compress(content) + coder.flush()


def as_text(content: bytes) -> str:
    """Two characters for 13 bits; the last bits are filled up with zeros."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    groups = np.zeros((-(-len(bits) // 13), 16), np.uint8)
    groups[:, 3:].flat[: len(bits)] = bits
    pairs = np.divmod(np.packbits(groups).view(">u2"), len(_CHARACTERS))
    return _CHARACTERS[np.stack(pairs, 1)].tobytes().decode()


def _from_text(text: str) -> bytes:
    digits = np.searchsorted(_CHARACTERS, np.frombuffer(text.encode(), np.uint8)).reshape(-1, 2)
    groups = digits @ (len(_CHARACTERS), 1)
    bits = (groups[:, None] >> np.arange(12, -1, -1) & 1).astype(np.uint8).ravel()
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _as_bytes(levels: NDArray[np.int32], bits: int) -> bytes:
    """The highest 8 bits of all numbers, which compress well, then each lower one of all."""
    lower = [np.packbits((levels >> bit & 1).astype(np.uint8)).tobytes() for bit in range(bits - 9, -1, -1)]
    return (levels >> bits - 8).astype(np.int8).tobytes() + b"".join(lower)
