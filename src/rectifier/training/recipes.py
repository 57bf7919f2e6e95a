"""Published training recipes, as data. Layer: training; imports no framework."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How a network was trained.

    Attributes:
        optimizer: ``sgd`` or ``adam``. ``rate``: learning rate at the start.
        momentum, weight_decay, batch, epochs: Of the same.
        divide: What the rate is divided by when the validation error stops to fall.
        times: How often that was done.
        source: Where it is published.
    """

    optimizer: str
    rate: float
    momentum: float
    weight_decay: float
    batch: int
    epochs: int
    divide: float
    times: int
    source: str

    def rate_at(self, share: float) -> float:
        """Learning rate after a share of the training, the divisions spread evenly.

        The paper divided by hand when the error stalled; evenly spread is what can be repeated.
        """
        done = min(self.times, int(share * (self.times + 1)))
        return self.rate / self.divide**done


ALEXNET = Recipe(
    optimizer="sgd",
    rate=0.01,
    momentum=0.9,
    weight_decay=0.0005,
    batch=128,
    epochs=90,
    divide=10.0,
    times=3,
    source="Krizhevsky, Sutskever and Hinton (2012), section 5",
)
