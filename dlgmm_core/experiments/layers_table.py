"""Experiments with two stochastic layers: Gauss-VAE, and a mixture in the first layer, in the second, or in both.

Both layers have 500 units and a code of 25 numbers, and the decoder reads both codes. They are trained as the tuned
models of one layer are, with about as many decoded codes for an image; one of them for longer, too.
"""

import itertools
from dataclasses import replace

from dlgmm_core.experiments.experiment import TUNED, Experiment, named_experiment, paper_model
from dlgmm_core.model.models import MODELS

__all__ = ["EPOCHS", "two_layers"]

DATASETS, SEEDS = ("mnist", "omniglot"), 3
EPOCHS, LONG = 120, 300

# Variant, model, components of the first layer and of the second, draws, components decoded in a layer (0: all).
_TWO_LAYERS = (
    ("", "gauss-vae", 1, 1, 5, 0),
    ("-top", "dlgmm", 3, 1, 2, 0),
    ("-bottom", "dlgmm", 1, 3, 2, 0),
    ("-both", "dlgmm", 3, 3, 1, 0),
    ("", "dldpmm", 17, 17, 1, 4),  # 16 of 289 paths at every step
)


def two_layers() -> list[Experiment]:
    """Each of the models, for several seeds; what a mixture is compared with is the Gauss-VAE of two layers.

    The best of them is trained for longer, too.
    """
    found = []
    for dataset, seed in itertools.product(DATASETS, range(SEEDS)):
        baseline = ""
        for variant, name, first, second, draws, decoded in _TWO_LAYERS:
            learnt = "diagonal" if MODELS[name].has_components else "fixed"
            model = paper_model(
                name, num_components=first, components_below=(second,), layers=2, skip=True, prior_components=learnt
            )
            train = replace(
                TUNED,
                dataset=dataset,
                seed=seed,
                num_samples=draws,
                decoded=decoded,
                max_epochs=EPOCHS,
                patience=EPOCHS,
            )
            experiment = named_experiment("layers", model, train, f"-layers{variant}")
            baseline = baseline or experiment.name
            found.append(replace(experiment, baseline=baseline if experiment.baseline else None))
    both = next(each for each in found if each.name == "mnist-dlgmm-layers-both")
    longer = replace(both.train, max_epochs=LONG, patience=LONG)
    return [*found, replace(both, name=f"{both.name}-long", train=longer)]
