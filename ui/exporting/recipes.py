"""Copy as Python: for every figure of a prior, a digit or a run, the lines of `dlgmm_core` that reproduce its numbers.

They follow from what is shown, run in the repository's folder, and stop where the weights are no longer those that
were shown. The first line of each docstring names the variables that the lines define.
"""

from collections.abc import Mapping, Sequence

from dlgmm_core.analysis.image_report import ImageReport
from dlgmm_core.config import Context
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui.exporting.own_maps import define_own, stored_map
from ui.exporting.scripts import each_model, load_model, numbers, quoted, script
from ui.layers import browser_knows_layers

__all__ = [
    "components",
    "convergence",
    "densities",
    "nearest",
    "places",
    "prior",
    "report",
    "run",
    "series",
    "siblings",
    "stick",
    "weights_at",
]

_FIRST_LOOK = "report = first_look(model, image)"


# ---- the prior


def prior(checkpoint: Checkpoint, count: int, seed: int) -> str:
    """A model's card: `samples` (count, X) of the `components`; `density` of the prior at `z`, or `pieces`."""
    samples = f"samples, components = ancestral_samples(model, {count}, seed={seed})  # probability of ink"
    family = MODELS[checkpoint.model_config.model]
    if family.code_kind == "simplex":
        return script(load_model(checkpoint), samples, "pieces = model.prior().mean[0].numpy()  # of the mean code")
    return script(
        load_model(checkpoint),
        samples,
        f"means, scales = map(np.array, {'means_and_scales' if family.has_components else 'centres'}(model))",
        "reach = max(abs(means) + 3 * scales)",
        "z = np.linspace(-reach, reach, 201)  # places on the axis",
        "density = coordinate_densities(model, z).sum(0)",
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
    branch: int,
    context: Context | None,
) -> str:
    """`rows` (K, count, X) of every component, and `ancestral` (count, X) of the components `drawn`.

    Of a model of several layers, `leaves` are the rows of the second layer's components below the first's `branch`.
    """
    k, *below = checkpoint.model_config.components
    below = below if browser_knows_layers(checkpoint.model_config) else []  # as the page shows them
    through, leaves, ancestral = "codes", "", "means[drawn] + scales[drawn] * noise"
    if below:
        through = "codes_below(model, codes, picked[:-1], below[:-1])"
        ancestral = f"codes_below(model, {ancestral}, picked[-1], below[-1])"
    if branch:
        b = branch - 1
        leaves = f"leaves = decode(codes_below(model, codes[{b}], np.arange({below[0]})[:, None], below[{b}]))"
    rows = ["rows", "ancestral", *(["leaves"] if branch else [])]
    return script(
        load_model(checkpoint, context),
        "offsets, stretches = shapes(model)  # zeros and ones, unless the prior is learnt",
        f"means = np.array({numbers(means)})[:, None] + offsets",
        f"scales = np.array({numbers(scales)})[:, None] * stretches",
        "\ndef decode(codes):",
        "    return model.likelihood(torch.from_numpy(codes.astype(np.float32))).probs.numpy()\n",
        f"noise = component_noise(model, {count}, seed={seed}, shared={is_shared})",
        "codes = means[:, None] + scales[:, None] * noise",
        f"picked, below = noise_below(model, {k + 1}, {count}, seed={seed}, shared={is_shared})" if below else "",
        f"rows = decode({through})  # probability of ink",
        leaves,
        f"drawn, noise = ancestral_noise(model, {count}, seed={seed})",
        f"ancestral = decode({ancestral})",
        f"{', '.join(rows)} = {', '.join(f'{name} > 0.5' for name in rows)}" if is_ink else "",
    )


def siblings(checkpoints: Sequence[Checkpoint], count: int, seed: int) -> str:
    """`samples` (K, count, X) by name."""
    line = f"samples[name] = component_samples(model, *centres(model), {count}, seed={seed})  # probability of ink"
    return script("samples = {}", each_model(checkpoints, line))


# ---- one digit; `image` is the line that makes it


def report(checkpoint: Checkpoint, image: str, found: ImageReport) -> str:
    """`report`, as it was `found`: sticks, weights, responsibilities, reconstructions, ELBO terms, log p(x)."""
    whole = f"report = inspect_image(model, image, {found.num_samples})"
    return script(load_model(checkpoint), image, _FIRST_LOOK if found.is_first_look else whole)


def weights_at(checkpoint: Checkpoint, image: str, context: Context) -> str:
    """`weights` (K,) of the encoder, at a prior that an amortised model knows."""
    line = "weights = expected_weights(model, image[None])[0]  # E[pi|x]"
    return script(load_model(checkpoint, context), image, line)


def stick(checkpoint: Checkpoint, image: str, moved: Sequence[float] | None, *, is_code: bool) -> str:
    """`pieces` (T,) at the posterior's mean or broken at fractions `moved`; and `decoded` (X,) if they are a code."""
    shown = (_FIRST_LOOK, "pieces = report.sticks.mean")
    if moved is not None:
        shown = (
            f"v = np.array({numbers(moved)})  # redrawn, or moved by the visitor",
            "pieces = np.append(v, 1) * np.cumprod(np.append(1, 1 - v))",
        )
    decoded = "decoded = model.likelihood(torch.from_numpy(pieces[None].astype(np.float32))).probs[0].numpy()"
    return script(load_model(checkpoint), "" if moved else image, *shown, decoded if is_code else "")


def convergence(checkpoints: Sequence[Checkpoint], image: str, largest: int, repeats: int, num_samples: int) -> str:
    """`curves` and `elbos` by name."""
    loop = each_model(
        checkpoints,
        f"*_, (_, curves[name]) = estimate_convergence(model, image, {largest}, {repeats})",
        f"terms = inspect_image(model, image, {num_samples}).elbo_terms",
        "elbos[name] = terms[elbo_of(checkpoint.train_config.bound)].elbo",
    )
    return script(image, "curves, elbos = {}, {}", loop)


def nearest(checkpoints: Sequence[Checkpoint], image: str, dataset: str, count: int, *, labelled: bool) -> str:
    """`nearest` (count,) training images by name and, where there are labels, the `classes` of these."""
    loop = each_model(
        checkpoints,
        f"nearest[name] = neighbours(encode(model, train.binary), encode(model, image[None]), {count})[0]",
        "classes[name] = train.labels[nearest[name]]" if labelled else "",
    )
    made = ", classes = {}, {}" if labelled else " = {}"
    return script(image, f'train = load_dataset("{dataset}").train', f"nearest{made}", loop)


def places(checkpoints: Sequence[Checkpoint], image: str, dataset: str, own: Mapping[str, ProjectionConfig]) -> str:
    """`points` (2,) of the digit on each map, by name; `own` are settings of maps that the visitor has computed."""
    loop = each_model(
        checkpoints,
        stored_map("coordinates", own),
        "anchored = anchor(coordinates, encode(model, test.binary), settings)",
        "points[name] = anchored.place(encode(model, image[None]))[0]",
    )
    return script(image, f'test, points = load_dataset("{dataset}").test, {{}}', define_own(own), loop)


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


# ---- training


def run(name: str) -> str:
    """`history`: the bounds of a run after every epoch, and the mean weights of its components."""
    return script(f"history = read_history(checkpoints_folder() / {quoted(name)})")
