"""The training as a whole, and its first NaN. Part of the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from rectifier.watch.record.arrays import FloatArray, IntArray, floats, ints


@dataclass(frozen=True, eq=False)
class TrainingSeries:
    """The training as a whole; arrays of shape (S,), NaN where not known.

    Attributes:
        step: The step. ``loss``: the tensor on which ``backward`` was called.
        loss_terms: Of how many terms it is the sum, where it was looked at; of a mean 1.
        learning_rate: Largest over the optimiser's groups.
        gradient_norm: Over all parameters; at most steps that of a large one (32,768 elements on)
            is told from an eighth of its elements.
        update_ratio: Norm of the change of all parameters over their norm, of a large one told from
            16,384 of its elements.
        input_mean, input_std, input_abs_max: Of the first tensor that enters the model.
        input_non_finite: Count of NaN or infinite values in it.
    """

    step: IntArray = field(default_factory=ints)
    loss: FloatArray = field(default_factory=floats)
    loss_terms: FloatArray = field(default_factory=floats)
    learning_rate: FloatArray = field(default_factory=floats)
    gradient_norm: FloatArray = field(default_factory=floats)
    update_ratio: FloatArray = field(default_factory=floats)
    input_mean: FloatArray = field(default_factory=floats)
    input_std: FloatArray = field(default_factory=floats)
    input_abs_max: FloatArray = field(default_factory=floats)
    input_non_finite: FloatArray = field(default_factory=floats)


@dataclass(frozen=True)
class NonFinite:
    """The first place where NaN or infinity appeared.

    Attributes:
        step: The step. ``where``: ``input``, ``parameter``, ``site``, ``loss`` or ``gradient``.
        name: The site, layer or parameter. ``source``: ``file.py:line`` or empty.
    """

    step: int
    where: str
    name: str
    source: str = ""
