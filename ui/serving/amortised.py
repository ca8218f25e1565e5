"""The decoder of a model that is amortised over its prior, with its gate, for pages that follow sliders.

As with plain decoders (`ui.serving.decoders`), an address contains the digest of the weights, so that its content never
changes. Its encoder is served as any other (`ui.serving.encoders`).
"""

from functools import lru_cache
from itertools import chain
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dlgmm_core.config import Context
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.store.checkpoints import Checkpoint, load_checkpoint
from ui import loaders
from ui.serving.decoders import bytes_of, file_answer

__all__ = ["AMORTISED_ROUTES", "amortised_address", "amortised_model", "decoding_bytes", "model_at"]


def amortised_address(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Where the browser finds the file, the sizes that it has to know, the range of priors; None of a plain model.

    `own` is the model's own prior.
    """
    config = checkpoint.model_config
    if config.contexts is None:
        return None
    return {
        "decoding": f"amortised-decoder/{checkpoint.name}/{checkpoint.digest}",
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
def amortised_model(checkpoint: Checkpoint) -> LatentVariableModel:
    """The model of a checkpoint that is amortised over its prior, which can be told another prior."""
    return load_checkpoint(checkpoint.folder)[0]


@lru_cache(maxsize=4)
def model_at(checkpoint: Checkpoint, context: Context | None) -> LatentVariableModel:
    """The plain model at a prior that an amortised checkpoint knows; without one, that of any checkpoint."""
    return loaders.model(checkpoint) if context is None else amortised_model(checkpoint).at(context)


def decoding_bytes(checkpoint: Checkpoint) -> bytes:
    """The gate of the decoder, then both layers of the decoder as in `decoder_bytes`; little-endian float32."""
    model = amortised_model(checkpoint)
    return bytes_of(*chain.from_iterable([*model.gate_maps()["decoder"], *model.decoder.affine_maps()]))


def _is_amortised(checkpoint: Checkpoint) -> bool:
    return checkpoint.model_config.contexts is not None


async def _decoding(request: Request) -> Response:
    return await file_answer(request, _is_amortised, decoding_bytes)


AMORTISED_ROUTES = [Route("/amortised-decoder/{name}/{digest}", _decoding)]
