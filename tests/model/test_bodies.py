"""Bodies: dense and convolutional, of images of any shape; and the Bernoulli likelihood of pixels."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Bernoulli

from dlgmm_core.checks import ConfigError
from dlgmm_core.config import ContextSampler, ModelConfig
from dlgmm_core.model.bodies import BODIES, BernoulliLikelihood, Body, Decoder, bodies_with, body_of, dense_layers
from dlgmm_core.model.models import build_model
from dlgmm_core.takeaway.contents import require_exportable

HIDDEN, B, X = 8, 3, 30
CONFIG = ModelConfig("gauss-vae", 3, hidden=HIDDEN, image_shape=(5, 6))
BODY = pytest.mark.parametrize("body", list(BODIES))


def decoder_of(body: str, code_scale: float = 1.0) -> Decoder:
    return BODIES[body].decoder(replace(CONFIG, body=body), 3, code_scale)


@pytest.mark.parametrize("shape", [(B, 7), (2, B, 7), (4, 2, B, 7)])
def test_likelihood_is_torchs_bernoulli_summed_over_pixels(shape: tuple[int, ...]) -> None:
    logits = 20 * torch.randn(shape)
    x = torch.bernoulli(torch.full((B, 7), 0.5))
    likelihood = BernoulliLikelihood(logits)
    torch.testing.assert_close(likelihood.log_prob(x), Bernoulli(logits=logits).log_prob(x.expand(shape)).sum(-1))
    torch.testing.assert_close(likelihood.probs, Bernoulli(logits=logits).probs)


def test_likelihood_of_hopeless_pixels_is_finite() -> None:
    x = torch.tensor([[0.0, 1.0]])
    assert BernoulliLikelihood(torch.tensor([[200.0, -200.0]])).log_prob(x).item() == -400


@BODY
def test_a_decoder_multiplies_the_code_by_its_scale_first(body: str) -> None:
    code = torch.randn(2, B, 3)
    decoder = decoder_of(body, 3.0)
    logits = decoder(code).logits
    assert logits.shape == (2, B, X)
    decoder.code_scale = 1.0
    torch.testing.assert_close(decoder(3 * code).logits, logits)


@BODY
def test_a_decoder_takes_codes_in_any_shape_and_order_in_memory(body: str) -> None:
    decoder, codes = decoder_of(body), torch.randn(4, 2, B, 3)
    logits = decoder(codes).logits
    torch.testing.assert_close(decoder(codes.movedim(0, 1)).logits, logits.movedim(0, 1))
    torch.testing.assert_close(decoder(codes[1, 0, 2]).logits, logits[1, 0, 2])


@BODY
def test_the_data_bias_is_what_a_code_adds_its_log_odds_to(body: str) -> None:
    decoder, ink = decoder_of(body, 3.0), torch.linspace(0.001, 0.999, X)
    before = {name: value.clone() for name, value in decoder.state_dict().items()}
    code = torch.randn(B, 3)
    without = decoder(code).logits - decoder.data_bias
    decoder.start_at(ink)
    changed = {name for name, value in decoder.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"data_bias"} and decoder.data_bias.requires_grad
    torch.testing.assert_close(decoder(code).logits, without + torch.logit(ink))


@BODY
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (20, 24), (28, 28), (30, 105)], ids=str)
def test_a_body_takes_images_of_any_shape_and_every_pixel_counts(body: str, shape: tuple[int, int]) -> None:
    config = replace(CONFIG, body=body, image_shape=shape)
    x = torch.rand(2, config.data_dim, requires_grad=True)
    features = BODIES[body].encoder(config)(x)
    assert features.shape == (2, HIDDEN)
    features.sum().backward()
    code = torch.randn(2, 3, requires_grad=True)
    logits = BODIES[body].decoder(config, 3, 1.0)(code).logits
    assert logits.shape == x.shape and x.grad is not None
    if shape == (20, 24):
        assert (x.grad != 0).all()
        assert (logits.detach().std(0) > 0).all(), "a pixel that no code reaches"


@BODY
@pytest.mark.parametrize("depth", [1, 3])
def test_a_decoder_that_browsers_run_consists_of_affine_maps_and_no_other_does(body: str, depth: int) -> None:
    if depth > 1 and not BODIES[body].has_depth:
        return
    decoder, code = BODIES[body].decoder(replace(CONFIG, body=body, depth=depth), 3, 3.0), torch.randn(B, 3)
    if not BODIES[body].in_browser:
        with pytest.raises(NotImplementedError, match="does not consist of affine maps"):
            decoder.affine_maps()
        return
    *hidden, (weight, bias) = decoder.affine_maps()
    units = code
    for inner, offset in hidden:
        units = (units @ inner.T + offset).clamp_min(0)
    torch.testing.assert_close(units @ weight.T + bias, decoder(code).logits)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_dense_layers_are_affine_maps_with_a_relu_after_each_or_none(depth: int, activation: str) -> None:
    layers, x = dense_layers(4, 6, depth, activation), torch.randn(B, 4)
    expected, weights = x, list(layers.state_dict().values())
    assert len(weights) == 2 * depth
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        expected = expected @ weight.T + bias
        expected = expected.clamp_min(0) if activation == "relu" else expected
    torch.testing.assert_close(layers(x), expected)


def test_an_unknown_body_and_a_deep_convolutional_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="There is no body 'round': choose one of dense, conv"):
        body_of(replace(CONFIG, body="round"))
    with pytest.raises(ConfigError, match="depth applies to a dense body only"):
        body_of(replace(CONFIG, body="conv", depth=2))


def test_what_a_body_of_ones_own_can_do_stands_in_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(CONFIG, body="wide")
    deep = replace(plain, depth=2)
    amortised = ModelConfig("dlgmm", 2, 2, (-1.0, 1.0), (1.0, 1.0), hidden=8, body="wide", contexts=ContextSampler())
    known = Body(BODIES["dense"].encoder, BODIES["dense"].decoder)
    monkeypatch.setitem(BODIES, "wide", known)
    build_model(plain)
    for refused, words in (
        (lambda: build_model(deep), "depth applies to a dense body only: leave it at 1 with a wide body"),
        (lambda: build_model(amortised), "amortised over its prior has a dense body of depth 1"),
        (lambda: require_exportable(plain, "mine"), "mine has a wide body: choose a model with a dense one"),
    ):
        with pytest.raises(ConfigError, match=words):
            refused()
    monkeypatch.setitem(BODIES, "wide", replace(known, has_depth=True, has_gates=True, in_browser=True))
    build_model(deep)
    build_model(amortised)
    require_exportable(deep, "mine")
    assert bodies_with("in_browser") == "dense or wide"
