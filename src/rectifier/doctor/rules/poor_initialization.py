"""``poor_initialization``: weights drawn on the wrong scale. A rule: pure, framework-free.

What grows with depth (`growing`), sines (`periods`) and tables (`tables`) stand in files of their
own, as do units that nothing reaches (`unreached`) and normalisations at rest (`resting`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.drawn import (
    ABOVE_CHANCE,
    DEEP,
    LARGE,
    LOUD,
    SMALL,
    drawn_in,
    gain_of,
    is_squared,
)
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.growing import grown
from rectifier.doctor.outputs import is_output
from rectifier.doctor.periods import periods, wrapped
from rectifier.doctor.resting import resting
from rectifier.doctor.rule import Rule
from rectifier.doctor.slopes import FROM_THE_START, flat_at_first, is_bounded
from rectifier.doctor.tables import loud_tables
from rectifier.doctor.unreached import unfed, unreached
from rectifier.doctor.wording import listing, number, percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

FADING = 0.3
"""Half of PyTorch's own: the power falls to a twentieth, and through `DEEP` such layers to less
than a millionth."""

TINY = 0.05
"""Far smaller still: two such layers leave a millionth of the signal's power."""

DROWNED = 0.3
"""Gain over the spread of the biases, at which a unit gives its bias whatever enters."""

RECURRENT = 2.0
"""Likewise where a state is multiplied anew at every step: with ReLU its power doubles each time,
and after forty steps the state is a million times what it was."""

ROUNDS = 10
"""Applications of one matrix within one loss from which it is multiplied again and again."""

OFFSET = 3.0
"""Mean of the weights times the root of their inputs over their spread: of random weights about
one over the root of the units."""

EMPTY = 0.5
"""Share of a layer's units whose incoming weights are all zero; sparse schemes (Martens 2010) leave
some weights to each unit."""

QUIET = 1e-2
"""Likewise, on the small side."""

FAINT = 0.1
"""Likewise throughout a network that nothing normalises: a hundredth of the power that fits."""

NATS = 3.0
"""Likewise its excess over a guess's: logits that spread by s cost s²/2 more on average, and one of
three gives the right class a twentieth of its share. Of many classes it is the stricter one."""


LOGITS = math.sqrt(2 / math.pi) / 2 / math.log(2)
"""Binary cross-entropy of random logits, over a guess's and over their spread: half of them stand
against their target and cost their size, normally distributed."""


def _offset(parameter: ParameterFacts) -> float:
    if not parameter.std > 0:
        return math.inf if parameter.mean else 0.0
    return abs(parameter.mean) * math.sqrt(parameter.fan_in) / parameter.std


def _recurrent(parameter: ParameterFacts) -> bool:
    """Whether a state is multiplied by it anew at every step: a square matrix, applied often."""
    square = len(parameter.shape) == 2 and parameter.shape[0] == parameter.shape[1]
    return "weight_hh" in parameter.name or (square and parameter.applied >= ROUNDS)


def _drowned(record: Record, chosen: list[ParameterFacts]) -> bool:
    """Whether the biases of most of these layers hide what their weights give."""
    spread = {
        (p.model, p.layer): p.std
        for p in record.circumstances.parameters
        if not p.fan_in and p.name.rpartition(".")[2] == "bias" and p.std > 0
    }
    known = [p for p in chosen if (p.model, p.layer) in spread]  # of one unit there is none
    under = [p for p in known if gain_of(p) <= DROWNED * spread[p.model, p.layer]]
    return len(under) > 0.5 * len(known)


def _above_chance(record: Record, loss: evidence.Loss) -> float:
    """The first loss over that of a guess, where it is a cross-entropy; NaN elsewhere."""
    for head in record.circumstances.heads:
        if head.chain[:1] in (("nll_loss",), ("nll_loss2_d",)) and head.width > 1:
            return loss.start / math.log(head.width)
    return math.nan


def _is_sure(loss: evidence.Loss, chance: float) -> bool:
    """Whether a cross-entropy starts far above a guess's: by its ratio, or by what it adds."""
    excess = loss.start - loss.start / chance if chance > 0 else math.nan
    return chance >= ABOVE_CHANCE or excess >= NATS


def _normalised(record: Record) -> bool:
    return any("Norm" in layer.kind for layer in record.layers)


def _binary(record: Record) -> bool:
    """Whether the loss is a binary cross-entropy, which grows in line with logits too large."""
    return any(
        "binary_cross_entropy" in name
        for head in record.circumstances.heads
        for name in head.chain[:1]
    )


def _makes_logits(record: Record, chosen: list[ParameterFacts]) -> bool:
    """Whether the layer is among them that gives the logits of a cross-entropy: it is sure, and
    wrong, before it has seen anything, and the first steps go into unlearning that.
    """
    given = {head.layer for head in record.circumstances.heads if head.layer}
    return any(p.layer in given for p in chosen)


