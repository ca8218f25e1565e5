"""Recipes that a visitor can start as they are, each a choice of all settings."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data.datasets import label_of, shape_of
from dlgmm_core.data.sources import DataError
from dlgmm_core.experiments.experiment import SHORT, TYPICAL_EPOCHS, paper_model
from dlgmm_core.experiments.fast_table import fast_recipe
from dlgmm_core.experiments.paper import DIGITS, paper_nll
from dlgmm_core.experiments.progress import TRAINING_IMAGES
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.model.models import MODELS
from dlgmm_core.runtime.wording import counted
from ui import loaders
from ui.numbers import printed

__all__ = ["BY_HAND", "PRESETS", "Preset", "Recipe", "expected_epochs", "offered", "recipe_words"]

Recipe = tuple[ModelConfig, TrainConfig]

CLUSTERS_EPOCHS = 5  # of the twenty of the experiment
PLANE_EPOCHS = 10
_SCHEDULES = {
    "constant": "",
    "cosine": " falling to 0 by a cosine",
    "one-cycle": ", to which it rises first, falling to 0 by a cosine",
}
BY_HAND = "by hand"  # the choice that opens the fields


@dataclass(frozen=True)
class Preset:
    """One choice of all settings.

    Attributes:
        label: its name for people.
        about: a sentence, for a data set.
        recipe: its settings, for a data set.
        refusal: why it cannot be trained on a data set; empty if it can.
        suits: whether it is offered for a data set.
    """

    label: str
    about: Callable[[str], str]
    recipe: Callable[[str], Recipe]
    refusal: Callable[[str], str] = lambda dataset: ""
    suits: Callable[[str], bool] = lambda dataset: True


def _of_shape(model: ModelConfig, dataset: str) -> ModelConfig:
    return replace(model, image_shape=shape_of(dataset))


def _fast(dataset: str) -> Recipe:
    """The fast recipe; a smaller data set gets more epochs, so that there are as many steps as on MNIST."""
    train = fast_recipe("dlgmm")
    with suppress(DataError):  # data that are not here yet; starting says so
        epochs = train.max_epochs * max(1, TRAINING_IMAGES["mnist"] // len(loaders.dataset(dataset).train))
        train = replace(train, max_epochs=epochs, patience=epochs)
    return _of_shape(paper_model("dlgmm"), dataset), replace(train, dataset=dataset)


def _is_of_the_paper(dataset: str) -> bool:
    """Whether the paper reports a likelihood on a data set; on others the fast recipe need not be the faster one."""
    reported = paper_nll(paper_model("dlgmm"), dataset)
    return reported is not None


def _about_fast(dataset: str) -> str:
    if dataset in DIGITS:
        return "To the likelihood that the paper reports."
    return "The paper's networks, with the steps that take them to its likelihood on MNIST."


def _paper(dataset: str) -> Recipe:
    experiment = EXPERIMENTS["mnist-dlgmm"]
    return _of_shape(experiment.model, dataset), replace(experiment.train, dataset=dataset)


def _clusters(dataset: str) -> Recipe:
    experiment = EXPERIMENTS["mnist-dlgmm-clusters10"]
    train = replace(experiment.train, max_epochs=CLUSTERS_EPOCHS, patience=CLUSTERS_EPOCHS)
    return _of_shape(experiment.model, dataset), replace(train, dataset=dataset, start_from=_start(dataset))


def _start(dataset: str) -> str:
    """The Gauss-VAE of a data set that its mixtures start from."""
    return EXPERIMENTS["mnist-dlgmm-clusters10"].train.start_from.replace("mnist", dataset, 1)


def _without_start(dataset: str) -> str:
    if any(c.name == _start(dataset) and c.train_config.dataset == dataset for c in loaders.checkpoints()):
        return ""
    return (
        f"This recipe starts from a Gauss-VAE trained on the same images, and this server has none for"
        f" {label_of(dataset)}: choose another data set in the sidebar, or another recipe."
    )


def _plane(dataset: str) -> Recipe:
    model = paper_model("dlgmm", 2, prior_means=(-3.0, -1.5, 0.0, 1.5, 3.0))
    return _of_shape(model, dataset), replace(SHORT, dataset=dataset, max_epochs=PLANE_EPOCHS, patience=PLANE_EPOCHS)


PRESETS = {
    "fast": Preset("The paper's DLGMM, fast", _about_fast, _fast, suits=_is_of_the_paper),
    "paper": Preset("The paper's DLGMM by its recipe", lambda _: "Until the validation bound stops rising.", _paper),
    "clusters": Preset(
        "Finds clusters", lambda _: "Ten learnt components, from a trained Gauss-VAE.", _clusters, _without_start
    ),
    "plane": Preset("A code of two numbers", lambda _: "Five components beside each other in a plane.", _plane),
}
"""The recipes by name, in the order in which they are offered."""


def offered(dataset: str) -> dict[str, Preset]:
    """Those of `PRESETS` that suit a data set."""
    return {name: preset for name, preset in PRESETS.items() if preset.suits(dataset)}


def expected_epochs(train: TrainConfig) -> int:
    """How many epochs a run takes: those of its settings or, where it may stop early, a typical number."""
    return train.max_epochs if train.patience >= train.max_epochs else min(TYPICAL_EPOCHS, train.max_epochs)


def recipe_words(recipe: Recipe) -> str:
    """All settings that a visitor may ask about, in one line."""
    model, train = recipe
    family = MODELS[model.model]
    size = f"a code of {model.code_dim} numbers"
    if model.layers > 1:
        size = f"{model.layers} stochastic layers with codes of {', '.join(map(str, model.code_dims))} numbers"
    parts = [f"{family.label} on {label_of(train.dataset)}, {size}"]
    if family.has_components:
        parts.append(f"{_components(model)}, α = {model.concentration:g}")
        if model.layers > 1:
            below = ", ".join(map(str, model.components[1:]))
            parts.append(f"{below} components below, {model.paths:,} paths")
        if train.decoded_of(model) < model.paths:
            parts.append(f"{train.decoded_of(model):,} decoded in a step")
    schedule = _SCHEDULES[train.schedule]
    parts.append(f"bound {train.bound}, learning rate {train.learning_rate:g}{schedule}")
    if train.start_from:
        parts.append(f"starts from {train.start_from}")
    if train.binarization == "dynamic":
        parts.append("images binarized anew in every epoch")
    if train.binarization == "grey":
        parts.append("grey levels as probabilities of ink, whose bounds in training are not those of binary images")
    end = f", or {train.patience} without a better validation bound" if train.patience < train.max_epochs else ""
    return "; ".join([*parts, f"{counted(train.max_epochs, 'epoch')}{end}"]) + "."


def _components(model: ModelConfig) -> str:
    if model.prior_components != "fixed":
        return f"{counted(model.num_components, 'learnt component')} with {model.prior_components} covariances"
    means = sorted(set(model.prior_means))
    at = ", ".join(map(printed, means))
    return (
        f"{counted(model.num_components, 'fixed component')} with means {at}"
        if len(means) > 1
        else (counted(model.num_components, "fixed component", "equal fixed components"))
    )
