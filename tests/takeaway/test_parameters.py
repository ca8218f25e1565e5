"""Parameters as a page holds them: few bits, and still the model's pixels and weights."""

import copy
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Linear

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.bodies import DenseDecoder
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import contents_of
from dlgmm_core.takeaway.page import page_bytes
from dlgmm_core.takeaway.parameters import model_parameters, packed, unpacked

NAMES = ("fig2", "plane", "amortised")


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
            put(getattr(found.layer.head, name), numbers[f"head.{name}.w"], numbers[f"head.{name}.b"])
        if isinstance(found, AmortisedModel):
            for name, gate in (("encoder", found.encoder_gate), ("decoder", found.decoder_gate)):
                w1, b1, *others = (numbers[f"gate.{name}.{index}"] for index in range(6))
                ranges, centres = torch.tensor(gate.half_ranges), torch.tensor(gate.centres)
                first, second, last = linears(gate.net)
                put(first, w1 * ranges / 2, b1 + w1 @ centres)
                put(second, *others[:2])
                put(last, *others[2:])
    return found


@pytest.mark.parametrize("name", [*(f"mnist-dlgmm-{name}" for name in NAMES), "mnist-dldpmm-clusters30-seed1"])
def test_a_model_fits_three_megabytes_and_its_pixels_stay_within_five_thousandths(name: str) -> None:
    model, checkpoint = load_checkpoint(checkpoints_folder() / name)
    dataset = load_dataset("mnist")
    contents = contents_of(model, checkpoint, dataset)
    assert len(page_bytes([contents], link="https://example.org/a-course")) <= 3_000_000
    written = as_written(model, unpacked(contents["parameters"]))
    codes, images = model.prior().sample(torch.Size([300])), torch.from_numpy(dataset.test.binary[:300]).float()
    with torch.no_grad():
        assert difference(lambda each: each.decode(codes).probs, model, written) < 5e-3
        assert difference(lambda each: each.reconstruction(images).probs, model, written) < 2e-2
        assert difference(lambda each: each.posterior(images).weights, model, written) < 5e-3


def difference(
    of: Callable[[LatentVariableModel], Tensor | None], one: LatentVariableModel, other: LatentVariableModel
) -> float:
    """The largest between what a function gives of two models."""
    first, second = of(one), of(other)
    assert first is not None and second is not None
    return float((first - second).abs().max())


@pytest.mark.parametrize("bits", [16, 14, 9])
def test_numbers_come_back_within_half_a_step(bits: int) -> None:
    model = build_model(ModelConfig("dlgmm", 3, 2, (-1.0, 1.0), (1.0, 1.0), hidden=30))
    for name, values in unpacked(packed(parameters := model_parameters(model), bits)).items():
        wanted = parameters[name].numpy()
        is_whole = bits == 16 or wanted.size < 10_000 or (name.startswith("decoder.") and bits > 11)
        own = bits + 4 * name.startswith("decoder.")
        step = (
            2**-10 * np.abs(wanted) + 1e-7 if is_whole else np.abs(wanted).max(1, keepdims=True) / (2 ** (own - 1) - 1)
        )
        assert values.shape == wanted.shape
        assert (np.abs(values - wanted) <= 0.51 * step).all(), name


def test_numbers_that_are_too_large_are_named() -> None:
    with pytest.raises(ConfigError, match=r"decoder\.b are too large"):
        packed({"decoder.b": torch.tensor([7e4])}, 16)
