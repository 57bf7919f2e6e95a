"""Outputs that reach what a likelihood's logarithm or exponential cannot stand. Pure.

Layer: doctor; part of the rule ``unsuitable_output_activation``. Chains are read from the loss down
to the last layer (`rectifier.watch.record.Head`).
"""

from __future__ import annotations

from rectifier.watch.record.circumstances import Head

SHAPES = frozenset({
    "view", "unsafe_view", "reshape", "reshape_alias", "t", "transpose", "permute", "expand",
    "squeeze", "unsqueeze", "clone", "slice", "select", "alias", "as_strided", "to_copy",
    "split", "split_with_sizes", "unbind", "index", "gather", "index_select", "stack", "stack*",
})  # fmt: skip
"""Operations that leave values as they are."""

POSITIVE = ("relu", "softplus")
"""Functions that give nothing below nought."""

HARD = ("threshold", "hardsigmoid", "hardtanh", "clamp", "clamp_min", "clamp_max")
"""Functions that are constant beyond a bound, and reach it."""

LINES = ("neg", "add", "sub", "rsub", "mul", "div")
"""What may stand between them: straight lines."""

PRODUCTS = ("addmm", "mm", "linear", "bmm", "baddbmm", "convolution", "mkldnn_linear")
"""What a layer with weights is, at the end of a chain."""

SLACK = 0.01
"""Rounding."""

STALLED = 0.5
"""Share of the first loss left at the end, above which such a probability did harm."""


def floored(head: Head) -> str | None:
    """What an exponential is taken of, where that is never negative: the result is one or more."""
    passed = (*SHAPES, "mul", "div")  # of a negative multiple it would never rise above one
    for place, name in enumerate(head.chain):
        if name != "exp":
            continue
        given = next((n for n in head.chain[place + 1 :] if n not in passed), "")
        if given in POSITIVE and head.output_low >= 1 - SLACK and head.output_high > 1 + SLACK:
            return given
    return None


def takes_a_logarithm(head: Head) -> bool:
    """Whether the loss is a Poisson likelihood of a logarithm: exp(output) - target * output."""
    plain = [name for name in head.chain if name not in SHAPES]
    return plain[:3] in (["mean", "sub*", "exp"], ["sum", "sub*", "exp"])


def negative_logarithm(head: Head) -> str | None:
    """What a logarithm is taken of, where that is below nought for half of what enters it."""
    passed = (*SHAPES, "add", "sub", "rsub")  # a guard against nought, or one minus it
    for place, name in enumerate(head.chain):
        if name in ("log", "log2", "log10"):
            given = next((n for n in head.chain[place + 1 :] if n not in passed), "")
            return given if given == "tanh" and head.output_low < 0 else None
    return None


def hard_probability(head: Head) -> str | None:
    """What makes a probability of a linear output by cutting it off at nought or one."""
    if head.chain[:1] != ("binary_cross_entropy",):
        return None
    rest = [name for name in head.chain[1:] if name not in SHAPES]
    cut = [name for name in rest if name in HARD]
    straight = all(name in HARD or name in LINES for name in rest[:-1])
    return cut[-1] if cut and straight and rest[-1] in PRODUCTS else None
