"""Models amortised over their prior, beside models that were trained for one prior each.

One has codes of five numbers, as in the paper's figure 2, and is compared with the models of the recipe figure-2; the
other has codes of 25. Those of figure-2 were trained for fewer epochs, on one binarization. So three more plain models
are trained just as the amortised ones are, at random priors that took no part in any choice: they tell what amortising
costs.
"""

from dataclasses import replace

from dlgmm_core.config import ContextSampler
from dlgmm_core.experiments.experiment import SHORT, Experiment
from dlgmm_core.model.contexts import random_contexts

__all__ = ["AMORTISED", "amortised"]

AMORTISED = "mnist-dlgmm-amortised"  # of codes of five numbers

EPOCHS = 120
_REFERENCES, _SWEEP = 3, 100  # random contexts
_SEED_OF_REFERENCES, _SEED_OF_SWEEP = 1, 2
_SAMPLER = ContextSampler()
_TRAIN = replace(SHORT, binarization="dynamic", data_bias=True, max_epochs=EPOCHS, patience=EPOCHS)


def amortised(siblings: list[Experiment]) -> list[Experiment]:
    """The three references, and the two amortised models, measured at the priors of all other models here.

    Args:
        siblings: plain models of one architecture, each trained for another prior; that of the first is the amortised
            models' own.
    """
    own = siblings[0]
    references = [
        Experiment(
            f"mnist-dlgmm-prior{number}", "amortised", replace(own.model, **vars(context)), _TRAIN, own.eval_datasets
        )
        for number, context in enumerate(random_contexts(_SAMPLER, 5, _REFERENCES, _SEED_OF_REFERENCES), 1)
    ]
    others = tuple(e.model.context for e in [*siblings[1:], *references])
    found = [
        Experiment(
            name,
            "amortised",
            replace(own.model, code_dim=code_dim, contexts=_SAMPLER),
            _TRAIN,
            own.eval_datasets,
            contexts=others,
            sweep=tuple(random_contexts(_SAMPLER, 5, _SWEEP, _SEED_OF_SWEEP)),
        )
        for name, code_dim in ((AMORTISED, 5), (f"{AMORTISED}-d25", 25))
    ]
    return [*references, *found]
