"""Parameters as a page holds them: few bits, and still the model's pixels and weights."""

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Linear

from dlgmm_core.config import Context, ModelConfig
from dlgmm_core.data.datasets import is_here, load_dataset
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.bodies import DenseDecoder
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import SEEN, contents_of
from dlgmm_core.takeaway.page import page_bytes
from dlgmm_core.takeaway.parameters import as_text, model_parameters, packed, rounded, unpacked
from dlgmm_core.takeaway.sensitivity import sensitivities

TOLD = "mnist-dlgmm-amortised"
SHIPPED = sorted(folder.name for folder in checkpoints_folder().glob("*/") if "layers" not in folder.name)


def as_written(model: LatentVariableModel, parts: Mapping[str, NDArray[np.float32]]) -> LatentVariableModel:
    """The model with the numbers of a page."""
    found, numbers = copy.deepcopy(model), {name: torch.from_numpy(part.copy()) for name, part in parts.items()}
    decoder = found.decoder
    assert isinstance(decoder, DenseDecoder)

    def put(layer: object, weight: Tensor, bias: Tensor) -> None:
        assert isinstance(layer, Linear)
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)

    def linears(layers: object) -> list[object]:
        assert isinstance(layers, torch.nn.Sequential)
        return [layer for layer in layers if isinstance(layer, Linear)]

    with torch.no_grad():
        for index, layer in enumerate(linears(found.encoder)):
            put(layer, numbers[f"encoder.w{index}"].T, numbers[f"encoder.b{index}"])
        first, *more = linears(decoder.hidden)
        put(first, numbers["decoder.w0"] / decoder.code_scale, numbers["decoder.b0"])
        for index, layer in enumerate(more, 1):
            put(layer, numbers[f"decoder.w{index}"].T, numbers[f"decoder.b{index}"])
        decoder.output.weight.copy_(numbers["decoder.w"].T)
        decoder.data_bias.copy_(numbers["decoder.b"])
        for name in ("sticks", "linear"):
            if (weight := numbers.get(f"head.{name}.w")) is not None:
                put(getattr(found.layer.head, name), weight, numbers[f"head.{name}.b"])
        if isinstance(found, AmortisedModel):
            for name, gate in (("encoder", found.encoder_gate), ("decoder", found.decoder_gate)):
                w1, b1, *others = (numbers[f"gate.{name}.{index}"] for index in range(6))
                ranges, centres = torch.tensor(gate.half_ranges), torch.tensor(gate.centres)
                first, second, last = linears(gate.net)
                put(first, w1 * ranges / 2, b1 + w1 @ centres)
                put(second, *others[:2])
                put(last, *others[2:])
    return found


@cache
def contents(name: str) -> dict[str, Any]:
    model, checkpoint = load_checkpoint(checkpoints_folder() / name)
    return contents_of(model, checkpoint, load_dataset(checkpoint.train_config.dataset))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_model_fits_three_megabytes_and_its_pixels_and_weights_stay_within_five_thousandths(name: str) -> None:
    model, checkpoint = load_checkpoint(checkpoints_folder() / name)
    if not is_here(checkpoint.train_config.dataset):
        pytest.skip(f"{checkpoint.train_config.dataset} is not here")
    found = contents(name)
    assert len(page_bytes([found], link="https://example.org/a-course")) <= 3_000_000
    written = as_written(model, unpacked(found["parameters"]))
    images = load_dataset(checkpoint.train_config.dataset).test.binary[SEEN : SEEN + 300]
    with torch.no_grad():
        codes, read = model.prior().sample(torch.Size([300])), torch.from_numpy(images).float()
        assert difference(lambda each: each.decode(codes).probs, model, written) < 5e-3
        assert difference(lambda each: each.reconstruction(read).probs, model, written) < 5e-3
        if model.posterior(read).weights is not None:
            assert difference(lambda each: each.posterior(read).weights, model, written) < 2e-3


def test_two_models_fit_six_megabytes() -> None:
    largest = [contents(name) for name in ("mnist-dlgmm-plane", "mnist-dlgmm-amortised")]
    assert 5_800_000 < len(page_bytes(largest, link="https://example.org/a-course")) <= 6_000_000


def test_a_model_told_another_prior_stays_within_five_thousandths() -> None:
    model, _ = load_checkpoint(checkpoints_folder() / TOLD)
    written = as_written(model, unpacked(contents(TOLD)["parameters"]))
    images = torch.from_numpy(load_dataset("mnist").test.binary[SEEN : SEEN + 100]).float()
    for means, alpha in (((-2.0, -1.0, 0.0, 1.0, 2.0), 0.1), ((-0.5, 0.0, 0.0, 0.5, 2.0), 3.0)):
        context = Context(means, alpha)
        with torch.no_grad():
            assert difference(lambda each: each.reconstruction(images).probs, model, written, context) < 5e-3
            assert difference(lambda each: each.posterior(images).weights, model, written, context) < 2e-3


def difference(
    of: Callable[[LatentVariableModel], Tensor | None],
    one: LatentVariableModel,
    other: LatentVariableModel,
    context: Context | None = None,
) -> float:
    """The largest between what a function gives of two models at a context."""
    first, second = of(one.at(context)), of(other.at(context))
    assert first is not None and second is not None
    return float((first - second).abs().max())


def small() -> LatentVariableModel:
    return build_model(ModelConfig("dlgmm", 3, 2, (-1.0, 1.0), (1.0, 1.0), hidden=30))


@pytest.mark.parametrize("error", [1e-9, 1e-4, 1e-2])
def test_numbers_come_back_within_half_a_step(error: float) -> None:
    model = small()
    parameters, images = model_parameters(model), torch.ones(2, model.config.data_dim)
    layout, content = rounded(parameters, sensitivities(model, images), error)
    steps = {part["name"]: part.get("step", 0.0) for part in layout}
    assert {name for name, step in steps.items() if step} == {"encoder.w0", "decoder.w"}
    for name, values in unpacked({"layout": layout, "bytes": len(content), "numbers": as_text(content)}).items():
        wanted = parameters[name].numpy()
        assert values.shape == wanted.shape
        assert (np.abs(values - wanted) <= 0.51 * steps[name] + 1e-7 * np.abs(wanted)).all(), name


def test_rounding_errors_have_the_size_that_is_asked_for() -> None:
    """To first order: of independent errors in all matrices, each with its own share."""
    model, _ = load_checkpoint(checkpoints_folder() / "digits-dlgmm")
    images = torch.from_numpy(load_dataset("digits").test.binary[:200]).float()
    parameters = model_parameters(model)
    for error in (1e-4, 1e-3):
        layout, content = rounded(parameters, sensitivities(model, images), error)
        written = as_written(model, unpacked({"layout": layout, "bytes": len(content), "numbers": as_text(content)}))
        with torch.no_grad():
            pairs = [(m.reconstruction(images).probs, m.posterior(images).weights) for m in (model, written)]
            changes = torch.cat([(one - other).flatten() for one, other in zip(*pairs, strict=True)])
        assert 0.6 * error < float(changes.square().mean().sqrt()) < 1.6 * error


def test_where_there_is_too_little_room_nothing_is_written() -> None:
    model = small()
    sensitivity = sensitivities(model, torch.ones(2, model.config.data_dim))
    assert packed(model_parameters(model), sensitivity, 20_000) is None
