"""Decoders for the browser: a shallow one as a file, which decodes on every frame; any other by request.

A file is fetched once and kept by the browser's cache: its address contains the digest of the weights, so that its
content never changes. A decoder that the browser cannot run answers `POST /decode/{name}/{digest}`: codes (N, D) that
the decoder reads in the body, probabilities of ink (N, X) in the answer, both little-endian float32.

Of a model of several layers, the priors of the layers below the first are a file, too: they are small, whatever the
decoder, and the browser computes the codes of these layers from those above. Where it does not know these priors, it
sends codes of the first layer, and the server computes the others, the means of their priors.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from torch import Tensor

from dlgmm_core.model.bodies import affine_maps, body_of
from dlgmm_core.model.networks import MAX_LOG_SCALE
from dlgmm_core.store.checkpoints import Checkpoint
from ui import loaders
from ui.layers import browser_knows_layers
from ui.visitors.limits import charged
from ui.visitors.shares import Refused
from ui.visitors.visitor import COOKIE, digest

__all__ = [
    "DECODER_ROUTES",
    "MOST_CODES",
    "bytes_of",
    "decoder_address",
    "decoder_bytes",
    "file_answer",
    "prior_bytes",
]

MOST_CODES = 256  # of one request, as in `decoder.js`
_DEEPEST = 2  # deterministic layers of a decoder that the browser runs
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_NOT_FOUND = PlainTextResponse("There is no such checkpoint.", 404)


def decoder_address(checkpoint: Checkpoint) -> dict[str, Any]:
    """Where the browser finds the decoder, relative to the app's root, and the sizes that it has to know.

    `hidden`, the units of each of its `depth` layers, is None where the server decodes.
    """
    config = checkpoint.model_config
    is_file = _fits_a_file(checkpoint)
    height, width = config.image_shape
    below = None
    if browser_knows_layers(config):
        below = {
            "path": f"priors/{checkpoint.name}/{checkpoint.digest}",
            "first": config.code_dim,
            "skip": config.skip,
            "layers": [_prior_address(checkpoint, index) for index in range(1, config.layers)],
        }
    return {
        "path": f"{'decoder' if is_file else 'decode'}/{checkpoint.name}/{checkpoint.digest}",
        "code": _read_dim(checkpoint),
        "hidden": config.hidden if is_file else None,
        "depth": config.depth,
        "pixels": config.data_dim,
        "height": height,
        "width": width,
        "below": below,
    }


def _prior_address(checkpoint: Checkpoint, index: int) -> dict[str, Any]:
    """Sizes of a layer's prior, the bound of its log scales, and its mean weights E[pi], for all codes above."""
    config = checkpoint.model_config
    with torch.no_grad():
        prior = loaders.model(checkpoint).prior_below(index, torch.zeros(1, sum(config.code_dims[:index])))
    return {
        "code": config.code_dims[index],
        "components": config.components[index],
        "hidden": config.of_layer(index).hidden,
        "maxLogScale": MAX_LOG_SCALE,
        "weights": prior.log_mean_weights[:, 0].exp().tolist(),
    }


def _read_dim(checkpoint: Checkpoint) -> int:
    """How many numbers the browser sends for a code, or the file's decoder reads: those of the first layer alone where
    it does not know the layers below.
    """
    config = checkpoint.model_config
    if not browser_knows_layers(config):
        return config.code_dim
    return sum(config.code_dims) if config.skip else config.code_dims[-1]


def _fits_a_file(checkpoint: Checkpoint) -> bool:
    """Whether `decoder.js` can run it at every frame: one or two deterministic layers, and codes that it knows."""
    config = checkpoint.model_config
    is_shallow = body_of(config).in_browser and config.depth <= _DEEPEST
    return is_shallow and (config.layers == 1 or browser_knows_layers(config))


