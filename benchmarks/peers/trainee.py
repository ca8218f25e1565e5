"""What is timed: an implementation of one model at given weights, on one batch of images."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["LEARNING_RATE", "Trainee"]

LEARNING_RATE = 3e-4


@dataclass(frozen=True)
class Trainee:
    """A model that is trained on one batch.

    Attributes:
        bound: the mean bound of the batch's images at one draw, nats; without a step.
        step: bound, gradient and Adam's update, until all are computed.
    """

    bound: Callable[[], float]
    step: Callable[[], object]
