"""A model amortised over its prior: at a context it is a plain model, whatever the order of the components."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dlgmm_core.analysis.inspection import inspect_image
from dlgmm_core.checks import ConfigError
from dlgmm_core.config import Context, ContextSampler, ModelConfig, TrainConfig
from dlgmm_core.model.amortised import AmortisedModel
from dlgmm_core.model.contexts import context_row, draw_contexts, random_contexts
from dlgmm_core.model.models import LatentVariableModel, build_model
from dlgmm_core.model.networks import MixtureHead
from dlgmm_core.model.objectives import OBJECTIVES, lower_bound
from dlgmm_core.store.checkpoints import load_checkpoint, save_checkpoint
from dlgmm_core.store.files import CheckpointError, read_tensors, write_tensors

CONFIG = ModelConfig(
    "dlgmm",
    2,
    3,
    (-1.5, 0.5, 1.0),
    (0.8,) * 3,
    hidden=8,
    image_shape=(2, 2),
    contexts=ContextSampler(),
    gate_units=5,
)
ASCENDING, MIXED = Context((-1.25, -0.5, 1.75), 0.25), Context((1.75, -1.25, -0.5), 0.25)
ORDER = [2, 0, 1]  # the place in `ASCENDING` of each mean of `MIXED`
Toy = Callable[[ModelConfig], LatentVariableModel]


@pytest.fixture
def model(toy: Toy) -> AmortisedModel:
    """One whose gates do something."""
    found = toy(CONFIG)
    assert isinstance(found, AmortisedModel)
    return found


def bounds(model: LatentVariableModel, x: Tensor, objective: str) -> Tensor:
    torch.manual_seed(3)
    return lower_bound(model, x, objective, 2)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_with_gates_at_zero_it_is_the_plain_model_that_starts_from_the_same_weights(objective: str) -> None:
    model = build_model(CONFIG)
    assert isinstance(model, AmortisedModel)
    plain, head = build_model(CONFIG.at(ASCENDING)), model.layer.head
    assert isinstance(head, MixtureHead) and isinstance(plain.layer.head, MixtureHead)
    for name, value in plain.state_dict().items():
        value.copy_(model.state_dict()[name])
    with torch.no_grad():  # the posterior starts at the prior that the head is told
        plain.layer.head.sticks.bias += torch.log(torch.tensor(0.25))
        plain.layer.head.linear.bias[:6] += torch.tensor(ASCENDING.prior_means).repeat_interleave(2)
    x = torch.bernoulli(torch.full((6, 4), 0.5))
    expected = bounds(plain, x, objective)
    found = bounds(model.told(context_row(ASCENDING).expand(6, -1)), x, objective)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(bounds(model.at(ASCENDING), x, objective), expected, rtol=1e-6, atol=1e-6)


def test_each_image_is_told_its_own_context(model: AmortisedModel, four_bit_images: Tensor) -> None:
    contexts = [CONFIG.context, ASCENDING, Context((-2.0, 0.0, 2.0), 5.0), Context((0.0,) * 3, 0.02)] * 4
    told = model.told(torch.cat([context_row(each) for each in contexts]).double())
    q, p, codes = told.posterior(four_bit_images), told.prior(), torch.randn(3, 2, 16, 2, dtype=torch.float64)
    logits, kl = told.decode(codes).logits, q.weights_kl(p)
    for row, context in enumerate(contexts):
        plain = model.at(context)
        assert type(plain) is LatentVariableModel and plain.config == CONFIG.at(context)
        at, x = slice(row, row + 1), four_bit_images[row : row + 1]
        own = plain.posterior(x)
        for name in ("component_means", "component_scales", "log_mean_weights"):
            torch.testing.assert_close(getattr(q, name)[:, at], getattr(own, name), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(p.component_means[:, at], plain.prior().component_means.double(), atol=1e-6, rtol=0)
        torch.testing.assert_close(kl[at], own.weights_kl(plain.prior()), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(logits[:, :, at], plain.decode(codes[:, :, at]).logits, rtol=1e-6, atol=1e-6)
    by_itself = bounds(model, four_bit_images, "eq1")
    torch.testing.assert_close(by_itself, bounds(model.at(), four_bit_images, "eq1"), rtol=1e-6, atol=1e-6)
    assert (by_itself - bounds(model.at(ASCENDING), four_bit_images, "eq1")).abs().min() > 1e-3


def test_components_in_another_order_are_the_same_components(model: AmortisedModel, four_bit_images: Tensor) -> None:
    first, second = model.at(ASCENDING), model.at(MIXED)
    q, other = first.posterior(four_bit_images), second.posterior(four_bit_images)
    for name in ("component_means", "component_scales", "log_mean_weights"):
        torch.testing.assert_close(getattr(other, name), getattr(q, name)[ORDER])
        assert not torch.allclose(getattr(other, name), getattr(q, name))
    torch.testing.assert_close(other.mean, q.mean)
    torch.testing.assert_close(other.weights_kl(second.prior()), q.weights_kl(first.prior()))
    drawn = []
    for each in (q, other):
        torch.manual_seed(1)
        drawn.append(each.stratified_rsample(torch.Size([4])).log_weights)
    torch.testing.assert_close(drawn[1], drawn[0][ORDER])
    codes = torch.randn(5, 16, 2, dtype=torch.float64)
    torch.testing.assert_close(second.decode(codes).logits, first.decode(codes).logits)
    for ours, theirs in ((q, other), (first.prior(), second.prior())):
        one, two = ours.responsibilities(codes), theirs.responsibilities(codes)
        assert one is not None and two is not None
        torch.testing.assert_close(two, one[ORDER])
    image = four_bit_images[9].numpy().astype(np.uint8)
    reports = [inspect_image(each.float(), image, 200) for each in (first, second)]
    for report, posterior in zip(reports, (q, other), strict=True):
        assert report.sticks is not None
        np.testing.assert_allclose(
            report.sticks.mean, posterior.log_mean_weights[:, 9].detach().exp().numpy(), rtol=1e-4
        )
    np.testing.assert_allclose(reports[1].reconstructions, reports[0].reconstructions[ORDER], atol=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("product_type", [torch.float32, torch.bfloat16])
def test_a_gradient_reaches_every_parameter(objective: str, product_type: torch.dtype) -> None:
    model = build_model(CONFIG)
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    model.product_type = product_type
    found = lower_bound(model.at_random(50), torch.bernoulli(torch.full((50, 4), 0.5)), objective, 2)
    assert found.shape == (50,) and found.dtype == torch.float32
    found.mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), name


def test_contexts_are_drawn_as_the_record_says() -> None:
    sampler = ContextSampler()
    rows = draw_contexts(sampler, 5, 20_000, "cpu").double()
    means, alpha = rows[:, :-1], rows[:, -1].exp()
    assert (means.diff(dim=1) >= 0).all() and means.abs().max() == 2
    assert alpha.min().item() == pytest.approx(0.02) and alpha.max().item() == pytest.approx(5)
    steps = means.diff(dim=1)
    even = (steps - steps[:, :1]).abs().amax(1) < 1e-6
    shares = {
        sampler.evenly_spaced: even,
        sampler.alpha_one: alpha == 1,
        sampler.evenly_spaced * sampler.at_ends / 2: even & (means[:, -1] == 0),
        (1 - sampler.alpha_one) * sampler.alpha_at_ends / 2: (alpha - 5).abs() < 1e-5,
    }
    for share, holds in shares.items():
        assert holds.double().mean().item() == pytest.approx(share, abs=0.015)
    known = random_contexts(sampler, 5, 50, 7)
    assert known == random_contexts(sampler, 5, 50, 7) != random_contexts(sampler, 5, 50, 8)
    for context in known:
        sampler.require(context.prior_means, context.concentration)
        assert list(context.prior_means) == sorted(context.prior_means)


def test_a_checkpoint_has_the_range_and_the_gates(model: AmortisedModel, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, model.float().state_dict(), CONFIG, TrainConfig(), 1, -50.0)
    loaded, checkpoint = load_checkpoint(tmp_path)
    assert checkpoint.model_config == CONFIG == ModelConfig.from_dict(CONFIG.to_dict())
    x = torch.bernoulli(torch.full((6, 4), 0.5))
    torch.testing.assert_close(bounds(loaded.at(MIXED), x, "eq1"), bounds(model.at(MIXED), x, "eq1"), rtol=0, atol=0)
    tensors, header = read_tensors(tmp_path / "weights.safetensors", "")
    header["model"]["contexts"]["at_ends"] = 2
    write_tensors(tmp_path / "weights.safetensors", tensors, header)
    with pytest.raises(CheckpointError, match=r"at_ends must be a number from 0 to 1, not 2") as error:
        load_checkpoint(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        (
            Context((-2.5, 0.0, 1.0), 1.0),
            "This model knows prior means from -2 to 2, and that of component 1 is -2.5: choose one in between.",
        ),
        (
            Context((-2.0, 0.0, 1.0), 0.01),
            "This model knows concentrations from 0.02 to 5, not 0.01: choose one in between.",
        ),
        (Context((0.0, 1.0), 1.0), "prior_means must be as many as the components, 3, not 2."),
    ],
)
def test_a_context_out_of_range_is_refused_in_one_sentence(context: Context, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        build_model(CONFIG).at(context)
    assert str(error.value) == sentence


def test_what_cannot_be_amortised_is_refused_in_one_sentence() -> None:
    plain = build_model(replace(CONFIG, contexts=None))
    assert plain.at() is plain and plain.at_random(3) is plain
    with pytest.raises(ConfigError, match="knows no prior but its own"):
        plain.at(CONFIG.context)
    with pytest.raises(ConfigError, match="that of component 2 is 3"):
        replace(CONFIG, prior_means=(0.0, 3.0, 0.0))
    with pytest.raises(ConfigError, match="at most 1"):
        ContextSampler(evenly_spaced=0.8)
    with pytest.raises(ConfigError, match="below largest_concentration"):
        ContextSampler(smallest_concentration=6.0)
    with pytest.raises(ConfigError, match="DLDPMM cannot be amortised"):
        build_model(replace(CONFIG, model="dldpmm"))
    for change in ({"prior_components": "full"}, {"prior_scales": (1.0, 1.0, 0.5)}, {"body": "conv"}, {"depth": 2}):
        with pytest.raises(ConfigError, match=r"A model that is amortised over its prior has a dense body of depth 1"):
            build_model(replace(CONFIG, **change))  # type: ignore[arg-type]
