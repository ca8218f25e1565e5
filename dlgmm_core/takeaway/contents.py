"""What a page contains of one model besides its scripts: sizes, prior, noise, test digits, and the parameters."""

import base64
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import ancestral_noise, centres, component_noise, shapes
from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.data.datasets import DATASETS, Dataset, binarization_levels, label_of
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.model.bodies import bodies_with, body_of
from dlgmm_core.model.models import LatentVariableModel, family_of
from dlgmm_core.runtime.html import base64_floats
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.takeaway.colours import CLASS_COLOURS, component_colour, ink_on
from dlgmm_core.takeaway.page import page_bytes
from dlgmm_core.takeaway.parameters import model_parameters, packed
from dlgmm_core.takeaway.sensitivity import sensitivities

__all__ = ["MOST_BYTES", "SEEN", "contents_of", "model_info", "require_exportable"]

MOST_BYTES = 2_995_000  # of a page of one model; a link to the project has room beside them
SAMPLES = 24  # digits in a row, of which as many are shown as there is room for
SHELF = 20  # test images
DOTS = 1000  # test images on a plane
_KEY = 20  # bytes around the parameters
SEEN = 200  # test images, which say how much each number matters


def require_exportable(config: ModelConfig, name: str) -> None:
    """Checks that a browser can run a model.

    Raises:
        ConfigError: if it has several stochastic layers, or a body or a prior that the scripts do not know.
    """
    family = family_of(config)
    if not family.in_browser:
        raise ConfigError(f"No browser can run {name}, a {family.label}: choose another model for an HTML file.")
    if config.layers > 1:
        raise ConfigError(f"{name} has {config.layers} stochastic layers: choose a model of one for an HTML file.")
    if not body_of(config).in_browser:
        known = bodies_with("in_browser")
        raise ConfigError(f"{name} has a {config.body} body: choose a model with a {known} one for an HTML file.")


def contents_of(model: LatentVariableModel, checkpoint: Checkpoint, dataset: Dataset) -> dict[str, Any]:
    """A value for JSON, which the page's scripts read.

    Raises:
        ConfigError: if a browser cannot run the model, its parameters take more than 3 MB, or the data are others.
    """
    config, name = checkpoint.model_config, checkpoint.name
    require_exportable(config, name)
    dataset.require_digest(checkpoint.data, name)
    dataset.require_shape(config.image_shape)
    family, known = family_of(config), checkpoint.train_config.dataset
    info, code = model_info(model), config.code_dim
    found = info | {
        "name": name,
        "digest": checkpoint.digest,
        "family": family.label,
        "sentence": family.sentence,
        "dataset": label_of(known),
        "licence": DATASETS[known].licence if known in DATASETS else "none stated",
        "object": "digit" if dataset.class_names and set(dataset.class_names) <= set("0123456789") else "image",
        **_samples(model),
        "colours": [component_colour(each) for each in range(info["components"])],
        "inks": [ink_on(component_colour(each)) for each in range(info["components"])],
        "shelf": _shelf(dataset),
        "plane": _plane(model, dataset) if code == 2 and family.code_kind == "real" else None,
    }
    return found | {"parameters": _fitting(model, dataset, name, MOST_BYTES - len(page_bytes([found])))}


def model_info(model: LatentVariableModel) -> dict[str, Any]:
    """What the scripts have to know of a model besides its parameters: sizes, the prior, and how an image is drawn.

    `components` are the pieces where the code is a stick; `weights` the prior's means of them, and `sticks` the two
    concentrations of the prior of each break. A pixel is ink at its grey level in `levels` or above.
    """
    config, prior = model.config, model.prior()
    family, contexts = family_of(config), config.contexts
    means, scales = centres(model) if family.has_components else ((0.0,), (1.0,))
    offsets, stretches = (
        shapes(model) if family.has_components else (np.zeros((1, config.code_dim)), np.ones((1, config.code_dim)))
    )
    height, width = config.image_shape
    weights, sticks = prior.weights, prior.sticks
    return {
        "kind": family.code_kind,
        "height": height,
        "width": width,
        "pixels": config.data_dim,
        "code": config.code_dim,
        "components": 1 if weights is None else weights.shape[-1],
        "hidden": config.hidden,
        "depth": config.depth,
        "activation": config.encoder_activation,
        "means": means,
        "scales": scales,
        "alpha": config.concentration,
        "offsets": base64_floats(offsets),
        "stretches": base64_floats(stretches),
        "weights": [1.0] if weights is None else weights[0].tolist(),
        "sticks": [] if sticks is None else torch.cat(sticks.concentrations).T.tolist(),
        "contexts": None
        if contexts is None
        else {
            "largestMean": contexts.largest_mean,
            "smallestAlpha": contexts.smallest_concentration,
            "largestAlpha": contexts.largest_concentration,
        },
        "levels": base64.b64encode(binarization_levels(config.data_dim, 0).tobytes()).decode(),
    }


def _samples(model: LatentVariableModel) -> dict[str, Any]:
    """Noise of the samples of each component, and of ancestral samples, and the components of these."""
    if family_of(model.config).has_components:
        drawn, own = ancestral_noise(model, SAMPLES)
        noise = component_noise(model, SAMPLES, shared=True)
    else:
        drawn, own = np.zeros(SAMPLES, np.int64), _noise(model.config.code_dim)
        noise = own
    return {"noise": base64_floats(noise), "drawn": drawn.tolist(), "drawnNoise": base64_floats(own)}


def _noise(code: int) -> NDArray[np.float32]:
    """(SAMPLES, D), standard normal."""
    return np.random.default_rng(0).standard_normal((SAMPLES, code), dtype=np.float32)


def _fitting(model: LatentVariableModel, dataset: Dataset, name: str, room: int) -> dict[str, Any]:
    """The parameters, rounded as little as there is room for, in bytes."""
    images = torch.from_numpy(dataset.test.binary[:SEEN]).float()
    found = packed(model_parameters(model), sensitivities(model, images), room - _KEY)
    if found is None:
        raise ConfigError(f"{name} would take more than 3 MB: choose a smaller model for an HTML file.")
    return found


def _shelf(dataset: Dataset) -> dict[str, Any]:
    """Test images, as many of each class as there is room for: one bit per pixel, and their classes."""
    binary, labels = dataset.test.binary, dataset.test.labels
    if labels is None:
        chosen = np.arange(min(SHELF, len(binary)))
    else:
        each = max(1, SHELF // len(dataset.class_names))
        firsts = [np.flatnonzero(labels == c)[:each] for c in range(len(dataset.class_names))]
        chosen = np.concatenate(firsts)[:SHELF]
    names = None if labels is None else [dataset.class_names[label] for label in labels[chosen]]
    return {"bits": base64.b64encode(np.packbits(binary[chosen], axis=1).tobytes()).decode(), "names": names}


def _plane(model: LatentVariableModel, dataset: Dataset) -> dict[str, Any]:
    """Mean codes (N, 2) of test images, and the colour of each."""
    test = dataset.test[:DOTS]
    codes = encode(model.at(), test.binary)
    labels = np.full(len(codes), 8) if test.labels is None else test.labels
    return {"codes": base64_floats(codes), "colours": [CLASS_COLOURS[label % len(CLASS_COLOURS)] for label in labels]}
