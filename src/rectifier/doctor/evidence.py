"""Readings that several rules take from a record. Framework-free, pure.

Nothing here judges: each function answers one question about the numbers (where did the loss start,
when did these units fall silent, how large was the step that did it). The rules decide what is too
much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rectifier.watch.record import FloatArray, IntArray, LayerRecord, Record, SiteRecord

BoolArray = NDArray[np.bool_]


def finite(values: FloatArray) -> FloatArray:
    """The finite ones, in order."""
    return values[np.isfinite(values)]


def median(values: FloatArray) -> float:
    """Median of the finite values; NaN if there is none."""
    known = finite(values)
    return float(np.median(known)) if known.size else math.nan


def largest(values: FloatArray) -> float:
    """Largest finite value; NaN if there is none."""
    known = finite(values)
    return float(known.max()) if known.size else math.nan


def between(steps: IntArray, values: FloatArray, low: float, high: float) -> FloatArray:
    """The finite values observed at steps from ``low`` to ``high``, both included."""
    if steps.size != values.size:
        return np.zeros(0)
    return finite(values[(steps >= low) & (steps <= high)])


def closing(values: FloatArray) -> FloatArray:
    """The last tenth of a series, at least ten values where there are as many."""
    return values[-max(10, values.size // 10) :]


def stretches(record: Record, count: int) -> list[FloatArray]:
    """The finite losses of each of ``count`` spans of a run that are equally long in steps.

    Of a long run not every step is kept, and of its ends more than of its middle.
    """
    known = np.isfinite(record.training.loss)
    steps, values = record.training.step[known], record.training.loss[known]
    if not values.size:
        return [values] * count
    place = (steps - steps[0]) * count // (steps[-1] - steps[0] + 1)
    return [values[place == number] for number in range(count)]


@dataclass(frozen=True)
class Loss:
    """How the loss went.

    Attributes:
        start: First finite value: where the untrained network stands.
        peak, peak_step: Largest finite value after it, and when.
        end: Median of the last tenth; infinite where it ended non-finite.
        lowest: Smallest median of ten consecutive values.
        broke_step: First step with a non-finite loss, or None.
    """

    start: float
    peak: float
    peak_step: int
    end: float
    lowest: float
    broke_step: int | None

    @property
    def known(self) -> bool:
        """Whether there is a curve to speak of."""
        return math.isfinite(self.start) and not math.isnan(self.end)

    @property
    def growth(self) -> float:
        """Peak over start; NaN where the start is not positive, so a ratio says nothing."""
        return self.peak / self.start if self.start > 0 else math.nan

    def reached(self, share: float) -> bool:
        """Whether the run ended at most ``share`` of where it started."""
        return self.known and self.start > 0 and self.end <= share * self.start


VARYING = 2.0
"""Most terms of a loss over fewest, from which it is no curve until it is divided by them."""

LENGTHS = 6
"""Numbers of terms from which they are lengths of episodes; two players' losses, or a last batch,
make fewer."""


def of_episodes(record: Record) -> bool:
    """Whether the loss is a sum over ever other numbers of terms: the moves of an episode."""
    terms = finite(record.training.loss_terms)
    several = np.unique(terms).size >= LENGTHS
    return several and bool(terms.max() >= VARYING * terms.min())


def losses_of(record: Record) -> tuple[IntArray, FloatArray]:
    """Steps and losses; for a sum over ever other numbers of terms as if it were always the first.

    The loss of an episode is the sum over its moves, and rises where the agent plays longer.
    """
    training = record.training
    if not of_episodes(record):
        return training.step, training.loss
    known = np.isfinite(training.loss_terms)
    each = training.loss_terms[known]
    return training.step[known], training.loss[known] * (each[0] / each)


def loss_of(record: Record) -> Loss:
    """Read the loss curve of a run."""
    steps, values = losses_of(record)
    good = np.isfinite(values)
    broken = steps[:-1][~good[1:] & good[:-1]] if values.size > 1 else steps[:0]
    if not good.any():
        first_broken = int(steps[0]) if values.size and np.isinf(values[0]) else None
        return Loss(math.nan, math.nan, 0, math.nan, math.nan, first_broken)
    known, at = values[good], steps[good]
    rest = known[1:] if known.size > 1 else known
    peak = int(rest.argmax()) + (1 if known.size > 1 else 0)
    ended_broken = bool(values.size > 1 and not good[-1])
    return Loss(
        start=float(known[0]),
        peak=float(known[peak]),
        peak_step=int(at[peak]),
        end=math.inf if ended_broken else median(closing(known)),
        lowest=float(min(np.median(known[i : i + 10]) for i in range(0, known.size, 10))),
        broke_step=int(broken[0]) + 1 if ended_broken and broken.size else None,
    )


def broke_falling(record: Record, loss: Loss) -> bool:
    """Whether the loss became non-finite while it fell, after no step larger than the weights.

    Steps that overshoot make it rise first; a loss that breaks on its way down breaks of itself.
    """
    if loss.broke_step is None or not loss.start > 0:
        return False
    steps, values = record.training.step, record.training.loss
    before = between(steps, values, -math.inf, loss.broke_step - 1)
    calm = not update_before(record, "", loss.broke_step - 10, loss.broke_step) >= 1
    return bool(
        calm and before.size >= 3 and before.max() <= before[0] and before[-1] < 0.9 * before[0]
    )


def stuck(loss: Loss) -> bool:
    """Whether the loss ended no tenth below its start; one that is not positive tells nothing."""
    return loss.known and loss.start > 0 and not loss.end < 0.9 * loss.start


def rose(loss: Loss) -> bool:
    """Whether the loss was never below its start by a tenth, and ended at twice that or more."""
    falls = loss.lowest < 0.9 * loss.start
    return loss.known and loss.start > 0 and not falls and 2 * loss.start <= loss.end < math.inf


OPENING = 20
"""Observed steps that show the network as initialised."""

COIN = math.log(2)
"""Binary cross-entropy of a guess, where both answers are as frequent."""

ODD = 2.0
"""Loss at the start over what guesses cost, up and down, beyond which its parts are weighted."""

UNDER = 0.95
"""Lowest loss over what a guess costs, above which it never was better: a batch's luck."""

