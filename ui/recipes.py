"""Copy as Python: for every figure, the few lines of `dlgmm_core` that reproduce its numbers.

They are written from what is shown, run in the repository's folder, and stop where the weights are no
longer those that were shown. The first line of each docstring says what the lines make.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlgmm_core.checkpoints import Checkpoint
from ui.digit_input import DigitInput
from ui.scripts import each_model, join, load_model, numbers, quoted, script

__all__ = [
    "changes",
    "components",
    "densities",
    "errors",
    "ledger",
    "likelihood",
    "maps",
    "mistakes",
    "nearest",
    "path",
    "places",
    "prior",
    "reconstructions",
    "report",
    "series",
    "settling",
    "siblings",
    "stick",
]


def _image(digit: DigitInput) -> str:
    """The line that makes `image`: a test image where it is one, else its 784 pixels, eight a byte."""
    if digit.index is not None:
        return f'image = load_dataset("{digit.dataset}").test.binary[{digit.index}]'
    packed = base64.b64encode(np.packbits(digit.binary).tobytes()).decode()
    return f'image = np.unpackbits(np.frombuffer(b64decode("{packed}"), np.uint8))'


# ---- the prior


def prior(checkpoint: Checkpoint, count: int, seed: int, *, is_stick: bool) -> str:
    """A model's card: `samples` (count, 784) of the `components`; `density` of the prior at `z`, or `pieces`."""
    samples = f"samples, components = ancestral_samples(model, {count}, seed={seed})  # probability of ink"
    if is_stick:
        return script(load_model(checkpoint), samples, "pieces = model.prior().mean[0].numpy()  # E[pi]")
    return script(
        load_model(checkpoint),
        samples,
        "means, scales = np.array(model.config.prior_means), np.array(model.config.prior_scales)",
        "weights = model.prior().log_mean_weights.exp()[:, 0].numpy()  # E[pi]",
        "reach = max(abs(means) + 3 * scales)",
        "z = np.linspace(-reach, reach, 300)  # one coordinate of the code",
        "density = (weights * norm(means, scales).pdf(z[:, None])).sum(1)",
    )


def components(
    checkpoint: Checkpoint,
    means: Sequence[float],
    scales: Sequence[float],
    count: int,
    seed: int,
    *,
    is_shared: bool,
    is_ink: bool,
) -> str:
    """`rows` (K, count, 784) of every component, and `ancestral` (count, 784) of the components `drawn`."""
    return script(
        load_model(checkpoint),
        "offsets, stretches = shapes(model)  # zeros and ones, unless the prior is learnt",
        f"means = np.array({numbers(means)})[:, None] + offsets",
        f"scales = np.array({numbers(scales)})[:, None] * stretches",
        "\ndef decode(codes):",
        "    return model.likelihood(torch.from_numpy(codes.astype(np.float32))).probs.numpy()\n",
        f"noise = component_noise(model.config, {count}, seed={seed})",
        "noise = noise[:1]  # the same in every row" if is_shared else "",
        "rows = decode(means[:, None] + scales[:, None] * noise)  # probability of ink",
        f"drawn, noise = ancestral_noise(model, {count}, seed={seed})",
        "ancestral = decode(means[drawn] + scales[drawn] * noise)",
        "rows, ancestral = rows > 0.5, ancestral > 0.5" if is_ink else "",
    )


def siblings(checkpoints: Sequence[Checkpoint], count: int, seed: int) -> str:
    """`samples` (K, count, 784) by name."""
    line = f"samples[name] = component_samples(model, *centres(model), {count}, seed={seed})  # probability of ink"
    return script("samples = {}", each_model(checkpoints, line))


# ---- one digit


def report(checkpoint: Checkpoint, digit: DigitInput, bound: str) -> str:
    """`report`: sticks, weights, responsibilities, reconstructions, log p(x); see `ImageReport`."""
    return script(load_model(checkpoint), _image(digit), f'report = inspect_image(model, image, "{bound}")')


