"""How fast a run learns: the learning rate of every step, and how long Adam remembers gradients.

"constant", "cosine", which falls to zero over all epochs (I. Loshchilov and F. Hutter, "SGDR", 2017), or "one-cycle",
which rises first (L. N. Smith and N. Topin, "Super-convergence", 2018): a rate too large at first is stable later.
"""

import math

from dlgmm_core.config import TrainConfig

__all__ = ["betas", "learning_rate"]

_RISING = 0.1  # of all steps, in which the rate of "one-cycle" rises
# of Adam for squared gradients, under "one-cycle": 0.999 remembers 1,000 steps, half of such a run
_SHORT_MEMORY = 0.99


def learning_rate(config: TrainConfig, epoch: int, share: float) -> float:
    """The learning rate of a step.

    Args:
        config: has the schedule and the largest rate.
        epoch: counted from 1.
        share: of the epoch, in (0, 1], that is done after the step.
    """
    if config.schedule == "constant":
        return config.learning_rate
    done = (epoch - 1) / config.max_epochs
    if config.schedule == "one-cycle":
        done += share / config.max_epochs
        if done < _RISING:
            return config.learning_rate * done / _RISING
        done = (done - _RISING) / (1 - _RISING)
    return 0.5 * config.learning_rate * (1 + math.cos(math.pi * done))


def betas(config: TrainConfig) -> tuple[float, float]:
    """Adam's decay rates of the means of gradients and of their squares."""
    return 0.9, _SHORT_MEMORY if config.schedule == "one-cycle" else 0.999
