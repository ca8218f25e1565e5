"""Sampled strata: unbiased in value and gradient, by enumeration of every choice, and as cheap as they should be."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ModelConfig, TrainConfig, require_step_size
from dlgmm_core.model import strata
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.objectives import BOUNDS, OBJECTIVES, elbo, every_path, log_importance_weights, lower_bound
from dlgmm_core.model.strata import choose_strata, inclusion_probabilities

Toy = Callable[..., LatentVariableModel]

MIXTURES = {
    "dlgmm": ModelConfig("dlgmm", 2, 4, (-1.5, 0.0, 1.0, 2.0), (0.7,) * 4, 0.3, hidden=8, image_shape=(2, 2)),
    "dldpmm": ModelConfig(
        "dldpmm", 2, 4, (0.0,) * 4, (1.0,) * 4, 2.0, hidden=8, image_shape=(2, 2), prior_components="diagonal"
    ),
}
TWO_LAYERS = ModelConfig(
    "dlgmm", 1, 3, (-1.0, 0.0, 1.0), (1.0,) * 3, 0.5, hidden=6, image_shape=(2, 2), layers=2, components_below=(2,)
)


def test_probabilities_of_choice_sum_to_m_and_none_is_above_one() -> None:
    weights = torch.distributions.Dirichlet(torch.full((17,), 0.1, dtype=torch.float64)).sample(torch.Size([500])).T
    for m in (1, 2, 4, 16):
        r = inclusion_probabilities(weights, m)
        assert r.min() > 0 and r.max() <= 1
        torch.testing.assert_close(r.sum(0), torch.full((500,), float(m), dtype=torch.float64))
        # where none is certain, they are in proportion to the weights mixed with equal ones
        open_ = r.max(0).values < 1
        shares = (1 - strata.FLOOR) * weights + strata.FLOOR / 17
        torch.testing.assert_close(r[:, open_], m * shares[:, open_])


def offsets(model: LatentVariableModel, x: Tensor, m: int) -> list[list[tuple[float, float]]]:
    """For each image, a middle and the length of every interval of offsets that give the same choice."""
    with torch.no_grad():
        ends = inclusion_probabilities(model.posterior(x).log_mean_weights.exp(), m).cumsum(0)
    found = []
    for column in (ends % 1).T.tolist():
        edges = sorted({0.0, 1.0, *column})
        found.append([((a + b) / 2, b - a) for a, b in itertools.pairwise(edges) if b - a > 1e-12])
    return found


@pytest.fixture
def prescribed(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[float]], None]:
    """Sets the offsets of all images, in place of random ones; codes and sticks are drawn as ever."""

    def prescribe(values: list[float]) -> None:
        monkeypatch.setattr(
            strata, "_offsets", lambda shape, like: torch.tensor(values, dtype=like.dtype).expand(shape)
        )

    return prescribe


def value_and_gradient(model: LatentVariableModel, x: Tensor, estimate: Callable[[], Tensor]) -> Tensor:
    torch.manual_seed(4)  # the same codes whatever is chosen
    model.zero_grad()
    value = estimate()
    value.sum().backward()
    gradients = [p.grad.flatten() if p.grad is not None else torch.zeros_like(p).flatten() for p in model.parameters()]
    return torch.cat([value.detach().flatten(), *gradients])


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("name", list(MIXTURES))
@pytest.mark.parametrize("bound", [*BOUNDS, "importance weights"])
def test_the_mean_over_every_choice_is_the_whole_value_and_gradient(
    name: str, bound: str, m: int, toy: Toy, four_bit_images: Tensor, prescribed: Callable[[list[float]], None]
) -> None:
    model, x = toy(MIXTURES[name]), four_bit_images[[6, 9]]

    def estimate(decoded: int | None) -> Callable[[], Tensor]:
        if bound == "importance weights":
            return lambda: log_importance_weights(model, x, 2, decoded).exp()
        return lambda: elbo(model, x, bound, 2, decoded)

    whole = value_and_gradient(model, x, estimate(None))
    mean, total, spread = torch.zeros_like(whole), 0.0, []
    for choice in itertools.product(*offsets(model, x, m)):
        prescribed([middle for middle, _ in choice])
        probability = choice[0][1] * choice[1][1]
        spread.append(value_and_gradient(model, x, estimate(m)))
        mean, total = mean + probability * spread[-1], total + probability
    assert total == pytest.approx(1) and len(spread) > 3
    torch.testing.assert_close(mean, whole, rtol=1e-9, atol=1e-9)
    assert (torch.stack(spread) - whole).abs().max() > 1e-3  # a single choice is not the whole


def test_in_two_layers_the_mean_of_many_choices_is_the_whole(toy: Toy, four_bit_images: Tensor) -> None:
    model, x = toy(TWO_LAYERS), four_bit_images
    for bound in BOUNDS:
        with torch.no_grad():
            draws = [elbo(model, x.repeat(500, 1), bound, 1, m).reshape(500, 16).mean(1) for m in (None, 1)]
        (whole, sampled), errors = [d.mean() for d in draws], [d.std() / 500**0.5 for d in draws]
        assert (whole - sampled).abs() < 5 * torch.hypot(*errors)
        assert every_path(model, x, 3, 1).code.shape == (1, 3, 16, 2)
        assert every_path(model, x, 3, 2).code.shape == (4, 3, 16, 2)


def test_as_many_as_there_are_is_all_of_them_to_the_last_digit(toy: Toy, four_bit_images: Tensor) -> None:
    for config in (*MIXTURES.values(), TWO_LAYERS):
        model = toy(config)
        for objective in OBJECTIVES:
            found = []
            for decoded in (None, 4, 1000):
                torch.manual_seed(2)
                found.append(lower_bound(model, four_bit_images, objective, 2, decoded))
            assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


def test_with_components_left_out_iwae_is_a_lower_bound_still(toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(MIXTURES["dlgmm"])
    x = four_bit_images.repeat(300, 1)
    with torch.no_grad():
        one, all_four = (lower_bound(model, x, "iwae", 2, m).mean() for m in (1, None))
    assert one < all_four


def test_only_chosen_components_are_decoded_and_each_at_most_once(toy: Toy, four_bit_images: Tensor) -> None:
    model = toy(MIXTURES["dlgmm"])
    decoded: list[int] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(inputs[0][..., 0].numel()))
    lower_bound(model, four_bit_images, "mixture", 5, 2)
    assert decoded == [2 * 5 * 16]
    chosen = choose_strata(model.posterior(four_bit_images), 3, 200, 16)
    assert chosen is not None and chosen.index.shape == (3, 200, 16)
    assert (chosen.index.sort(0).values.diff(dim=0) > 0).all()


def test_a_step_may_have_as_many_codes_as_it_decodes() -> None:
    model = ModelConfig("dlgmm", 2, 200, (0.0,) * 200, (1.0,) * 200, hidden=4)
    train = TrainConfig(num_samples=100, batch_size=100)
    with pytest.raises(ConfigError):
        require_step_size(model, train)
    require_step_size(model, TrainConfig(num_samples=100, batch_size=100, decoded=5))
    most = max(model.components)
    with pytest.raises(ConfigError, match=f"decoded.* must be at most {most}, the components of a layer, or 0 for all"):
        require_step_size(model, TrainConfig(decoded=most + 1))
