"""The names that the package hands out, and the examples in its docstrings."""

import doctest
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import dlgmm_core
from dlgmm_core.checks import ConfigError
from dlgmm_core.store.checkpoints import save_checkpoint

ROOT = Path(__file__).resolve().parents[1]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "dlgmm_core").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def test_every_public_name_is_there_listed_and_documented() -> None:
    assert set(dlgmm_core.__all__) <= set(dir(dlgmm_core))
    for name in dlgmm_core.__all__:
        assert getattr(dlgmm_core, name).__doc__, name


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_say_what_happens(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0 and result.failed == 0


IMAGES = torch.zeros(3, 784)
INVALID: dict[str, Callable[[Any], object]] = {
    "There is no bound 'tight'": lambda model: dlgmm_core.elbo(model, IMAGES, "tight"),
    "num_samples must be": lambda model: dlgmm_core.elbo(model, IMAGES, num_samples=0),
    "num_samples must be a": lambda model: dlgmm_core.iwae_bound(model, IMAGES, -1),
    "num_samples must be a whole": lambda model: dlgmm_core.log_likelihood(model, IMAGES.numpy(), 0),
    r"images .* not torch.float32 of shape \(3, 28, 28\)": lambda model: dlgmm_core.elbo(model, IMAGES.view(3, 28, 28)),
    r"images .* not torch.uint8": lambda model: dlgmm_core.iwae_bound(model, IMAGES.byte(), 1),
    "images .* not ndarray": lambda model: dlgmm_core.elbo(model, IMAGES.numpy()),
    r"images .* not \(3, 400\)": lambda model: dlgmm_core.log_likelihood(model, np.zeros((3, 400), np.uint8), 5),
    "images .* not Tensor": lambda model: dlgmm_core.encode(model, IMAGES),
    "count must be": lambda model: dlgmm_core.ancestral_samples(model, 0),
}


@pytest.mark.parametrize("sentence", INVALID)
def test_an_invalid_argument_is_one_sentence(sentence: str) -> None:
    model = dlgmm_core.build_model(dlgmm_core.ModelConfig("gauss-vae", hidden=4))
    with pytest.raises(ConfigError, match=sentence):
        INVALID[sentence](model)


def test_folders_may_be_plain_text(tmp_path: Path) -> None:
    config = dlgmm_core.ModelConfig("gauss-vae", hidden=4)
    weights = dlgmm_core.build_model(config).state_dict()
    save_checkpoint(tmp_path / "one", weights, config, dlgmm_core.TrainConfig(), 1, -200.0)
    (found,) = dlgmm_core.list_checkpoints(str(tmp_path))
    assert dlgmm_core.load_checkpoint(str(tmp_path / "one"))[1] == found
