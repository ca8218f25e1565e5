"""What several test files share: one thread, one seed, and tiny models whose log p(x) can be integrated."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dlgmm_core.config import ModelConfig
from dlgmm_core.models import LatentVariableModel, build_model

torch.set_num_threads(1)

# One of each kind, and the mixture of a single component, whose stick tensors are empty.
CONTRACT = {
    "gauss-vae": ModelConfig("gauss-vae", 2, hidden=8, data_dim=4),
    "sb-vae": ModelConfig("sb-vae", 3, concentration=5.0, hidden=8, data_dim=4),
    "dlgmm": ModelConfig("dlgmm", 2, 3, (-1.5, 0.0, 2.0), (0.7, 1.0, 1.2), hidden=8, data_dim=4),
    "dlgmm-one": ModelConfig("dlgmm", 2, hidden=8, data_dim=4),
    "dldpmm": ModelConfig("dldpmm", 2, 4, (0.0,) * 4, (1.0,) * 4, concentration=2.0, hidden=8, data_dim=4),
}


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test draws the same numbers whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(params=list(CONTRACT.values()), ids=list(CONTRACT))
def config(request: pytest.FixtureRequest) -> ModelConfig:
    """Each contract configuration in turn."""
    result: ModelConfig = request.param
    return result


@pytest.fixture
def toy() -> Callable[..., LatentVariableModel]:
    """A float64 model with weights away from their initial, nearly uninformative, values.

    The decoder moves more than the encoder: a posterior much narrower than the exact one would give
    importance weights of infinite variance, and Monte Carlo no error bars.
    """

    def build(config: ModelConfig) -> LatentVariableModel:
        model = build_model(config).double()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.add_((0.2 if name.startswith("encoder") else 0.6) * torch.randn_like(parameter))
        return model

    return build


@pytest.fixture
def four_bit_images() -> Tensor:
    """(16, 4), all the images there are of four pixels."""
    return torch.tensor([[(i >> j) & 1 for j in range(4)] for i in range(16)], dtype=torch.float64)
