"""The lesson's answers: each measured again by other means, and a sentence where there is nothing to measure."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dlgmm_core.analysis.generation import component_samples
from dlgmm_core.analysis.image_statistics import expected_weights
from dlgmm_core.analysis.inspection import inspect_image, reconstruct
from dlgmm_core.experiments.results import read_results
from dlgmm_core.experiments.rows import Row
from dlgmm_core.experiments.table import FIGURE_2
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.store.checkpoints import TSNE, load_checkpoint, read_checkpoint
from dlgmm_core.store.figures import Clustering, ClusteringScores, ErrorRate, Figures
from dlgmm_core.store.tsne_map import load_map
from tests.app_helpers import Make
from ui import findings, loaders
from ui.digit.digit_input import DigitInput
from ui.lesson import mixtures, outcomes
from ui.lesson.outcomes import DLGMM, DRAWS, IMAGES, Missing, Outcome

pytestmark = pytest.mark.usefixtures("repository", "forgotten")


def give(monkeypatch: pytest.MonkeyPatch, image: NDArray[np.uint8] | None) -> None:
    digit = None if image is None else DigitInput(image, "a test")
    monkeypatch.setattr(outcomes, "last_digit", lambda dataset: digit)


def test_ink_is_counted_in_the_visitors_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros(784, np.uint8)
    image[100:175] = 1
    give(monkeypatch, image)
    outcome = outcomes.ink()
    assert outcome is not None and outcome.value == 75 and outcome.choices == ()
    usual = loaders.dataset("mnist").test.binary.sum(1)
    assert f"{np.mean(usual < 75):.0%}".replace("%", " %") in outcome.because


def test_without_a_digit_there_is_no_ink_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, None)
    assert outcomes.ink() is None


def test_the_worst_digit_has_the_largest_mean_loss(repository: Path) -> None:
    test, model = loaders.dataset("mnist").test, load_checkpoint(repository / DLGMM)[0]
    images, labels = test.binary[:IMAGES], test.labels[:IMAGES]
    p = reconstruct(model, images).astype(np.float64)
    losses = -np.log(np.where(images == 1, p, 1 - p)).sum(1)
    means = [losses[labels == c].mean() for c in range(10)]
    outcome = outcomes.worst_digit()
    assert outcome.value == str(np.argmax(means)) and outcome.choices == tuple("0123456789")
    assert f"{max(means):.1f} nats" in outcome.because and f"{min(means):.1f}" in outcome.because


@pytest.mark.parametrize("side", ["larger", "smaller"])
def test_the_first_break_is_that_of_the_page(side: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = load_checkpoint(repository / FIGURE_2)[0], loaders.dataset("mnist").test.binary[:200]
    weights = expected_weights(model, images)
    assert weights is not None
    equal = 1 / weights.shape[1]
    image = next(x for x, w in zip(images, weights[:, 0], strict=True) if (w > equal) == (side == "larger"))
    give(monkeypatch, image)
    sticks = inspect_image(model, image, num_samples=1).sticks
    assert sticks is not None
    outcome = outcomes.first_break()
    assert outcome.value == side and outcome.choices == ("larger", "smaller")
    assert outcome.figure == f"{sticks.mean[0]:.3f}"
    assert outcome.picture is image


def entropies(pictures: NDArray[np.float32]) -> NDArray[np.float64]:
    p = np.clip(pictures.astype(np.float64), 1e-12, 1 - 1e-12)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum(-1).mean(-1)


def test_the_clearest_component_has_the_lowest_entropy(repository: Path) -> None:
    model, checkpoint = load_checkpoint(repository / FIGURE_2)
    means = checkpoint.model_config.prior_means
    expected = entropies(component_samples(model, means, checkpoint.model_config.prior_scales, DRAWS))
    outcome = outcomes.clearest_component()
    assert len(outcome.choices) == len(means)
    assert outcome.choices.index(str(outcome.value)) == expected.argmin()
    assert ", ".join(f"{d:.0f}" for d in expected) in outcome.because


def test_the_dragged_component_is_compared_with_its_trained_mean(repository: Path) -> None:
    model, checkpoint = load_checkpoint(repository / FIGURE_2)
    scales = checkpoint.model_config.prior_scales
    before, after = (entropies(component_samples(model, (m,) * 5, scales, DRAWS))[2] for m in (0.0, 4.0))
    outcome = outcomes.dragged_component()
    assert outcome.value == ("clearer" if after < before else "blurrier")
    assert f"from {before:.0f} to {after:.0f} nats" in outcome.because


def test_purity_is_the_share_of_the_same_digit_among_the_ten_nearest(repository: Path) -> None:
    labels = loaders.dataset("mnist").test.labels
    stored = load_map(read_checkpoint(repository / DLGMM), len(labels))
    assert stored is not None
    outcome = outcomes.purity()
    assert isinstance(outcome.value, float)
    rows = np.arange(0, len(labels), 50)
    distances = np.square(stored[0][rows, None] - stored[0]).sum(-1)
    distances[np.arange(len(rows)), rows] = np.inf
    same = labels[np.argsort(distances, 1)[:, :10]] == labels[rows, None]
    assert outcome.value == pytest.approx(100 * same.mean(), abs=4)  # of 200 images, not of all
    assert all(name in outcome.because for name in ("Gauss-VAE", "SB-VAE", "DLGMM", "DLDPMM"))


def knn_row(model: str, error: float, **changes: Any) -> Row:
    (row,) = [
        r for r in read_results(loaders.CHECKPOINTS) if r.checkpoint == f"mnist-{model}" and r.eval_dataset == "mnist"
    ]
    return replace(row, figures=Figures(knn={"sample": {"5": ErrorRate(error, 0.4)}}), **changes)


def test_the_winner_has_the_least_recorded_error_of_the_papers_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        knn_row("gauss-vae", 7.0),
        knn_row("dlgmm", 6.0),
        knn_row("sb-vae", 5.0, recipe="tuned"),
        knn_row("dlgmm", 4.0, seed=1),
        knn_row("gauss-vae", 3.0, eval_dataset="omniglot"),
    ]
    monkeypatch.setattr(findings, "results", lambda: rows)
    outcome = outcomes.knn_winner()
    assert outcome.value == "DLGMM" and outcome.choices == ("Gauss-VAE", "DLGMM")
    assert "DLGMM 6.00 ± 0.40, Gauss-VAE 7.00" in outcome.because and outcome.qualified == ""
    assert "The paper reports Gauss-VAE 20.96, DLGMM 8.38." in outcome.because


def test_winners_within_an_interval_are_said_to_be_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "results", lambda: [knn_row("gauss-vae", 6.3), knn_row("dlgmm", 6.0)])
    assert outcomes.knn_winner().qualified == ", but Gauss-VAE is too close to tell"


def test_the_gain_is_the_recorded_elbo_against_the_recorded_estimate(repository: Path) -> None:
    (row,) = [r for r in read_results(repository) if r.checkpoint == DLGMM and r.eval_dataset == "mnist"]
    outcome = outcomes.samples_gain()
    nll, elbo = row.figures.nll, row.figures.elbo
    assert elbo is not None and outcome.value == -nll["5000"].value - elbo.value
    assert f"S = 50 −{nll['50'].value:.2f}" in outcome.because


MEASURED: list[Callable[[], Outcome]] = [
    outcomes.worst_digit,
    outcomes.first_break,
    outcomes.clearest_component,
    outcomes.dragged_component,
    outcomes.purity,
    outcomes.knn_winner,
    outcomes.samples_gain,
]


@pytest.mark.parametrize("measure", MEASURED, ids=lambda measure: measure.__name__)
def test_what_is_not_there_is_a_sentence_with_a_command(
    measure: Callable[[], Outcome], own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, None)
    command = f"{re.escape(PROGRAM)} (reproduce --only|map) [\\w-]+ --checkpoints {re.escape(str(own_checkpoints))}"
    with pytest.raises(Missing, match=f"^T[^\n]+ `{command}`\\.$"):
        measure()


def test_a_checkpoint_without_a_map_is_named(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (repository / DLGMM).iterdir():
        if path.name != TSNE:
            (tmp_path / DLGMM).mkdir(exist_ok=True)
            (tmp_path / DLGMM / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(loaders, "CHECKPOINTS", tmp_path)
    with pytest.raises(Missing, match=f"There is no map of {DLGMM}"):
        outcomes.purity()


@pytest.mark.parametrize("size", ["50", "5000"])
def test_a_row_without_the_samples_is_no_answer(size: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_results(repository)
    for row in rows:
        row.figures.nll.pop(size, None)
    monkeypatch.setattr(findings, "results", lambda: rows)
    with pytest.raises(Missing, match="is not recorded"):
        outcomes.samples_gain()


def first_clusters() -> str:
    """The mixture that finds clusters and is shown first."""
    return mixtures.open_clusters()["components-checkpoint"]


def test_what_a_mixture_gains_is_read_from_the_recorded_rows(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_results(repository)
    nats = {
        row.model: row.figures.nll["5000"].value
        for row in rows
        if row.recipe == "tuned" and row.eval_dataset == row.dataset == "mnist" and not row.seed
    }
    outcome = mixtures.mixture_gain()
    assert outcome.value == pytest.approx(nats["gauss-vae"] - nats["dldpmm"])
    told = (f"{label} {nats[name]:.1f}" for name, label in (("gauss-vae", "Gauss-VAE"), ("dlgmm", "DLGMM")))
    assert all(words in outcome.because for words in told)
    scores = ClusteringScores(87.4, 88.0, 0.8, 0.9, 10)
    (dlgmm,) = [row for row in rows if row.checkpoint == "mnist-dlgmm-tuned" and row.eval_dataset == "mnist"]
    clusters = replace(dlgmm, recipe="clusters", num_components=10, checkpoint=first_clusters())
    clusters = replace(clusters, figures=Figures(clustering=Clustering(weights=scores, responsibilities=scores)))
    others = [replace(row, figures=replace(row.figures, clustering=None)) for row in rows]
    monkeypatch.setattr(findings, "results", lambda: others)
    assert "ACC" not in mixtures.mixture_gain().because
    monkeypatch.setattr(findings, "results", lambda: [*others, clusters])
    assert mixtures.mixture_gain().because.endswith("(ACC): DLGMM (K = 10) 87 %.")
    monkeypatch.setattr(findings, "results", lambda: [row for row in rows if row.recipe != "tuned"])
    assert not mixtures.has_tuned_rows()
    with pytest.raises(Missing, match="reproduce --only tuned"):
        mixtures.mixture_gain()


@pytest.mark.parametrize(
    ("counts", "component", "kind"),
    [
        # by components: images of three digits
        ([[90, 5, 0], [5, 90, 0], [5, 5, 100]], 1, mixtures.CLASS),
        ([[100, 0, 0], [0, 60, 0], [0, 40, 100]], 2, mixtures.STYLE),
        ([[100, 0, 0], [0, 40, 30], [0, 60, 70]], 2, mixtures.SEVERAL),
    ],
)
def test_a_component_is_a_class_a_style_or_several_by_its_images(
    counts: list[list[int]], component: int, kind: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("mnist-dlgmm-clusters10", "dlgmm", num_components=3, prior_means=(-1.0, 0.0, 1.0), prior_scales=(1.0,) * 3)
    pairs = [(k, c) for k, row in enumerate(counts) for c, count in enumerate(row) for _ in range(count)]
    assigned, labels = np.array(pairs).T
    whole = loaders.dataset("mnist")
    test = replace(whole.test[: len(pairs)], labels=labels)
    few = replace(whole, test=test, class_names=("0", "1", "2"))
    monkeypatch.setattr(loaders, "dataset", lambda name: few)
    monkeypatch.setattr(mixtures, "expected_weights", lambda model, images: np.eye(3, dtype=np.float32)[assigned])
    outcome = mixtures.class_or_style()
    assert outcome.value == kind and kind in outcome.choices
    assert f"component {component}, with {sum(counts[component - 1])} test images" in outcome.because
    assert outcome.picture is not None and outcome.picture.shape == (784,)
    assert outcome.qualified == f" (component {component})"


def test_without_the_mixture_that_finds_clusters_there_is_a_sentence(own_checkpoints: Path) -> None:
    assert not mixtures.has_clusters()
    with pytest.raises(Missing, match="reproduce --only clusters"):
        mixtures.class_or_style()
