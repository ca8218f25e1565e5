"""The answer about several stochastic layers: what they cost, and what decoding a few of the components saves."""

from dataclasses import replace

from dlgmm_core.config import TrainConfig
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.experiment import paper_model
from dlgmm_core.runtime.files import StorageError
from ui import findings, loaders
from ui.components.below import first_branch
from ui.components.live import trained_prior
from ui.groups import by_group
from ui.lesson.outcomes import DATASET, Outcome

__all__ = ["COMPONENTS", "decoded_codes", "open_tree"]

MODEL = paper_model("dldpmm", layers=2)
COMPONENTS = MODEL.num_components  # in each layer
DECODED = 4  # M
SIZE = "5000"  # S


def open_tree() -> dict[str, object]:
    """Makes the page Components show a model whose components have several below them, if there is one."""
    known = (c for c in by_group(loaders.checkpoints()) if c.train_config.dataset == DATASET)
    first = next((c for c in known if c.model_config.num_components > 1 and first_branch(c.model_config)), None)
    return {} if first is None else trained_prior(first)


def decoded_codes() -> Outcome:
    """How many codes two layers decode for one draw; and how many where M components of each are decoded."""
    three, few = replace(MODEL, layers=3).paths, TrainConfig(decoded=DECODED).decoded_of(MODEL)
    return Outcome(
        float(MODEL.paths),
        f"A code of every component below every component: {COMPONENTS} · {COMPONENTS} = {MODEL.paths}; with three"
        f" layers {three:,}. The cure is to sample the strata: a training step decodes only M of the K components of"
        " each layer, drawn with known probabilities and weighted by their inverse, so that the ELBO and its gradient"
        f" keep their mean. With M = {DECODED} that is {few} codes instead of {MODEL.paths}, whatever K"
        f" is.{_measured()}",
        figure=rf"{MODEL.paths} \text{{ codes}}",
    )


def _measured() -> str:
    """The recorded log-likelihoods of models with two layers and one; empty where none is recorded."""
    try:
        rows = [r for r in findings.results() if r.eval_dataset == r.dataset == DATASET and SIZE in r.figures.nll]
    except StorageError:  # a damaged file, which the page of results tells
        return ""
    best = {}
    for recipe, words in (("tuned", "one layer"), ("layers", "two layers")):
        own = [row for row in rows if row.recipe == recipe]
        if own:
            row = min(own, key=lambda row: row.figures.nll[SIZE].value)
            best[words] = f"{row.figures.nll[SIZE].value:.1f} with {words} ({formatting.label(row)})"
    if len(best) < 2:
        return ""
    return f" The lowest −log p(x) recorded, in nats per image, S = {SIZE}: {', '.join(best.values())}."
