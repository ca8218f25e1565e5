r"""The bound eq1 of the four models in JAX, written from the mathematics and not from our code.

Every code is drawn as z = mu + sigma e, so that log N(z; mu, sigma^2) is a function of e and sigma alone. All is in
float32, also the sticks, which we sum in float64.

Reference: Nalisnick, Hertel & Smyth (2016), eq. 1; docs/mathematics.md.
"""

import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import Array
from jax.scipy.special import digamma, gammaln

from benchmarks.peers.trainee import LEARNING_RATE, Trainee
from dlgmm_core.model.models import LatentVariableModel
from dlgmm_core.model.networks import MAX_LOG_CONCENTRATION, MAX_LOG_CONCENTRATION_OF_CODE, MixturePrior, SticksPrior

__all__ = ["twin"]

Weights = dict[str, Array]
LOG_2PI = math.log(2 * math.pi)
EULER_GAMMA = 0.5772156649015329
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
_TINY = -15.0  # the log of a t of which log(1 - (1 - t)^(1/a)) is log t - log a in float32
(_S, _WS), (_T, _WT) = (
    ((1 + nodes) / 2, weights / 2) for nodes, weights in map(np.polynomial.legendre.leggauss, (16, 18))
)


def twin(model: LatentVariableModel, x: torch.Tensor) -> Trainee:
    """A copy of a model with a dense body, trained on images x (B, X) with the bound eq1."""
    weights = {name: jnp.asarray(each.detach().numpy().T) for name, each in model.named_parameters()}
    images = jnp.asarray(x.numpy())
    prior = model.layer.prior
    sticks = prior.sticks if isinstance(prior, MixturePrior) else prior if isinstance(prior, SticksPrior) else None
    fractions = () if sticks is None else (sticks.concentration1[0].numpy(), sticks.concentration0[0].numpy())
    mean_bound = partial(_mean_bound, model.config.model, model.config.num_components, fractions)
    key = jax.random.key(0)

    @partial(jax.jit, donate_argnums=0)
    def update(state: tuple[Weights, Weights, Weights, Array]) -> tuple[tuple[Weights, Weights, Weights, Array], Array]:
        weights, first, second, count = state
        value, gradient = jax.value_and_grad(mean_bound)(weights, jax.random.fold_in(key, count), images)
        count = count + 1
        size = LEARNING_RATE / (1 - BETA1**count)
        scale = 1 / jnp.sqrt(1 - BETA2**count)
        first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradient)
        second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradient)
        weights = jax.tree.map(lambda w, m, v: w + size * m / (jnp.sqrt(v) * scale + EPSILON), weights, first, second)
        return (weights, first, second, count), value

    state = (weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.int32(0))
    state = jax.tree.map(jnp.array, state)  # copies, which may be given up
    draws = itertools.count()
    value_of = jax.jit(mean_bound)

    def bound() -> float:
        return float(value_of(state[0], jax.random.fold_in(jax.random.key(1), next(draws)), images))

    def step() -> float:
        nonlocal state
        state, value = update(state)
        return float(jax.block_until_ready((state, value))[1])

    return Trainee(bound, step)


def _mean_bound(
    name: str, components: int, fractions: tuple[np.ndarray, ...], weights: Weights, key: Array, x: Array
) -> Array:
    """Mean of eq1 over images x (B, X)."""
    features = jax.nn.relu(_affine(weights, "encoder.0", x))
    normal_key, uniform_key = jax.random.split(key)
    if name == "sb-vae":
        parameters = _affine(weights, "layers.0.head.linear", features)
        log_a, log_b = jnp.split(_bounded(parameters, MAX_LOG_CONCENTRATION_OF_CODE), 2, -1)
        log_pi = _drawn_log_weights(log_a, log_b, uniform_key)
        code = len(fractions[0]) + 1
        return (
            _log_likelihood(weights, code * jnp.exp(log_pi)[None], x)[0] - _sticks_kl(log_a, log_b, *fractions)
        ).mean()
    parameters = _affine(weights, "layers.0.head.linear", features)
    loc, log_scale = jnp.moveaxis(parameters.reshape(len(x), 2, components, -1), (1, 2), (0, 1))  # (K, B, D) each
    noise = jax.random.normal(normal_key, loc.shape)
    scale = jnp.exp(log_scale)
    log_likelihood = _log_likelihood(weights, loc + scale * noise, x)
    expected = -0.5 * (loc**2 + scale**2 + LOG_2PI).sum(-1)
    log_q = -(0.5 * noise**2 + log_scale + 0.5 * LOG_2PI).sum(-1)
    if name == "gauss-vae":
        return (log_likelihood + expected - log_q).mean()
    parameters = _bounded(_affine(weights, "layers.0.head.sticks", features), MAX_LOG_CONCENTRATION)
    log_a, log_b = jnp.split(parameters, 2, -1)
    mean_weights = jnp.exp(_log_mean_weights(log_a, log_b)).T
    log_pi = _drawn_log_weights(log_a, log_b, uniform_key).T
    first = (mean_weights * (log_likelihood + expected)).sum(0)
    return (first - jax.nn.logsumexp(log_pi + log_q, 0) - _sticks_kl(log_a, log_b, *fractions)).mean()