NO_BETTER = 0.8
"""Mean squared error over the targets' variance, from which their mean would have done as well;
up to its inverse, beyond which errors are summed and not averaged."""


def at_the_mean(record: Record, loss: Loss) -> bool:
    """Whether a mean squared error ended where the targets' mean alone would have come to."""
    return any(
        head.chain[:1] == ("mse_loss",)
        and NO_BETTER * (variance := head.target_std * head.target_std) <= loss.end
        and loss.end <= variance / NO_BETTER
        for head in record.circumstances.heads
    )


def guess_of(record: Record) -> float:
    """What a guess costs where the loss is a cross-entropy: the log of the classes; else NaN."""
    for head in record.circumstances.heads:
        if head.chain[:1] in (("nll_loss",), ("nll_loss2_d",)) and head.width > 1:
            return math.log(head.width)
    return math.nan


def guess_of_parts(record: Record, loss: Loss) -> float:
    """What guesses cost of a loss that is put together from some of several outputs; else NaN.

    Their weights are not known: about one, as far as the loss at the start agrees.
    """
    costs: dict[str, float] = {}
    for head in record.circumstances.heads:
        for name in (called.rstrip("*") for called in head.chain[1:]):
            if name == "mse_loss":
                costs[head.layer] = head.target_std * head.target_std
            elif name in ("nll_loss", "nll_loss2_d") and head.width > 1:
                costs[head.layer] = math.log(head.width)
            elif "binary" in name:
                costs[head.layer] = COIN
            else:
                continue
            break
    total = sum(costs.values())
    near = total > 0 and total / ODD <= loss.start <= total * ODD
    return (
        total
        if near and len(costs) == len({h.layer for h in record.circumstances.heads})
        else math.nan
    )


def at_rest(record: Record, loss: Loss) -> bool:
    """Whether the loss stayed where a guess, a coin or the targets' mean would have come to.

    From its start on, or from above, as weights that are drawn loud or dropout have it.
    """
    heads = record.circumstances.heads
    coin = any("binary" in name for head in heads for name in head.chain[:1])
    means = [head.target_std * head.target_std for head in heads if head.chain[:1] == ("mse_loss",)]
    return any(
        NO_BETTER * guess <= loss.end <= guess / NO_BETTER
        and (stuck(loss) or loss.lowest >= UNDER * guess)
        for guess in (
            guess_of(record),
            guess_of_parts(record, loss),
            *means,
            *([COIN] if coin else []),
        )
    )


def dead_units(site: SiteRecord) -> BoolArray:
    """Units that are dead beyond chance, shape (U,).

    A living unit that fires rarely can be silent throughout the closing window. So a unit counts
    as dead only if its silence would be improbable (under 1 %) had it gone on firing as often as it
    did up to its last firing: exp(-expected firings) < 0.01, that is at least five expected (after
    the "rule of three", Hanley and Lippman-Hand 1983, which stops at 5 %).
    """
    unit = site.unit
    if not unit.active_recent.size or unit.seen_recent <= 0:
        return np.zeros(site.units, dtype=np.bool_)
    dead = unit.dead
    steps = site.series.step
    if not steps.size or unit.active.size != dead.size or unit.last_active_step.size != dead.size:
        return dead
    lived = np.searchsorted(steps, unit.last_active_step, side="right") / steps.size
    rate = unit.active / np.maximum(unit.seen * lived, 1.0)
    expected = rate * unit.seen * (1.0 - lived)
    never = unit.active == 0
    long_enough = np.where(never, unit.seen >= 5, expected >= 5.0)
    return dead & long_enough


