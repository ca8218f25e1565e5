"""A model that is amortised over its prior, for the browser: two files with which a page follows sliders.

One file holds the decoder and its gate, the other the encoder with its gate and the layer of the sticks. As with plain
decoders (`ui.serving.decoders`), an address contains the digest of the weights, so that its content never changes.
"""

from functools import lru_cache
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from torch.nn import Linear

from dlgmm_core.config import Context
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from dlgmm_core.takeaway.parameters import gate_parameters
from ui import loaders
from ui.serving.decoders import bytes_of, file_answer

__all__ = ["AMORTISED_ROUTES", "amortised_address", "decoding_bytes", "encoding_bytes", "model_at"]


def amortised_address(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Where the browser finds both files, the sizes that it has to know, the range of priors; None of a plain model.

    `own` is the model's own prior.
    """
    config = checkpoint.model_config
    if config.contexts is None:
        return None
    where = f"{checkpoint.name}/{checkpoint.digest}"
    return {
        "decoding": f"amortised-decoder/{where}",
        "encoding": f"amortised-encoder/{where}",
        "components": config.num_components,
        "code": config.code_dim,
        "hidden": config.hidden,
        "gate": config.gate_units,
        "pixels": config.data_dim,
        "largestMean": config.contexts.largest_mean,
        "smallestAlpha": config.contexts.smallest_concentration,
        "largestAlpha": config.contexts.largest_concentration,
        "own": {"means": config.prior_means, "alpha": config.concentration},
    }


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=loaders.BY_WEIGHTS)
def _amortised(checkpoint: Checkpoint) -> AmortisedModel:
    found = load_checkpoint(checkpoint.folder)[0]
    assert isinstance(found, AmortisedModel)
    return found


@lru_cache(maxsize=4)
def model_at(checkpoint: Checkpoint, context: Context | None) -> LatentVariableModel:
    """The plain model at a prior that an amortised checkpoint knows; without one, that of any checkpoint."""
    return loaders.model(checkpoint) if context is None else _amortised(checkpoint).at(context)


@lru_cache(maxsize=4)
def decoding_bytes(checkpoint: Checkpoint) -> bytes:
    """The gate of the decoder, then both layers of the decoder as in `decoder_bytes`; little-endian float32."""
    model = _amortised(checkpoint)
    first = _linear(model.decoder.hidden[0])
    last = model.decoder.output.weight, model.decoder.data_bias
    return bytes_of(*gate_parameters(model.decoder_gate), first.weight, first.bias, *last)


@lru_cache(maxsize=4)
def encoding_bytes(checkpoint: Checkpoint) -> bytes:
    """The gate of the encoder, W (pixels, hidden) and b of its layer, then W (2(K-1), hidden) and b of the sticks."""
    model = _amortised(checkpoint)
    first, sticks = _linear(model.encoder[0]), _linear(model.layer.head.sticks)
    return bytes_of(*gate_parameters(model.encoder_gate), first.weight.T, first.bias, sticks.weight, sticks.bias)


def _linear(layer: object) -> Linear:
    assert isinstance(layer, Linear)
    return layer


def _is_amortised(checkpoint: Checkpoint) -> bool:
    return checkpoint.model_config.contexts is not None


async def _decoding(request: Request) -> Response:
    return await file_answer(request, _is_amortised, decoding_bytes)


async def _encoding(request: Request) -> Response:
    return await file_answer(request, _is_amortised, encoding_bytes)


AMORTISED_ROUTES = [
    Route("/amortised-decoder/{name}/{digest}", _decoding),
    Route("/amortised-encoder/{name}/{digest}", _encoding),
]