def stick(
    checkpoint: Checkpoint, digit: DigitInput, bound: str, moved: Sequence[float] | None, *, is_code: bool
) -> str:
    """`pieces` (T,) at the posterior's mean or broken at fractions `moved`; and `decoded` (784,) if they are a code."""
    shown = (f'report = inspect_image(model, image, "{bound}")', "pieces = report.sticks.mean")
    if moved is not None:
        shown = (
            f"v = np.array({numbers(moved)})  # redrawn, or moved by hand",
            "pieces = np.append(v, 1) * np.cumprod(np.append(1, 1 - v))",
        )
    decoded = "decoded = model.likelihood(torch.from_numpy(pieces[None].astype(np.float32))).probs[0].numpy()"
    return script(load_model(checkpoint), "" if moved else _image(digit), *shown, decoded if is_code else "")


def ledger(checkpoint: Checkpoint, digit: DigitInput, bound: str) -> str:
    """`ledgers` by bound, and the `report` whose log p(x) they are held against."""
    return script(
        load_model(checkpoint),
        _image(digit),
        "ledgers = {bound: open_ledger(model, image, bound) for bound in BOUNDS}",
        f'report = inspect_image(model, image, "{bound}")',
    )


def settling(checkpoints: Sequence[Checkpoint], digit: DigitInput, largest: int, repeats: int) -> str:
    """`settlings` and `elbos` by name."""
    loop = each_model(
        checkpoints,
        f"*_, (_, settlings[name]) = watch_settling(model, image, {largest}, {repeats})",
        "elbos[name] = open_ledger(model, image, elbo_of(checkpoint.train_config.bound)).elbo",
    )
    return script(_image(digit), "settlings, elbos = {}, {}", loop)


def nearest(checkpoints: Sequence[Checkpoint], digit: DigitInput, dataset: str, count: int) -> str:
    """`nearest` (count,) training images by name, and the `classes` of these."""
    loop = each_model(
        checkpoints,
        f"nearest[name] = neighbours(encode(model, train.binary), encode(model, image[None]), {count})[0]",
        "classes[name] = train.labels[nearest[name]]",
    )
    return script(_image(digit), f'train, nearest, classes = load_dataset("{dataset}").train, {{}}, {{}}', loop)


def places(checkpoints: Sequence[Checkpoint], digit: DigitInput, dataset: str) -> str:
    """`points` (2,) of the digit on each map, by name."""
    loop = each_model(
        checkpoints,
        "coordinates, settings = load_map(checkpoint)",
        "anchored = anchor(coordinates, encode(model, test.binary), settings)",
        "points[name] = place(anchored, coordinates, encode(model, image[None]))[0]",
    )
    return script(_image(digit), f'test, points = load_dataset("{dataset}").test, {{}}', loop)


# ---- the test set


def maps(
    checkpoints: Sequence[Checkpoint], dataset: str, nll_samples: int | None, group: Mapping[str, Any] | None
) -> str:
    """By name: `coordinates` (N, 2), `weights` (N, K) or None, `nll` (N,); `grouped` (N,), within an outline.

    Args:
        checkpoints: of the maps.
        dataset: whose test set they are of.
        nll_samples: S of -log p(x), where that is shown.
        group: the outline drawn, {map: name, outline: [[x, y], ...]}, if there is one.
    """
    blocks = f"block_nll(model, test.binary, block, {nll_samples}) for block in range(-(-len(test) // NLL_BLOCK))"
    loop = each_model(
        checkpoints,
        "# to compute the map anew, in a minute: fit_tsne(encode(model, test.binary), settings)",
        "coordinates[name], settings = load_map(checkpoint)",
        "weights[name] = expected_weights(model, test.binary)",
        f"nll[name] = np.concatenate([{blocks}])" if nll_samples else "",
    )
    inside = ""
    if group is not None:
        corners = ", ".join(f"({x:.15g}, {y:.15g})" for x, y in group["outline"])
        inside = join(
            f"outline = np.array([{corners}])",
            f"(x, y), (ax, ay) = coordinates[{quoted(group['map'])}].astype(float).T[..., None], outline.T",
            "bx, by = np.roll(outline, 1, 0).T",
            'with np.errstate(divide="ignore", invalid="ignore"):  # level edges cross no level line',
            "    crossed = ((ay > y) != (by > y)) & (x < ax + (bx - ax) * (y - ay) / (by - ay))",
            "grouped = crossed.sum(1) % 2 == 1",
        )
    return script(
        f'test = load_dataset("{dataset}").test',
        "coordinates, weights, nll = {}, {}, {}" if nll_samples else "coordinates, weights = {}, {}",
        loop,
        inside,
    )


