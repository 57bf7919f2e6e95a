"""Whether and where the steps of a run overshot. Framework-free, pure.

Layer: doctor; readings of the rule ``learning_rate_too_high``, which says what is a fault, and of
others whose harm large steps do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.collapse import collapsed
from rectifier.doctor.deadness import can_die
from rectifier.doctor.outputs import is_deaf
from rectifier.doctor.rates import ADAPTIVE, ADAPTIVE_RATE, LARGE_UPDATE, USUAL_UPDATE
from rectifier.watch.record import Record, SiteRecord

VIOLENT = 1.0
"""A step as large as the weights: what was learnt, or drawn, is replaced."""

OVERSHOOT = 1.25
"""Loss over its start from which a rise is no batch noise."""

RESTLESS = 30.0
"""A decade and a half above what is usual, in rate and in update ratio."""

SWOLLEN = 5.0
"""Growth of weight norms, their median over the layers, that no sound training needs: trained
weights are about twice as long as those they were drawn as."""

LEARNT = 0.2
"""Share of the first loss left at the end, from which a rise on the way did no harm that lasted."""

LOST = 0.25
"""Share of a layer's units that died of the steps, from which the layer is harmed."""

CLIMBED = 10.0
"""Rate at the end over the one that the optimiser was made with, from which a schedule that never
came down has left it behind: tuning looks for rates by decades."""


@dataclass(frozen=True)
class Overshoot:
    """The moment at which the steps became too large.

    Attributes:
        step: When. ``learning_rate``: then. ``update``: largest update ratio of that time.
        harmed: Whether the run came to nothing. ``broke``: the loss became non-finite.
        restless: Whether all steps were large, whether the loss rose or not.
        layers: Through how many layers in a row small changes added up; 0: one change was large.
        climbed: The rate that a schedule has left behind; 0: none.
    """

    step: int
    learning_rate: float
    update: float
    harmed: bool
    broke: bool
    loss: evidence.Loss
    restless: bool = False
    layers: int = 0
    climbed: float = 0.0


def overshoot(record: Record) -> Overshoot | None:
    """Find where the steps overshot, if they did.

    Both must hold, as either alone is found in healthy runs: the loss rose clearly above where an
    untrained network stands (adversarial and reinforcement losses rise too, though with small
    steps), and just before it some step changed the weights by a tenth or more (Adam's first steps
    do, though without harm). A loss that breaks (NaN, infinity) after such a step counts as a rise.

    Source:
        Steps beyond 2/curvature raise the loss (LeCun, Bottou, Orr and Müller, "Efficient
        BackProp", 1998, section 4.7). Rises from which training recovers below the start are
        the "catapult" of Lewkowycz et al. 2020 and no harm. The usual ratio of update to weight is
        1e-3 (Karpathy, CS231n notes, "Ratio of weights:updates"); 1e-1 is two decades above it.
    """
    loss = evidence.loss_of(record)
    training = record.training
    if not training.step.size or record.optimizer == "LBFGS":
        return None
    if evidence.broke_falling(record, loss):
        return None
    rise = _rise_step(record, loss)
    if rise is None:
        return _no_progress(record, loss) or _restless(record, loss) or _climbing(record, loss)
    end = max(loss.peak_step, rise)
    low = min(rise - 10, _violent_before(record, rise))
    update = evidence.update_before(record, "", low, end)
    exploded = bool(np.isinf(training.update_ratio).any())
    if not (update >= LARGE_UPDATE or exploded):
        return _grown(record, loss) or _blind(record, loss) or _climbing(record, loss)
    harmed = not loss.end < 0.9 * loss.start or loss.end >= 0.9 * evidence.guess_of(record)
    step = _first_large(record, low, end, rise)
    rate = evidence.learning_rate_at(record, step)
    restless = not harmed and _restless(record, loss, rose=True) is not None
    return Overshoot(step, rate, update, harmed, loss.broke_step is not None, loss, restless)