def _levels(record: Record) -> list[tuple[str, float]]:
    """Size of the pre-activations at the first step, by site in forward order.

    One that is no number there, in data that are, is too large for any.
    """
    found = []
    for site in sorted(record.sites, key=lambda site: site.order):
        first = site.series.input_std[:1]
        if first.size and not np.isfinite(first[0]) and not _broken_data(record):
            found.append((site.site, math.inf))
            continue
        spread = evidence.median(site.series.input_std[:1])
        mean = evidence.median(site.series.input_mean[:1])
        if math.isfinite(spread):
            found.append((site.site, math.hypot(spread, mean)))
    return found


def _broken_data(record: Record) -> bool:
    return any(item.where == "input" and item.step == 0 for item in record.non_finite)


def _levels_behind(record: Record, chosen: list[ParameterFacts]) -> list[float]:
    """The levels of those that no layer but the chosen ones can have made: none stands before."""
    names = {p.layer for p in chosen}
    places = {site.layer: site.order for site in record.sites}
    first = min((places[name] for name in names if name in places), default=-1)
    known = {site.site: site for site in record.sites}
    return [v for name, v in _levels(record) if known[name].order >= first]


def _flat(record: Record, chosen: list[ParameterFacts]) -> bool:
    """Whether half of what a bounded function gives behind them is flat from the start.

    A tanh is flat from three on, so that pre-activations far below those that count as loud before
    a ReLU take its slope away.
    """
    names = {p.layer for p in chosen}
    return any(
        site.layer in names and is_bounded(site) and flat_at_first(site) >= FROM_THE_START
        for site in record.sites
    )


def _flat_throughout(record: Record, chosen: list[ParameterFacts]) -> bool:
    """Whether every hidden layer is so, two or more, and not by what enters it alone.

    Then units are signs of random sums, as in a table of hashes: what is learnt behind them is the
    training data, whose loss falls, and nothing of what lies between.
    """
    names = {p.layer for p in chosen}
    hidden = [site for site in record.sites if not is_output(record, site)]
    return len(hidden) > 1 and all(
        site.layer in names and is_bounded(site) and flat_at_first(site) >= FROM_THE_START
        for site in hidden
    )


def _input_scale(record: Record) -> float:
    return evidence.median(record.training.input_abs_max[:1])


def check(record: Record) -> Sequence[Finding]:
    """Weights whose scale at the start does not suit their number of inputs, with the harm shown.

    Two things must hold. The weights: their root mean square times the root of the number of inputs
    is 4 or more (2 or more where a recurrent state is multiplied by them), or 0.2 or less (0.3 of
    five layers or more; He: 1.41, Glorot: 1, PyTorch's default: 0.58), or their mean is three times
    what random weights could have by chance. And the signal, before any update: pre-activations of
    10 or more although the data are of usual scale, or half of a bounded function's elements where
    it is flat, a first cross-entropy three times that of a guess or three nats above it, or pre-
    activations of 0.01 or less (of 0.1 throughout where most weights are so and nothing
    normalises), or biases beside which they are lost, in a network that then stayed near its first
    loss, or kept half of it where two layers are at 0.05 or less. A network that learnt all the
    same (to half of a guess's loss, which of a squared error is the first loss over the square of
    the signal's size, and of a binary cross-entropy over that size) is a note, unless the layer of
    the logits itself is so and the first loss three times a guess's, or all hidden layers, two or
    more, begin where half of a bounded function is flat. Or what enters all sines that stand behind
    other sines spreads over whole periods. Or the signal grows thirtyfold through five or more
    activations though each layer fits, as where residual branches pile up, and the loss ended above
    half of a guess's. Or half of a layer's units have no incoming weights at all and the loss did
    not halve. Or a layer gets noughts alone, from units that no datum reaches, or all activations
    get noughts at first, from scales of zero. Or tables of factors start louder than what they are
    to give (`rectifier.doctor.tables`). Or batch normalisations rest in evaluation mode from first
    to last. So small last layers, normalised networks and embeddings are not accused.

    Source:
        Glorot and Bengio 2010; He et al. 2015, section 2.2; LeCun et al. 1998, section 4.6;
        Sitzmann et al. 2020, section 3.2 (sines: inputs of spread one at every layer); the
        first loss as a check: Karpathy, CS231n notes, "Before learning: sanity checks".
    """
    loss = evidence.loss_of(record)
    drawn = drawn_in(record)
    lost = resting(record) or unreached(record) or unfed(record) or loud_tables(record, loss)
    if lost is not None or not drawn:
        return () if lost is None else (lost,)
    levels = _levels(record)
    top = max((level for _, level in levels), default=math.nan)
    low = min((level for _, level in levels), default=math.nan)
    usual = not _input_scale(record) >= 100 or top == math.inf  # by itself from data that are not
    chance = _above_chance(record, loss)
    large = [p for p in drawn if gain_of(p) >= (RECURRENT if _recurrent(p) else LARGE)]
    small = [p for p in drawn if gain_of(p) <= SMALL]
    tiny = [p for p in small if gain_of(p) <= TINY]
    fading = [p for p in drawn if gain_of(p) <= FADING]
    halved = not loss.start > 0 or loss.end <= 0.5 * loss.start
    shifted = [p for p in drawn if _offset(p) >= OFFSET and gain_of(p) >= 1.0]
    harmed = evidence.stuck(loss) or loss.broke_step is not None
    empty = [p for p in drawn if p.empty_start >= EMPTY and not p.zero_start]
    if empty:
        return (_empty(empty, harmed, loss),)
    whole = wrapped(record)
    if whole:
        return (periods(record, whole),)
    faint = top < FAINT and len(small) > 0.5 * len(drawn) and not _normalised(record)
    chosen = shifted or large
    behind = max(_levels_behind(record, chosen), default=math.nan)
    flat = _flat(record, chosen)
    if chosen and usual and (behind >= LOUD or flat or _is_sure(loss, chance)):
        top = max(behind, low)
        how = "are drawn far too large" if not shifted else "are not centred on zero"
        guess = loss.start / chance if chance > 0 else loss.start
        if is_squared(record) and top >= LOUD:
            guess /= top * top  # the error of outputs that are so much too large
        if _binary(record) and top >= LOUD:
            guess /= top * LOGITS
        recovered = loss.known and loss.end <= 0.5 * min(guess, loss.start)
        recovered = recovered and not evidence.at_the_mean(record, loss)
        if flat and record.circumstances.second_order:  # its start is as high as they made it
            recovered = False
        if _flat_throughout(record, chosen):  # such a net learns its data by heart
            recovered = False
        sure = chance >= ABOVE_CHANCE and _makes_logits(record, chosen)
        severity: Severity = "error" if harmed else "info" if recovered and not sure else "warning"
    elif len(small) >= 2 and harmed and (low <= QUIET or _drowned(record, small) or faint):
        chosen, how, severity = small, "are drawn far too small", "error"
    elif len(fading) >= DEEP and harmed and low <= QUIET:
        chosen, how, severity = fading, "are drawn too small for so many layers", "error"
    elif len(tiny) >= 2 and not halved and (low <= QUIET or _drowned(record, tiny)):
        chosen, how, severity = tiny, "are drawn far too small", "warning"
    else:
        piled = grown(record, levels, chance, loss) if usual else None
        return (piled,) if piled is not None else ()
    return (_finding(chosen, how, severity, top, low, chance, loss),)


