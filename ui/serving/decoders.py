"""A checkpoint's decoder as a file for the browser: fetched once, kept by the browser's cache.

The address contains the digest of the weights, so its content never changes and may be kept for ever.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from torch.nn import Linear

from dlgmm_core.model.bodies import DenseDecoder
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders

__all__ = ["DECODER_ROUTE", "decoder_address", "decoder_bytes"]

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def decoder_address(checkpoint: Checkpoint) -> dict[str, Any]:
    """Where the browser finds the decoder, relative to the app's root, and the sizes of its layers."""
    config = checkpoint.model_config
    path = f"decoder/{checkpoint.name}/{checkpoint.digest}"
    return {"path": path, "code": config.code_dim, "hidden": config.hidden, "pixels": config.data_dim}


@lru_cache(maxsize=8)
def decoder_bytes(checkpoint: Checkpoint) -> bytes:
    """Both layers as little-endian float32: W1 (hidden, code), b1, W2 (pixels, hidden), b2."""
    decoder = loaders.model(checkpoint).decoder
    assert isinstance(decoder, DenseDecoder)
    first, last = decoder.hidden[0], decoder.output
    assert isinstance(first, Linear)
    parts = (first.weight * decoder.code_scale, first.bias, last.weight, decoder.data_bias)
    return b"".join(np.ascontiguousarray(part.detach().cpu().numpy(), "<f4").tobytes() for part in parts)


def _content(name: str, digest: str) -> bytes | None:
    """None if there is no such checkpoint: names are looked up, never joined to a path."""
    for checkpoint in loaders.checkpoints():
        if (checkpoint.name, checkpoint.digest) == (name, digest):
            return decoder_bytes(checkpoint)
    return None


async def _decoder(request: Request) -> Response:
    content = await run_in_threadpool(_content, request.path_params["name"], request.path_params["digest"])
    if content is None:
        return Response("There is no such checkpoint.", 404)
    return Response(content, media_type="application/octet-stream", headers=_FOR_EVER)


DECODER_ROUTE = Route("/decoder/{name}/{digest}", _decoder)
