"""Encoders for the browser: with them, pages compute weights, sticks and responsibilities while a digit is drawn.

A file holds the parts of `model_parameters` that are not the decoder's, and browsers keep it as they keep decoders
(`ui.serving.decoders`). Numbers have 32 bits: with 16, pixels of reconstructions would be off by up to 0.007. The
browser runs models of one stochastic layer with dense bodies whose row in `MODELS` says so; the server runs the others.
"""

from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from torch import Tensor

from dlgmm_core.model.models import LatentVariableModel, family_of
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.takeaway.contents import model_info
from dlgmm_core.takeaway.parameters import model_parameters
from ui import loaders
from ui.serving.amortised import amortised_model
from ui.serving.decoders import bytes_of, decoder_address, file_answer

__all__ = ["ENCODER_ROUTES", "encoder_address", "encoder_bytes"]


@lru_cache(maxsize=32)
def encoder_address(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Where the browser finds the encoder and the decoder, what it has to know of the model, and the file's layout.

    The layout is the name of each part and how many numbers it has. None where the browser cannot run the model.
    """
    if not _runs_in_browsers(checkpoint):
        return None
    return {
        "path": f"encoder/{checkpoint.name}/{checkpoint.digest}",
        "layout": [[name, part.numel()] for name, part in _parts(checkpoint).items()],
        "info": model_info(_model(checkpoint)),
        "decoder": decoder_address(checkpoint),
    }


def encoder_bytes(checkpoint: Checkpoint) -> bytes:
    """All parts, one after the other, as little-endian float32."""
    return bytes_of(*_parts(checkpoint).values())


def _runs_in_browsers(checkpoint: Checkpoint) -> bool:
    address = decoder_address(checkpoint)
    is_known = family_of(checkpoint.model_config).in_browser
    return is_known and address["hidden"] is not None and address["below"] is None


def _model(checkpoint: Checkpoint) -> LatentVariableModel:
    return loaders.model(checkpoint) if checkpoint.model_config.contexts is None else amortised_model(checkpoint)


def _parts(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """Encoder, its gate, head, and the factor of a prior with full covariances."""
    parts = model_parameters(_model(checkpoint))
    return {name: part for name, part in parts.items() if not name.startswith(("decoder.", "gate.decoder."))}


async def _encoder(request: Request) -> Response:
    return await file_answer(request, _runs_in_browsers, encoder_bytes)


ENCODER_ROUTES = [Route("/encoder/{name}/{digest}", _encoder)]
