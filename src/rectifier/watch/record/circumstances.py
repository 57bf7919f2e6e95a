"""Circumstances of a training: how the network is wired, what it is fed, what is trained.

Part of the record (`rectifier.watch.record`), framework-free. What is here is read from the graph
of a few backward passes and from the parameters, not measured at every step;
`rectifier.watch.census` fills it in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rectifier.watch.record.arrays import FloatArray, floats


@dataclass(frozen=True)
class Head:
    """A way from a loss down to the layer that made the output.

    Attributes:
        chain: Operations from the loss to the layer, each by its name in the graph
            (``nll_loss``, ``log_softmax``, ``softmax``, ``addmm``); a trailing ``*`` marks one that
            joins several branches of the network.
        layer: The layer. ``source``: ``file.py:line`` of the loss, or empty.
        output_low, output_high: Range of what the operation above the layer gave; NaN: not known.
        width: Size of the output along the last dimension, or along a softmax's own; 0: not known.
        across: Whether a softmax goes over another dimension than the likelihood above it picks
            from: the batch in place of the classes.
        low, high: Range that the last activation allows, infinite where it has no bound.
        target_low, target_high: Range of the target of a regression loss or a binary
            cross-entropy; NaN: not known.
        scale: By what the last activation's result is multiplied before anything else is done to it
            (a temperature); NaN: not by one constant.
        target_mean, target_std: Of the target of a regression loss, when first seen; of a loss by
            hand the difference, where the output is next to nothing beside it. NaN: not known.
        outside: Share of targets that the last activation's range cannot reach, over a softmax of
            rows that do not sum to one; NaN: not known. ``excess``: mean square of how far all
            targets lie beyond that range, when first seen.
        held: Outputs of a loss that stand at a bound of that range, late in the run; their share.
            ``short``: how far their targets lie beyond the bound on average, over the root mean
            square of how far they lie from it; near 0 where they scatter around it. NaN: unknown.
        mute: Share of a rectified output's columns that were nought in every row when last seen,
            though their targets were not; NaN: unknown.
        step: First step at which it was seen. ``count``: how often.
    """

    chain: tuple[str, ...]
    layer: str = ""
    source: str = ""
    output_low: float = math.nan
    output_high: float = math.nan
    width: int = 0
    across: bool = False
    low: float = -math.inf
    high: float = math.inf
    scale: float = 1.0
    target_low: float = math.nan
    target_high: float = math.nan
    target_mean: float = math.nan
    target_std: float = math.nan
    outside: float = math.nan
    excess: float = math.nan
    held: float = math.nan
    short: float = math.nan
    mute: float = math.nan
    step: int = 0
    count: int = 1


@dataclass(frozen=True)
class Joint:
    """Two layers with weights, one behind the other, and only linear operations between.

    Attributes:
        first, second: The layers. ``kind``: ``linear``, ``conv`` or ``mixed``.
        inputs, width, outputs: Inputs of the first, units between, outputs of the second layer.
        grouped: Whether a convolution of several groups is among them.
        step: First step at which it was seen.
        summed: Whether other layers' outputs are added to the first's, or stand beside it.
        normed: Whether a normalisation of each example by itself lies between too.
    """

    first: str
    second: str
    kind: str
    inputs: int
    width: int
    outputs: int
    grouped: bool = False
    step: int = 0
    summed: bool = False
    normed: bool = False

    @property
    def bottleneck(self) -> bool:
        """Whether the units between are fewer than at both ends: a rank made low on purpose."""
        return self.width < min(self.inputs, self.outputs)


@dataclass(frozen=True, eq=False)
class Feed:
    """What enters a first layer, by feature; arrays of shape (features,).

    Attributes:
        layer: The layer. ``kind``: ``linear`` or ``conv``.
        mean, std, low, high: Of each feature, or of each channel of a convolution's input.
        middle, width: Median, and the interquartile range as a standard deviation (over 1.349), of
            some of the rows: what outliers leave alone.
        seen: Rows that were looked at.
    """

    layer: str
    kind: str
    mean: FloatArray = field(default_factory=floats)
    std: FloatArray = field(default_factory=floats)
    low: FloatArray = field(default_factory=floats)
    high: FloatArray = field(default_factory=floats)
    middle: FloatArray = field(default_factory=floats)
    width: FloatArray = field(default_factory=floats)
    seen: int = 0


@dataclass(frozen=True)
class Attention:
    """A softmax that weighs values which no parameter is.

    Attributes:
        layer: The layer before it (of several the nearest). ``width``: places it chooses from.
        spread: Standard deviation of a row's scores, its median over rows, when first seen.
        step: When that was.
    """

    layer: str
    spread: float = math.nan
    width: int = 0
    step: int = 0


@dataclass(frozen=True)
class ParameterFacts:
    """One parameter.

    Attributes:
        name: Qualified name, or the layer's. ``layer``: without the last part.
        model: Root model; empty where it is registered with none.
        shape: Its shape. ``fan_in``: inputs of one unit; 0: not a matrix.
        trainable: Whether it requires a gradient, when last seen.
        held: Whether an optimiser holds it. ``late``: whether it came to be after the optimisers.
        loaded: Whether a state was loaded into it.
        reached: How many of the looked-at losses depend on it. ``looked``: losses looked at since
            it was first seen.
        asked: Whether a module that holds it was given a ``requires_grad`` of True, an attribute
            that modules do not have and parameters know nothing of.
        ran: Whether the layer that it belongs to ran in a training pass.
        behind: Whether what it is applied to depends on a parameter that an optimiser holds.
        steps: Looked-at steps of an optimiser that holds it. ``with_gradient``, ``nonzero``: those
            at which it had a gradient, and one that was not zero.
        std, mean: Of its elements when first seen; NaN for one element.
        alike_start, alike_end: Share of its units that repeat another unit's weights exactly, of
            those that are not zero (of all where all are). Of a table, whose rows are picked by
            number, of its columns.
        spread_start: Norm of the rows' differences from their mean over the norm of all.
        zero_start: Whether it was all zero when first seen.
        empty_start: Share of units whose weights were all zero when first seen.
        moved: Norm of its change since first seen over its norm then (over its norm now where that
            was zero); NaN where not known.
        broken: Whether some of it was NaN or infinite when last seen.
        rounds: How often, within one loss, it is applied to a sigmoid of what it gave itself.
            ``applied``: how often to anything that depends on what it gave before: rounds of a
            state, not calls one after the other.
    """

    name: str
    layer: str = ""
    model: str = ""
    shape: tuple[int, ...] = ()
    fan_in: int = 0
    trainable: bool = True
    held: bool = True
    late: bool = False
    loaded: bool = False
    reached: int = 0
    looked: int = 0
    asked: bool = False
    ran: bool = True
    behind: bool = False
    steps: int = 0
    with_gradient: int = 0
    nonzero: int = 0
    std: float = math.nan
    mean: float = math.nan
    alike_start: float = math.nan
    alike_end: float = math.nan
    spread_start: float = math.nan
    zero_start: bool = False
    empty_start: float = math.nan
    moved: float = math.nan
    broken: bool = False
    rounds: int = 0
    applied: int = 0

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class OptimizerFacts:
    """One optimiser.

    Attributes:
        kind: Class name. ``rate``: largest learning rate at first. ``step``: when it was made.
        parameters, trainable: Tensors that it holds, and those that require a gradient.
        orphans: Held tensors that belong to no model that ran and that no loss depends on.
        steps: How often it stepped.
        momentum: The largest of its groups; NaN where it has none of that name.
        decay: Likewise its weight decay. ``apart``: whether it is no part of the gradient (AdamW).
        epsilon: Likewise what it adds to the root of the mean squared gradient.
    """

    kind: str
    rate: float = math.nan
    step: int = 0
    parameters: int = 0
    trainable: int = 0
    orphans: int = 0
    steps: int = 0
    momentum: float = math.nan
    decay: float = math.nan
    apart: bool = False
    epsilon: float = math.nan


@dataclass(frozen=True, eq=False)
class Circumstances:
    """All of the above.

    Attributes:
        heads, joints, feeds, attentions, parameters, optimizers: What was found.
        wired: Layers with weights that another part of the network feeds, in the largest graph.
        linear: Whether, in every graph, all that layers feed other layers is linear in what they
            gave, round after round.
        losses: Losses whose graph was looked at. ``backwards``: backward passes of the run.
        idle: Looked-at losses that depend on no parameter that any optimiser holds, though on some.
        flat: Operations in the graphs whose derivative is zero everywhere (``sign``, ``round``).
        squashed: Pairs of layers with nothing but a softmax between.
        carried, cleared: Looked-at steps of the only optimiser after which the gradient was still
            there at each backward pass up to the next step, and those after which it was not.
        second_order: Whether gradients of gradients were taken with respect to what enters.
        resting: Batch normalisations that ran in training passes and never once took the statistics
            of a batch: in evaluation mode throughout, with those that they were made with.
    """

    heads: tuple[Head, ...] = ()
    joints: tuple[Joint, ...] = ()
    feeds: tuple[Feed, ...] = ()
    attentions: tuple[Attention, ...] = ()
    parameters: tuple[ParameterFacts, ...] = ()
    optimizers: tuple[OptimizerFacts, ...] = ()
    wired: int = 0
    linear: bool = False
    losses: int = 0
    backwards: int = 0
    idle: int = 0
    flat: tuple[str, ...] = ()
    squashed: tuple[tuple[str, str], ...] = ()
    carried: int = 0
    cleared: int = 0
    second_order: bool = False
    resting: tuple[str, ...] = ()