def _rise_step(record: Record, loss: evidence.Loss) -> int | None:
    """First step at which the loss stood clearly above its start, or broke."""
    if math.isfinite(loss.start) and loss.start > 0:
        steps, values = evidence.losses_of(record)
        risen = values > OVERSHOOT * loss.start
        risen[0] = False
        if risen.any():
            return int(steps[int(risen.argmax())])
    return loss.broke_step


def _violent_before(record: Record, rise: int) -> float:
    """The step last observed before the loss rose, if it replaced the weights; else infinity.

    Of a long run not every step is kept: what lies between is not known, and that step tells.
    """
    training = record.training
    place = int(np.searchsorted(training.step, rise)) - 1
    replaced = place >= 0 and training.update_ratio[place] >= VIOLENT
    return float(training.step[place]) if replaced else math.inf


def _no_progress(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """Weights that are replaced every ten steps, to no avail, without a clear rise.

    All run long, or until they had become so large that the same steps look small: a normalisation
    behind them lets them grow without a rise.
    """
    update = evidence.median(record.training.update_ratio)
    if not evidence.stuck(loss) or record.observed_steps < 20:
        return None
    if not update >= LARGE_UPDATE and _swollen(record):
        update = evidence.opening_update(record, 0)
    if not update >= LARGE_UPDATE:
        return None
    if evidence.withered(record) is not None:
        return None
    rate = evidence.learning_rate_at(record, 0)
    return Overshoot(int(record.training.step[0]), rate, update, True, False, loss)


def _grown(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """A late rise, to no avail, on weights that large steps made so large that steps look small."""
    updates = record.training.update_ratio
    large = updates >= LARGE_UPDATE
    if not large.sum() >= max(20, 0.2 * evidence.finite(updates).size):
        return None
    if not (loss.known and loss.end >= 0.9 * loss.start) or evidence.withered(record) is not None:
        return None
    step = int(record.training.step[int(large.argmax())])
    rate, most = evidence.learning_rate_at(record, step), evidence.largest(updates)
    return Overshoot(step, rate, most, True, False, loss)


def _restless(record: Record, loss: evidence.Loss, *, rose: bool = False) -> Overshoot | None:
    """Adaptive steps that are thirty times the usual in rate and in size, and a middling end.

    With such optimisers a rate that is too high need not make the loss rise: clipping and the bound
    on each element's step keep it where the steps' own noise lets it fall no further. Where it
    rose, steps count over the weights as they were drawn, too. Nor does its fall clear them where a
    hidden layer lets no gradient through any more.
    """
    training = record.training
    rate, update = evidence.largest(training.learning_rate), _of_matrices(record)
    if record.optimizer not in ADAPTIVE or not rate >= RESTLESS * ADAPTIVE_RATE:
        return None
    if rose:
        update = max(update, _against_drawn(record))
    large = update >= RESTLESS * USUAL_UPDATE or _swollen(record)
    if not large or record.observed_steps < 20:
        return None
    peak = evidence.largest(training.update_ratio)
    if not (peak >= LARGE_UPDATE and loss.known and loss.start > 0):
        return None
    if loss.reached(LEARNT) and not is_deaf(record):
        return None
    start, end = int(training.step[0]), int(training.step[-1])
    step = _first_large(record, start, end, start)
    rate = evidence.learning_rate_at(record, step)
    return Overshoot(step, rate, peak, False, False, loss, restless=True)


def _climbing(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """A schedule that raises the rate from first to last, far beyond what the optimiser was made
    with: a warm-up that nothing ends, in a training that came to little.
    """
    training = record.training
    rates = evidence.finite(training.learning_rate)
    made = [item.rate for item in record.circumstances.optimizers if item.steps]
    if rates.size < 20 or len(made) != 1 or not made[0] > 0:
        return None
    if not (np.all(np.diff(rates) >= 0) and rates[-1] >= CLIMBED * made[0]):
        return None
    if not loss.known or not loss.start > 0 or loss.reached(LEARNT):
        return None
    past = np.flatnonzero(training.learning_rate > made[0])
    step = int(training.step[past[0]])
    peak = evidence.largest(training.update_ratio)
    harmed = evidence.stuck(loss)
    return Overshoot(step, float(rates[-1]), peak, harmed, False, loss, climbed=made[0])


def _blind(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """Changes that are small in each of many layers and large in all, and a gradient gone since."""
    found = collapsed(record) if evidence.stuck(loss) else None
    if found is None:
        return None
    start = int(record.training.step[0])
    update, rate = evidence.opening_update(record, start), evidence.learning_rate_at(record, start)
    return Overshoot(start, rate, update, True, False, loss, layers=found[0])


def _swollen(record: Record) -> bool:
    """Whether large steps made the weights so large that they look small beside them."""
    grown = []
    for item in record.layers:
        norms = evidence.finite(item.weight_norm)
        matrices = "mbedding" not in item.kind and "Norm" not in item.kind
        if matrices and norms.size >= 3 and norms[0] > 0:
            grown.append(float(norms[-1] / norms[0]))
    return bool(grown) and evidence.median(np.array(grown)) >= SWOLLEN


def _against_drawn(record: Record) -> float:
    """Median over the matrices of their median step over their norm as drawn; NaN if unknown.

    Steps that are too large make weights grow, and look small beside what they have made.
    """
    sizes = []
    for item in evidence.matrices(record):
        norms = evidence.finite(item.weight_norm)
        if norms.size and norms[0] > 0:
            grown = evidence.median(norms) / float(norms[0])
            sizes.append(evidence.median(item.update_ratio) * grown)
    return evidence.median(np.array(sizes))


def _of_matrices(record: Record) -> float:
    """Median over layers of their median update ratio; NaN if unknown.

    Tables of embeddings, of which a step moves a few rows, and which start small, are left out.
    """
    layers = [item for item in record.layers if "mbedding" not in item.kind]
    return evidence.median(np.array([evidence.median(item.update_ratio) for item in layers]))


def _first_large(record: Record, low: float, high: float, default: int) -> int:
    training = record.training
    large = (training.step >= low) & (training.step <= high)
    large &= training.update_ratio >= LARGE_UPDATE
    return int(training.step[int(large.argmax())]) if large.any() else default


def gradient_burst(record: Record) -> int | None:
    """Step at which the gradient became a hundred times its usual self, out of calm, or None.

    A learning rate that is too high shows from the start or from where it was raised; a burst out
    of twenty calm steps (updates below a twentieth of the weights) of a training that had got
    somewhere is the gradient's doing.

    Source:
        Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
        section 2.3: walls of the error surface, met in the midst of training.
    """
    training = record.training
    norms = training.gradient_norm
    for i in range(20, norms.size):
        before = evidence.median(norms[max(0, i - 200) : i])
        if not before > 0 or not (norms[i] >= 100 * before or np.isinf(norms[i])):
            continue
        calm = not evidence.median(training.update_ratio[max(0, i - 20) : i]) >= 0.05
        loss = evidence.loss_of(record).start
        near = evidence.between(
            training.step, training.loss, training.step[i] - 20, training.step[i] - 1
        )
        if loss > 0 and not evidence.median(near) < 0.95 * loss:
            return None
        steady = not training.learning_rate[i] > 2 * training.learning_rate[i - 10]
        return int(training.step[i]) if calm and steady else None
    return None


@dataclass(frozen=True)
class Killed:
    """The layer that lost most units since the steps became too large."""

    site: SiteRecord
    share: float


def killed(record: Record, since: int) -> Killed | None:
    """Find it; None where no layer lost a quarter of its units."""
    worst: Killed | None = None
    for site in record.sites:
        if not can_die(site):
            continue
        dead = evidence.dead_units(site) & (site.unit.active > 0)
        if dead.mean() < LOST or evidence.deaths_of(site, dead).middle < since:
            continue
        if worst is None or dead.mean() > worst.share:
            worst = Killed(site, float(dead.mean()))
    return worst
