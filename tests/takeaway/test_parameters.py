"""Parameters as a page holds them: few bits, and still the model's pixels and weights."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig
from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.folders import checkpoints_folder
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import contents_of
from dlgmm_core.takeaway.parameters import model_parameters, packed, unpacked


@pytest.mark.parametrize("name", ["mnist-dlgmm-fig2", "mnist-dlgmm-plane", "mnist-dldpmm-clusters30-seed1"])
def test_a_model_fits_three_megabytes_and_its_pixels_stay_within_five_thousandths(name: str) -> None:
    model, checkpoint = load_checkpoint(checkpoints_folder() / name)
    found = contents_of(model, checkpoint, load_dataset("mnist"))["parameters"]
    assert len(found["numbers"]) <= 3_050_000
    parts, depth = unpacked(found), model.config.depth
    codes = model.prior().sample_with_component(torch.Size([300]))[0].reshape(300, -1)
    units = np.maximum(codes.numpy() @ parts["decoder.w0"].T + parts["decoder.b0"], 0)
    for layer in range(1, depth):
        units = np.maximum(units @ parts[f"decoder.w{layer}"] + parts[f"decoder.b{layer}"], 0)
    pixels = expit(units @ parts["decoder.w"] + parts["decoder.b"])
    assert np.abs(pixels - model.decode(codes).probs.numpy()).max() < 5e-3


@pytest.mark.parametrize("bits", [16, 14, 9])
def test_numbers_come_back_within_half_a_step(bits: int) -> None:
    model = build_model(ModelConfig("dlgmm", 3, 2, (-1.0, 1.0), (1.0, 1.0), hidden=30))
    for name, values in unpacked(packed(parameters := model_parameters(model), bits)).items():
        wanted = parameters[name].numpy()
        is_whole = bits == 16 or wanted.size < 10_000 or name.startswith("decoder.")
        step = (
            2**-10 * np.abs(wanted) + 1e-7 if is_whole else np.abs(wanted).max(1, keepdims=True) / (2 ** (bits - 1) - 1)
        )
        assert values.shape == wanted.shape
        assert (np.abs(values - wanted) <= 0.51 * step).all(), name


def test_numbers_that_are_too_large_are_named() -> None:
    with pytest.raises(ConfigError, match=r"decoder\.b are too large"):
        packed({"decoder.b": torch.tensor([7e4])}, 16)
