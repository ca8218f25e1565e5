"""Copy as Python: for every figure of a test set, the few lines of `dlgmm_core` that reproduce its numbers.

As those of `recipes`: they run in the repository's folder, and stop where the weights have changed since.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dlgmm_core.experiments.baselines import RAW_PIXELS
from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui.exporting.own_maps import define_own, stored_map
from ui.exporting.scripts import each_model, load_model, quoted, script

__all__ = ["changes", "clusters", "errors", "likelihood", "maps", "mistakes", "path", "reconstructions", "recorded"]


# ---- the maps


def maps(
    checkpoints: Sequence[Checkpoint],
    dataset: str,
    group: Mapping[str, Any] | None,
    own: Mapping[str, ProjectionConfig],
    *,
    estimated: bool,
) -> str:
    """The maps by name: `coordinates` (N, 2), `weights` (N, K) or None, `estimates`; `grouped` (N,), within an outline.

    Args:
        checkpoints: of the maps.
        dataset: whose test set they are of.
        group: the outline drawn, {map: name, outline: [[x, y], ...]}, if there is one.
        own: settings of the maps, by name, that the visitor has computed.
        estimated: whether log p(x) and p(k|x) of each image are shown.
    """
    loop = each_model(
        checkpoints,
        "# to compute the map again, in a minute: fit_tsne(encode(model, test.binary), settings)",
        stored_map("coordinates[name]", own),
        "weights[name] = expected_weights(model, test.binary)",
        "estimates[name] = per_image(model, test.binary)  # a minute; load_per_image reads what is stored"
        if estimated
        else "",
    )
    inside = ""
    if group is not None:
        corners = ", ".join(f"({x:.15g}, {y:.15g})" for x, y in group["outline"])
        inside = f"grouped = within_outline(coordinates[{quoted(group['map'])}], np.array([{corners}]))"
    return script(
        f'test = load_dataset("{dataset}").test',
        define_own(own),
        "coordinates, weights, estimates = {}, {}, {}" if estimated else "coordinates, weights = {}, {}",
        loop,
        inside,
    )


def reconstructions(checkpoints: Sequence[Checkpoint], dataset: str, index: int) -> str:
    """The `image` (X,), and `reconstructions` (X,) by name."""
    loop = each_model(checkpoints, "reconstructions[name] = reconstruct(model, image[None])[0]  # probability of ink")
    return script(f'image = load_dataset("{dataset}").test.binary[{index}]', "reconstructions = {}", loop)


def path(checkpoints: Sequence[Checkpoint], dataset: str, images: tuple[int, int], points: int, step: int) -> str:
    """`paths` and `digits` (points, X) by name; those shown are at index `shown`."""
    loop = each_model(
        checkpoints,
        f"paths[name] = code_path(model, *images, {points})",
        "digits[name] = model.likelihood(torch.from_numpy(paths[name].codes)).probs.numpy()",
    )
    given = f'images = load_dataset("{dataset}").test.binary[{list(images)}]'
    return script(given, f"paths, digits, shown = {{}}, {{}}, {step}", loop)


# ---- clusters


def clusters(checkpoint: Checkpoint, dataset: str, *, by_responsibilities: bool) -> str:
    """`probabilities` (N, K) of the test images, and `found`, what each component takes by them; see `Clusters`."""
    estimate = "per_image(model, data.test.binary).responsibilities  # a minute; load_per_image reads what is stored"
    order = ", certainty=log_odds(model, data.test.binary)" if by_responsibilities else ""
    return script(
        load_model(checkpoint),
        f'data = load_dataset("{dataset}")',
        f"probabilities = {estimate if by_responsibilities else 'expected_weights(model, data.test.binary)'}",
        f"found = describe_clusters(probabilities, data.test.labels, len(data.class_names){order})",
        "means = prototypes(model)  # probability of ink",
    )


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
    *,
    with_pixels: bool,
) -> str:
    """`errors` by name: an `Interval` in percent for each of `sizes`; and `pixels`, what is recorded of these."""
    loop = each_model(
        checkpoints,
        _encoded(representation, points),
        f'labels = data.train.labels[neighbours(train, test, max(sizes), "{metric}")]',
        "errors[name] = [error_rate(vote(labels, k), data.test.labels) for k in sizes]  # percent",
    )
    search = f'row.model == "{RAW_PIXELS}" and row.eval_dataset == "{dataset}"'
    return script(
        f'data, sizes, errors = load_dataset("{dataset}"), {tuple(sizes)}, {{}}',
        loop,
        f"rows = [row for row in read_results(checkpoints_folder()) if {search}]" if with_pixels else "",
        'pixels = rows[0].figures.knn["mean"]  # error, ci95 by k, as recorded' if with_pixels else "",
    )


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
        f"# measured by: dlgmm evaluate NAME --dataset {dataset} --samples S ...",
        f'nll[name] = read_measurements(checkpoint)["{dataset}"].figures.nll  # value, ci95, ess by S',
    )
    return script("nll = {}", loop)


def recorded(dataset: str) -> str:
    """`rows` of the experiments measured on a test set, as `reproduce` recorded them, each at its own prior."""
    search = f'row.eval_dataset == "{dataset}" and row.context is None'
    return script(f"rows = [row for row in read_results(checkpoints_folder()) if {search}]")