@dataclass(frozen=True)
class Deaths:
    """When a group of units fell silent for good.

    Attributes:
        onset: Step by which a tenth of them had. ``middle``: half of them. ``end``: nine tenths.
    """

    onset: int
    middle: int
    end: int


def deaths_of(site: SiteRecord, units: BoolArray) -> Deaths:
    """When the chosen units fell silent: the first step without any positive output."""
    steps = np.sort(site.unit.last_active_step[units]) + 1
    low, middle, high = np.quantile(steps, (0.1, 0.5, 0.9), method="lower")
    return Deaths(int(low), int(middle), int(high))


def update_before(record: Record, layer: str, low: float, high: float) -> float:
    """Largest update ratio of a layer, or of all parameters, in a span of steps; NaN if unknown.

    The update ratio is the norm of a step's change over the norm of what it changed.
    """
    values = [between(record.training.step, record.training.update_ratio, low, high)]
    values += [
        between(item.step, item.update_ratio, low, high)
        for item in record.layers
        if item.layer == layer
    ]
    seen = largest(np.concatenate(values))
    return seen if seen > 0 else largest(np.array([seen, _jump(record, layer, low, high)]))


def _jump(record: Record, layer: str, low: float, high: float) -> float:
    """What a norm changed by at least, over what it was: of weights that no optimiser steps."""
    jumps = []
    for item in record.layers:
        norms, steps = item.weight_norm, item.step
        if (layer and item.layer != layer) or norms.size != steps.size or norms.size < 2:
            continue
        near = (steps[1:] > low) & (steps[:-1] <= high) & (norms[:-1] > 0)
        near &= np.isfinite(norms[1:]) & np.isfinite(norms[:-1])
        before, after = norms[:-1][near], norms[1:][near]
        jumps.append(largest(np.abs(after - before) / before))
    return largest(np.array(jumps))


def matrices(record: Record) -> list[LayerRecord]:
    """Layers that are trained and multiply what enters: neither tables nor normalisations."""
    return [
        item
        for item in record.layers
        if item.trainable and "mbedding" not in item.kind and "Norm" not in item.kind
    ]


def opening_gradient(layer: LayerRecord) -> float:
    """Root mean square of a layer's gradient at the first twenty observed steps; NaN if unknown."""
    return median(layer.gradient_rms[:OPENING])


def withered(record: Record) -> float | None:
    """What is left of the weights' norms, of the layer that kept most; None where over a tenth is.

    A decay that pulls harder than the gradient takes all weights down to nothing; the steps are
    large then only against what is left. Tables, of which few rows are met, and scales of
    normalisations, which have a gradient whatever stands behind them, are left out.
    """
    shares = []
    for item in matrices(record):
        norms = finite(item.weight_norm)
        if norms.size >= 3 and norms[0] > 0:
            shares.append(float(norms[-1] / norms[0]))
    return max(shares) if shares and max(shares) <= 0.1 else None


def learning_rate_at(record: Record, step: float) -> float:
    """Learning rate at the last observed step up to ``step``; else the first; NaN if unknown."""
    training = record.training
    known = np.isfinite(training.learning_rate)
    if not known.any():
        return math.nan
    rates, steps = training.learning_rate[known], training.step[known]
    place = int(np.searchsorted(steps, step, side="right")) - 1
    return float(rates[max(place, 0)])


def opening_update(record: Record, until: float) -> float:
    """Typical update ratio of the opening: the first step's or the median of the first ten.

    The larger of both: Adam's first step is its largest, momentum's grow.
    """
    training = record.training
    early = between(training.step, training.update_ratio, -math.inf, until)
    if not early.size:
        early = finite(training.update_ratio)
    if not early.size:
        return math.nan
    return float(max(early[0], np.median(early[:10]), 1e-12))


def new_phase(record: Record, step: int) -> bool:
    """Whether another training began about then: an optimiser was made, for other data or parts."""
    starts = [item.step for item in record.circumstances.optimizers if item.step > 0]
    return any(abs(step - start) <= 15 for start in starts)


def one_digit(value: float) -> float:
    """Rounded to one significant digit: a setting that a person would type."""
    if value <= 0 or not math.isfinite(value):
        return value
    place = -math.floor(math.log10(value))
    return round(value, place)