def _empty(chosen: list[ParameterFacts], harmed: bool, loss: evidence.Loss) -> Finding:
    first = chosen[0]
    poor = harmed or not loss.end <= 0.5 * loss.start
    return Finding(
        rule="poor_initialization",
        severity="error" if harmed else "warning" if poor else "info",
        cause=(
            f"{percent(first.empty_start)} of the units of {first.layer!r} start without a single "
            "input: their weights are all zero."
        ),
        layer=first.layer,
        first_step=0,
        evidence={"empty": first.empty_start},
        remedies=(
            Remedy(
                "reinitialize",
                "Weights scaled to their inputs give every unit a part.",
                {"scheme": "he_normal"},
            ),
        )
        if poor
        else (),
    )


def _finding(
    chosen: list[ParameterFacts],
    how: str,
    severity: Severity,
    top: float,
    low: float,
    chance: float,
    loss: evidence.Loss,
) -> Finding:
    first = chosen[0]
    gain = gain_of(first)
    layers = list(dict.fromkeys(p.layer for p in chosen))
    signal = f"pre-activations start at {number(low)} to {number(top)}"
    if _is_sure(loss, chance):
        signal += f" and the first loss {number(loss.start)} is {number(chance)} times a guess's"
    numbers = {"gain": gain, "loudest": top, "quietest": low, "loss_over_chance": chance}
    return Finding(
        rule="poor_initialization",
        severity=severity,
        cause=(
            f"The weights of {listing([repr(name) for name in layers])} {how}: their size times "
            f"the root of their inputs is {number(gain)} in {layers[0]!r} (about one keeps the "
            f"signal); {signal}."
        ),
        layer=layers[0],
        first_step=0,
        evidence={name: v for name, v in numbers.items() if not math.isnan(v)},
        remedies=(
            Remedy(
                "reinitialize",
                "Weights scaled to their inputs and to the activation keep the signal's size.",
                {"scheme": "he_normal"},
            ),
        )
        if severity != "info"
        else (),
        also=tuple(layers[1:]),
    )


RULE = Rule(
    id="poor_initialization",
    check=check,
    summary="Weights start on a scale that does not keep the signal.",
    source="Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998, section 4.6",
    explains=(
        "vanishing_gradient",
        "exploding_gradient",
        "saturated_activation",
        "born_dead",
        "dying_relu",
        "dormant_units",
        "learning_rate_too_low",
        "learning_rate_too_high",
        "non_finite",
    ),
)