def _affine(weights: Weights, layer: str, x: Array) -> Array:
    return x @ weights[f"{layer}.weight"] + weights[f"{layer}.bias"]


def _log_likelihood(weights: Weights, code: Array, x: Array) -> Array:
    """(K, B), nats, of images (B, X) under decoded codes (K, B, D)."""
    hidden = jax.nn.relu(_affine(weights, "decoder.hidden.0", code))
    logits = hidden @ weights["decoder.output.weight"] + weights["decoder.data_bias"]
    return (x * logits - jax.nn.softplus(logits)).sum(-1)


def _bounded(x: Array, limit: float) -> Array:
    return limit * jnp.tanh(x / limit)


def _log1mexp(x: Array) -> Array:
    """log(1 - e^x), x < 0; each formula is given only arguments at which its derivative is finite."""
    is_near = x > -math.log(2)
    near, far = jnp.where(is_near, x, -1.0), jnp.where(is_near, -1.0, x)
    return jnp.where(is_near, jnp.log(-jnp.expm1(near)), jnp.log1p(-jnp.exp(far)))


def _pieces(log_v: Array, log1m_v: Array) -> Array:
    """(B, T), log lengths of the pieces of a stick from its fractions (B, T-1)."""
    left = jnp.cumsum(log1m_v, -1)
    zero = jnp.zeros_like(left[:, :1])
    return jnp.concatenate([log_v, zero], -1) + jnp.concatenate([zero, left], -1)


def _drawn_log_weights(log_a: Array, log_b: Array, key: Array) -> Array:
    """(B, T): v = (1 - u^(1/b))^(1/a)."""
    u = jax.random.uniform(key, log_a.shape, minval=1e-8)
    log_t = jnp.minimum(jnp.log(u), -1e-8) * jnp.exp(-log_b)
    usual = jnp.maximum(log_t, _TINY)
    log_v = _log1mexp(usual) * jnp.exp(-log_a)
    return _pieces(log_v, jnp.where(log_t < _TINY, log_t - log_a, _log1mexp(log_v)))


def _log_mean_weights(log_a: Array, log_b: Array) -> Array:
    """(B, T), log E[pi], from E[v] = b B(1 + 1/a, b)."""
    c, b = 1 + jnp.exp(-log_a), jnp.exp(log_b)
    log_mean = jnp.minimum(log_b + gammaln(c) + gammaln(b) - gammaln(c + b), -1e-7)
    return _pieces(log_mean, _log1mexp(log_mean))


def _sticks_kl(log_a: Array, log_b: Array, alpha: np.ndarray, beta: np.ndarray) -> Array:
    """(B,), KL(Kumaraswamy(a, b) || Beta(alpha, beta)), summed over sticks: Nalisnick & Smyth (2017), eq. 7."""
    mean_neg_log = EULER_GAMMA + digamma(1 + jnp.exp(log_b))
    log_beta = gammaln(alpha) + gammaln(beta) - gammaln(alpha + beta)
    divergence = (alpha * jnp.exp(-log_a) - 1) * mean_neg_log + log_a + log_b + log_beta + jnp.expm1(-log_b)
    return (divergence + (beta - 1) * _mean_neg_log1m(log_a, log_b)).sum(-1)


def _mean_neg_log1m(log_a: Array, log_b: Array) -> Array:
    """E[-log(1 - v)]: 1/b, and the mean of log t - log(1 - v), where t = 1 - v^a = e^-x and x has the rate b.

    By Gauss-Legendre nodes in two intervals of x, of which the second begins before the ratio bends.
    """
    log_a, log_b = log_a[..., None], log_b[..., None]
    rate, inverse = jnp.exp(log_b), jnp.exp(-log_b)
    first = jnp.minimum(jnp.log1p(jnp.exp(-log_a - 3)) + 0.5, 6 * inverse)
    second = jnp.minimum(24 * inverse, 17)
    x = jnp.concatenate([first * _S.astype("f") ** 3, first + second * _T.astype("f")], -1)
    width = jnp.concatenate([first * (3 * _WS * _S**2).astype("f"), second * _WT.astype("f")], -1)
    neg_log_v = -_log1mexp(-x) * jnp.exp(-log_a)
    ratio = -x - jnp.log(-jnp.expm1(-neg_log_v))
    beyond = log_a[..., 0] * jnp.exp(-rate * (first + second))[..., 0]
    return inverse[..., 0] + beyond + (ratio * width * rate * jnp.exp(-rate * x)).sum(-1)