def decoder_bytes(checkpoint: Checkpoint) -> bytes:
    """All layers as little-endian float32: W1 (hidden, code), b1, maybe W2 (hidden, hidden), b2, then the last.

    The last is W (pixels, hidden), b.
    """
    return bytes_of(*chain.from_iterable(loaders.model(checkpoint).decoder.affine_maps()))


def prior_bytes(checkpoint: Checkpoint) -> bytes:
    """Of each layer below the first, as little-endian float32: W1 (hidden, codes above), b1, W2 (2KD, hidden), b2.

    The outputs are the means (K, D), then the log scales (K, D).
    """
    priors = [layer.get_submodule("prior") for layer in loaders.model(checkpoint).layers]
    return b"".join(bytes_of(*chain.from_iterable(affine_maps(prior))) for prior in priors[1:])


def bytes_of(*parts: Tensor) -> bytes:
    """Little-endian float32, one after the other."""
    return b"".join(np.ascontiguousarray(part.detach().cpu().numpy(), "<f4").tobytes() for part in parts)


def _found(request: Request) -> Checkpoint | None:
    """None if there is no such checkpoint: names are looked up, never joined to a path.

    Only visitors who may see a checkpoint learn its digest, which cannot be guessed.
    """
    asked = request.path_params["name"], request.path_params["digest"]
    return next((c for c in loaders.every_checkpoint() if (c.name, c.digest) == asked), None)


async def _decoder(request: Request) -> Response:
    return await file_answer(request, _fits_a_file, decoder_bytes)


async def _priors(request: Request) -> Response:
    return await file_answer(request, lambda checkpoint: browser_knows_layers(checkpoint.model_config), prior_bytes)


async def file_answer(
    request: Request, exists: Callable[[Checkpoint], bool], content: Callable[[Checkpoint], bytes]
) -> Response:
    """A file of a checkpoint, which browsers keep for ever; 404 where there is none.

    Args:
        request: whose path names the checkpoint and its digest.
        exists: whether a checkpoint has such a file.
        content: of the file.
    """
    checkpoint = await run_in_threadpool(_found, request)
    if checkpoint is None or not exists(checkpoint):
        return _NOT_FOUND
    found = await run_in_threadpool(content, checkpoint)
    return Response(found, media_type="application/octet-stream", headers=_FOR_EVER)


async def _decode(request: Request) -> Response:
    checkpoint = await run_in_threadpool(_found, request)
    if checkpoint is None:
        return _NOT_FOUND
    code_dim = _read_dim(checkpoint)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > 4 * code_dim * MOST_CODES:
            return PlainTextResponse(f"One request decodes at most {MOST_CODES} codes.", 413)
    if not body or len(body) % (4 * code_dim):
        return PlainTextResponse(f"Codes of this checkpoint have {code_dim} float32 numbers each.", 400)
    codes = np.frombuffer(body, "<f4").reshape(-1, code_dim)
    if not np.isfinite(codes).all():
        return PlainTextResponse("The numbers of a code must be finite.", 400)
    who = request.cookies.get(COOKIE) or (request.client.host if request.client else "")
    try:
        content = await run_in_threadpool(_decoded, checkpoint, codes, digest(who))
    except Refused as refusal:
        return PlainTextResponse(str(refusal), 429)
    return Response(content, media_type="application/octet-stream", headers={"cache-control": "no-store"})


def _decoded(checkpoint: Checkpoint, codes: NDArray[np.float32], who: str) -> bytes:
    """Probabilities of ink (N, X) of codes (N, D), charged to a visitor."""
    model = loaders.model(checkpoint)
    decode = model.decode if browser_knows_layers(checkpoint.model_config) else model.likelihood
    with charged(who), torch.no_grad():
        probabilities = decode(torch.from_numpy(codes.astype(np.float32))).probs.numpy()
    return probabilities.astype("<f4").tobytes()


DECODER_ROUTES = [
    Route("/decoder/{name}/{digest}", _decoder),
    Route("/priors/{name}/{digest}", _priors),
    Route("/decode/{name}/{digest}", _decode, methods=["POST"]),
]
