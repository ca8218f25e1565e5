"""Experiments with sampled strata: the tuned DLDPMM in a third of the time, with few of its 17 components decoded.

With M = 2 or 4 decoded an epoch takes .41 or .48 of the time of one with all, so there are the more of them. What they
are compared with is as long a training with all components: a third of the epochs.
"""

from dataclasses import replace

from dlgmm_core.experiments.experiment import Experiment

__all__ = ["strata"]

_EPOCHS = {2: 92, 4: 80, 0: 40}  # by the number of decoded components; 0 for all


def strata(tuned: Experiment) -> list[Experiment]:
    """One seed of each number of decoded components, from the tuned mixture."""
    found = []
    for decoded, epochs in _EPOCHS.items():
        name = tuned.name.replace("-tuned", f"-decoded{decoded}" if decoded else "-short")
        train = replace(tuned.train, decoded=decoded, max_epochs=epochs, patience=epochs)
        found.append(Experiment(name, "strata", tuned.model, train, tuned.eval_datasets[:1]))
    return found
