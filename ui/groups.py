"""Checkpoints in groups, by the experiment that they are of, and those that a visitor sees first.

The paper's own mixtures have components that are identical by their prior, so that their weights say little of an
image. Visitors begin with models whose components differ; the paper's are one choice away.
"""

from collections.abc import Sequence

from dlgmm_core.config import ModelConfig
from dlgmm_core.experiments.table import EXPERIMENTS, FIGURE_2
from dlgmm_core.model.models import MODELS
from dlgmm_core.store.checkpoints import Checkpoint
from ui.visitors.ownership import is_mine, note_of

__all__ = ["GROUPS", "MEANINGS", "amortised_first", "by_group", "group", "group_of_recipe", "usual"]

MEANINGS = {
    "Clusters": "mixtures whose learnt components find groups of images",
    "Tuned": "the paper's networks, trained for the best likelihood",
    "Figure 2": "the mixture of the paper's figure 2, and others whose means or α differ from its own",
    "Amortised": "one model for a range of priors, which it is told",
    "Several layers": "codes in two layers, the second drawn given the first",
    "Two numbers": "codes of two numbers, for the page Plane",
    "The paper's": "the paper's networks by its own recipe",
    "Yours": "trained by you, or put on this server by hand",
    "The class's": "trained and published by other visitors",
    "Other experiments": "models by further recipes",
}
"""Names of groups, in the order of select boxes, and what is in them."""

GROUPS = tuple(MEANINGS)

_OF_RECIPE = {
    "clusters": "Clusters",
    "tuned": "Tuned",
    "figure-2": "Figure 2",
    "amortised": "Amortised",
    "layers": "Several layers",
    "plane": "Two numbers",
    "paper": "The paper's",
    "replica": "The paper's",
}


def group(checkpoint: Checkpoint) -> str:
    """The name in `GROUPS` of a checkpoint's group, for the visitor whose page is running."""
    experiment = EXPERIMENTS.get(checkpoint.name)
    if experiment is not None:
        return group_of_recipe(experiment.recipe)
    return "Yours" if note_of(checkpoint.folder) is None or is_mine(checkpoint.folder) else "The class's"


def group_of_recipe(recipe: str) -> str:
    """The name in `GROUPS` for experiments of a recipe."""
    return _OF_RECIPE.get(recipe, "Other experiments")


def by_group(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Sorted by group, mixtures first within one, and of these first those that start as clusters of codes."""

    def place(checkpoint: Checkpoint) -> tuple[int, bool, bool]:
        is_mixture = MODELS[checkpoint.model_config.model].has_components
        return GROUPS.index(group(checkpoint)), not is_mixture, not checkpoint.train_config.start_from

    return sorted(checkpoints, key=place)


def amortised_first(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Models amortised over their prior before all others, those of small codes first: of pages that can turn it.

    The larger its code, the less a decoder depends on the prior: with 25 numbers no digit changes visibly.
    """
    amortised = [c for c in checkpoints if c.model_config.contexts is not None]
    others = [c for c in checkpoints if c.model_config.contexts is None]
    return sorted(amortised, key=lambda c: c.model_config.code_dim) + others


def usual(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The models that pages compare at first: best seeds of "Clusters" and "Tuned", the paper's figure 2, "Yours".

    Where there are none of these, the paper's first seeds; and where there are none of these either, all.
    """
    best = _best_seeds(checkpoints)
    found = [c for c in checkpoints if c.name == FIGURE_2 or c in best or group(c) == "Yours"]
    found = found or [c for c in checkpoints if group(c) == "The paper's" and c.train_config.seed == 0]
    return found or list(checkpoints)


def _best_seeds(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The seed with the best validation bound of every experiment of "Clusters" and "Tuned"."""
    best: dict[tuple[str, str, ModelConfig], Checkpoint] = {}
    for c in checkpoints:
        experiment = group(c), c.train_config.dataset, c.model_config
        if experiment[0] in GROUPS[:2] and (experiment not in best or c.valid_bound > best[experiment].valid_bound):
            best[experiment] = c
    return list(best.values())
