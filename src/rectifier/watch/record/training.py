"""The training as a whole: losses, data, optimisers, first NaN. Part of the record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rectifier.watch.record.arrays import FloatArray, IntArray, floats, ints


@dataclass(frozen=True, eq=False)
class TrainingSeries:
    """The training as a whole; arrays of shape (S,), NaN where not known.

    Attributes:
        step: The step. ``loss``: the tensor on which ``backward`` was called.
        learning_rate: Largest over the optimiser's groups. ``gradient_norm``: over all parameters.
        update_ratio: Norm of the change of all parameters over their norm.
        carried_gradient: Norm of the gradients that the step's parameters still held when the first
            backward pass since the last step began: 0 where they had been cleared.
        input_mean, input_std, input_abs_max: Of the first tensor that enters the model.
        input_non_finite: Count of NaN or infinite values in it.
    """

    step: IntArray = field(default_factory=ints)
    loss: FloatArray = field(default_factory=floats)
    learning_rate: FloatArray = field(default_factory=floats)
    gradient_norm: FloatArray = field(default_factory=floats)
    update_ratio: FloatArray = field(default_factory=floats)
    carried_gradient: FloatArray = field(default_factory=floats)
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


@dataclass(frozen=True, eq=False)
class DataRecord:
    """The data that enter one of the first layers of a model, as that layer receives them.

    Told from about 8,192 numbers an observed step. F is the number of features: the last
    dimension, or that of channels in front of a convolution; of more than 512, evenly chosen ones.

    Attributes:
        layer: Name of the layer. ``kind``: its class name. ``model``: root module's name.
        shape: Of the latest batch. ``rows``: numbers seen of each feature.
        mean, std, min, max: Over all numbers. ``whole``: share of whole numbers among them.
        non_finite: Count of NaN and infinite numbers, which are left out of the others.
        feature_mean, feature_std: Of each feature, shape (F,).
    """

    layer: str
    kind: str
    model: str
    shape: tuple[int, ...] = ()
    rows: int = 0
    mean: float = math.nan
    std: float = math.nan
    min: float = math.nan
    max: float = math.nan
    whole: float = math.nan
    non_finite: int = 0
    feature_mean: FloatArray = field(default_factory=floats)
    feature_std: FloatArray = field(default_factory=floats)


@dataclass(frozen=True)
class LossRecord:
    """One place where the training computes a loss, and what enters it.

    Ranges are over the observed steps, told from about 8,192 numbers a step.

    Attributes:
        function: Name of torch's function (``cross_entropy``); empty for the tensor that
            ``backward`` was called on, whatever computed it.
        source: ``file.py:line`` of the user's code that computes it; empty where unknown.
        steps: Observed applications.
        shape, target_shape: Of the latest input and target; empty where there is none.
        input_min, input_max, input_mean: Of the first argument. ``input_negative``: share below 0.
        row_sum_min, row_sum_max: Sums over the classes (dimension 1, or the only one).
        exp_row_sum_min, exp_row_sum_max: Likewise of the exponentials: 1 for log-probabilities.
        input_from: What computed the input, shape changes and copies left out: a function
            (``softmax``, ``sigmoid``, ``relu``, ``log_softmax``, ``log``, …) or ``layer``; empty
            where unknown.
        input_layer: The nearest layer upstream of the input; empty where unknown.
        path: Functions between the loss and the nearest layers, from the loss on, each once.
        target_kind: ``index``, ``float``, ``bool``, or empty.
        target_min, target_max, target_mean, target_std: Of the target.
    """

    function: str
    source: str = ""
    steps: int = 0
    shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    input_min: float = math.nan
    input_max: float = math.nan
    input_mean: float = math.nan
    input_negative: float = math.nan
    row_sum_min: float = math.nan
    row_sum_max: float = math.nan
    exp_row_sum_min: float = math.nan
    exp_row_sum_max: float = math.nan
    input_from: str = ""
    input_layer: str = ""
    path: tuple[str, ...] = ()
    target_kind: str = ""
    target_min: float = math.nan
    target_max: float = math.nan
    target_mean: float = math.nan
    target_std: float = math.nan


@dataclass(frozen=True, eq=False)
class OptimizerRecord:
    """One optimiser.

    Attributes:
        kind: Class name. ``steps``: its observed steps.
        elements: Numbers in each parameter group, shape (G,).
        options: What else each group sets (``weight_decay``, ``momentum``, …) where it is a number
            or a truth value, as at the last observed step.
        step: The observed steps kept, shape (S,). ``learning_rate``: of each group, shape (S, G).
    """

    kind: str
    steps: int = 0
    elements: IntArray = field(default_factory=ints)
    options: tuple[Mapping[str, float], ...] = ()
    step: IntArray = field(default_factory=ints)
    learning_rate: FloatArray = field(default_factory=floats)
