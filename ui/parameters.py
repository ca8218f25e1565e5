"""The names of what an address can say, by page: a test compares them with what the pages read."""

from dataclasses import fields

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import MODELS

__all__ = ["OF_EVERY_PAGE", "PARAMETERS", "parameters_of"]

OF_EVERY_PAGE = ("dataset", "models", "lesson", "present")
PARAMETERS = {
    "overview": (),
    "components": ("components-checkpoint", "means", "scales", "view", "noise", "row", "branch", "alpha", "compared"),
    "clusters": ("clusters-checkpoint", "clusters-by", "component"),
    "digit": (
        "digit",
        "digit-index",
        "digit-view",
        "digit-checkpoint",
        "digit-models",
        "ledger-bound",
        "means",
        "alpha",
    ),
    "latent": ("maps", "image", "only", "colour", "at"),
    "plane": ("plane-checkpoint", "plane-beside", "digit", "digit-index", "at", "digits", "means", "plane-gaps"),
    "knn": ("knn-code", "knn-metric", "knn-points", "knn-first", "knn-second"),
    "likelihood": (),
    "kumaraswamy": ("bench-a", "bench-b", "bench-alpha", "bench-beta", "bench-u"),
    "train": ("train-preset", "train-model", "train-name", "train-run", "train-start-from"),
    "glossary": (),
}


def parameters_of(page: str) -> list[str]:
    """The names that a page's address may have; those of Train are the settings', some for each model."""
    names = [*PARAMETERS.get(page or "overview", ()), *OF_EVERY_PAGE]
    if page == "train":
        settings = [f"train-{f.name.replace('_', '-')}" for kind in (ModelConfig, TrainConfig) for f in fields(kind)]
        names += [*settings, *(f"{name}-{model}" for name in settings for model in MODELS)]
    return names