def reconstructions(checkpoints: Sequence[Checkpoint], dataset: str, index: int) -> str:
    """The `image` (784,), and `reconstructions` (784,) by name."""
    loop = each_model(checkpoints, "reconstructions[name] = reconstruct(model, image[None])[0]  # probability of ink")
    return script(f'image = load_dataset("{dataset}").test.binary[{index}]', "reconstructions = {}", loop)


def path(checkpoints: Sequence[Checkpoint], dataset: str, images: tuple[int, int], points: int, step: int) -> str:
    """`paths` and `digits` (points, 784) by name; those shown are at index `shown`."""
    loop = each_model(
        checkpoints,
        f"paths[name] = code_path(model, *images, {points})",
        "digits[name] = model.likelihood(torch.from_numpy(paths[name].codes)).probs.numpy()",
    )
    given = f'images = load_dataset("{dataset}").test.binary[{list(images)}]'
    return script(given, f"paths, digits, shown = {{}}, {{}}, {step}", loop)


# ---- kNN and likelihood


def _encoded(representation: str, points: int) -> str:
    sets = f"(data.train.binary[:{points}], data.test.binary)"
    return f'train, test = (encode(model, images, "{representation}") for images in {sets})'


def errors(
    checkpoints: Sequence[Checkpoint],
    sizes: Sequence[int],
    dataset: str,
    representation: str,
    points: int,
    metric: str,
) -> str:
    """`errors` by name: an `Interval` in percent for each of `sizes`."""
    loop = each_model(
        checkpoints,
        _encoded(representation, points),
        f'labels = data.train.labels[neighbours(train, test, max(sizes), "{metric}")]',
        "errors[name] = [error_rate(vote(labels, k), data.test.labels) for k in sizes]  # percent",
    )
    return script(f'data, sizes, errors = load_dataset("{dataset}"), {tuple(sizes)}, {{}}', loop)


def mistakes(checkpoint: Checkpoint, k: int, dataset: str, representation: str, points: int, metric: str) -> str:
    """`wrong`, the test images that the vote gets wrong; `predicted` (N,) and `nearest` (N, k) of all."""
    return script(
        load_model(checkpoint),
        f'data = load_dataset("{dataset}")',
        _encoded(representation, points),
        f'nearest = neighbours(train, test, {k}, "{metric}")',
        f"predicted = vote(data.train.labels[nearest], {k})",
        "wrong = np.flatnonzero(predicted != data.test.labels)",
    )


def changes(
    checkpoints: tuple[Checkpoint, Checkpoint], k: int, dataset: str, representation: str, points: int, metric: str
) -> str:
    """`nearest` (N, k) by name, and how many of them the two models `shared` (N,)."""
    loop = each_model(
        checkpoints, _encoded(representation, points), f'nearest[name] = neighbours(train, test, {k}, "{metric}")'
    )
    return script(
        f'data, nearest = load_dataset("{dataset}"), {{}}',
        loop,
        "one, other = nearest.values()",
        "shared = (one[:, :, None] == other[:, None, :]).any(-1).sum(1)",
    )


def likelihood(checkpoints: Sequence[Checkpoint], dataset: str) -> str:
    """`nll` by name and S, as it was measured."""
    loop = each_model(
        checkpoints,
        f"# measured by: python -m dlgmm_core evaluate NAME --dataset {dataset} --samples S ...",
        f'nll[name] = read_metrics(checkpoint)["test"]["{dataset}"]["nll"]  # value, ci95, ess by S',
    )
    return script("nll = {}", loop)


# ---- the Kumaraswamy bench


def densities(a: float, b: float, u: float) -> str:
    """`density` and `matched`, the Beta's, at fractions `v`; the `draw` that u becomes."""
    return script(
        "v = np.linspace(0.002, 0.998, 499)",
        f"density, matched = kumaraswamy_density(v, {a}, {b}), matched_density(v, {a}, {b})",
        f"draw, (alpha, beta) = fraction({u}, {a}, {b}), matched_beta({a}, {b})",
    )


def series(a: float, b: float, alpha: float, beta: float) -> str:
    """`cut`, the divergence by 1, 2, ... terms, and `exact`, by quadrature."""
    return script(
        f"cut = kl_by_series({a}, {b}, {alpha}, {beta})", f"exact = kl_by_quadrature({a}, {b}, {alpha}, {beta})"
    )
