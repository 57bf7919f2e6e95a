"""``vanishing_gradient``: the gradient dies out on its way back. A rule: pure, framework-free."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from rectifier import analysis
from rectifier.doctor import evidence, rounds, signal
from rectifier.doctor.decaying import decaying, withering
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.flattened import FAR, flattened
from rectifier.doctor.outputs import is_output
from rectifier.doctor.rates import lower
from rectifier.doctor.rounds import LOST
from rectifier.doctor.rule import Rule
from rectifier.doctor.starving import starving
from rectifier.doctor.steeper import steeper
from rectifier.doctor.wording import number, percent, place
from rectifier.errors import UnknownNameError
from rectifier.watch.record import LayerRecord, Record, SiteRecord

STILL = 1e-5
"""Update ratio of a layer that does not learn: a hundredth of the usual 1e-3."""

SLOW = 1e-4
"""Update ratio of a first layer that hardly learns: a tenth of the usual 1e-3."""

GUESSING = 0.8
"""Cross-entropy over the log of the number of classes, above which a classifier still guesses."""

HALF = 0.5
"""Share of the first loss left at the end, up to which a decay did no harm."""

ENOUGH = 10
"""Observed values of a series that tell its level."""

FAINT = 10.0
"""Times that the gradient shrinks at each layer, in the mean, from which the weights add to it: of
functions in between a sigmoid takes most, and passes a quarter where it is steepest."""


def _unsaturating(site: SiteRecord) -> bool:
    """Whether the function's range is unbounded above, so that it need not saturate there."""
    try:
        _, high = analysis.output_range(site.function)
    except UnknownNameError:
        return True
    return math.isinf(high)


def _why(trend: signal.Trend, shrinks: bool) -> str:
    site = trend.sites[0]
    if not all(_unsaturating(item) for item in trend.sites):
        saturated = evidence.median(site.series.saturated)
        if saturated >= 0.5:
            return f"{percent(saturated)} of the inputs of {site.function} are saturated"
        return f"{site.function} passes on less than it receives, at every layer again"
    if shrinks:
        return "the weights start so small that the signal shrinks at every layer"
    return "the layers pass back less than they receive"


def _remedies(trend: signal.Trend, record: Record) -> tuple[Remedy, ...]:
    hidden = [site for site in trend.sites if not is_output(record, site)] or trend.sites
    where = {
        "sites": [site.site for site in hidden],
        "layers": [site.layer for site in hidden],
    }
    start = Remedy(
        "reinitialize",
        "Weights scaled by the gain of the activation keep the gradient's size through depth.",
        {"scheme": "he_normal"},
    )
    normalise = Remedy(
        "insert_normalization",
        "Normalised pre-activations keep every layer where its derivative is large.",
        scope=where,
    )
    if all(_unsaturating(site) for site in trend.sites):
        return (start, normalise)
    function = next(site.function for site in trend.sites if not _unsaturating(site))
    return (normalise, steeper(record, function, where, len(hidden)), start)


def check(record: Record) -> Sequence[Finding]:
    """A gradient that shrinks a thousandfold between the last and the first activation.

    Initialisation keeps the gradient's variance level through depth when it fits the activation;
    without that, its root mean square changes by a constant factor each layer. A ratio below 1e-3
    must hold at the start and over the whole run, and it must show: the first layer hardly moves
    (update ratio under a hundredth of the usual 1e-3, or under a tenth of it and a hundredth of
    what another layer does, and half of the first loss was left), else nothing is said, since
    optimisers that normalise (Adam) make up for it. ``error`` where the loss, too, stayed near its
    start, or, a cross-entropy, ended above four fifths of what guessing gives, the log of the
    number of classes: Adam moves such first layers, but by the noise of what is left of the
    gradient. ``warning`` where, through functions that saturate, it was so for a third of the run
    and a mean squared error ended above half of the targets' variance, or a cross-entropy above
    half of a guess's, for the same reason. A signal that shrinks as much on its way forward
    counts likewise, and so does a gradient of which every layer leaves a tenth, all of them of
    functions that level off, where the loss stayed at what the targets' mean or a guess costs.
    Where the loss stayed near its start, so do a first layer that moves under 1e-4 of its
    weights a step and a hundredth of what the last one does, and recurrent weights that leave a
    fifth or less a round, or a thousandth in all: where the weights move all the same, or every
    round goes through a sigmoid. So do three or more functions that pass a quarter at most, if
    they are all there are and leave that little (`rectifier.doctor.flattened`). So does half of
    the layers with a hundred thousandth of the gradient of the one that gets most. Under a
    minimax loss (minus a cross-entropy, the log of one minus a sigmoid) so does a gradient of
    which a thousandth is left and that moves the weights by under 1e-4 a step. Where shorter
    ways lead around the deepest layers (a U-Net's), these count in place of the first, if they
    move a hundredth of what the last one does. Where half of the first loss was left, so does a
    decay that left under a tenth of every layer's weights, or that outweighs the gradient from
    the start (`rectifier.doctor.decaying`).

    Source:
        Glorot and Bengio 2010, sections 4.2.1 and 5; He et al. 2015, section 2.2 (factor per
        layer); Hochreiter 1991 (through time); Goodfellow et al. 2014, section 3 (minimax).
        Update ratio 1e-3: Karpathy, CS231n notes.
    """
    loss = evidence.loss_of(record)
    stuck = loss.known and loss.start > 0 and not loss.end < 0.9 * loss.start
    guesses = (evidence.guess_of(record), evidence.guess_of_parts(record, loss))
    guessing = any(loss.known and GUESSING * guess <= loss.end < math.inf for guess in guesses)
    findings = []
    later = {trend.sites: trend for trend in signal.backward(record, None)}
    spread = {trend.sites: trend for trend in signal.forward(record, evidence.OPENING)}
    for trend in signal.backward(record, evidence.OPENING):
        over_all = later.get(trend.sites, trend)
        ahead = spread.get(trend.sites)
        shrinks = ahead is not None and ahead.ratio <= LOST
        fades = trend.ratio >= 1 / LOST and over_all.ratio >= 1 / LOST
        by_noise = _unexplained(record, loss) and _third_through(record, trend)
        at_rest = stuck and (guessing or evidence.at_the_mean(record, loss))
        each = min(trend.factor, over_all.factor) >= FAINT
        pales = at_rest and each and not any(map(_unsaturating, trend.sites))
        if not (fades or shrinks or by_noise or pales):
            continue
        first = trend.sites[0]
        moved = signal.update_of(record, first.layer)
        halved = not loss.start > 0 or loss.end < HALF * loss.start
        slow = fades and not halved and moved <= SLOW and _fastest(record, first) >= FAR * moved
        if not (stuck or guessing or moved <= STILL or slow or by_noise):
            continue
        severity: Severity = "error" if stuck or guessing else "warning"
        forward = shrinks and not (fades or by_noise or pales)
        findings.append(_finding(record, trend, ahead, moved, severity, forward))
    if not findings:
        inner = _inside(record, later, "error" if stuck or guessing else "warning")
        findings += [inner] if inner is not None else []
    pulled = None
    if loss.start > 0 and not loss.end < HALF * loss.start:
        withered = withering(record, "error" if stuck else "warning")
        pulled = withered or decaying(record, "error" if stuck else "warning")
        findings = [withered] if withered is not None else findings
    if pulled is not None and not findings:
        findings = [pulled]
    if stuck and not findings:
        slowed = (
            _unequal(record)
            or rounds.forgets(record)
            or rounds.through_sigmoids(record)
            or starving(record)
            or flattened(record, loss)
        )
        findings += [slowed] if slowed is not None else []
    sure = _sure_critic(record)
    return (*findings, *((sure,) if sure is not None else ()))


def _unexplained(record: Record, loss: evidence.Loss) -> bool:
    """Whether a mean squared error ended above half of the targets' variance, or a cross-entropy
    above half of a guess's.

    That is to a regression what guessing is to a classifier, as the targets' mean costs all of it.
    """
    guesses = (evidence.guess_of(record), evidence.guess_of_parts(record, loss))
    return any(HALF * guess <= loss.end < math.inf for guess in guesses) or any(
        head.chain[:1] == ("mse_loss",)
        and HALF * (variance := head.target_std * head.target_std) <= loss.end
        and loss.end <= variance / GUESSING
        for head in record.circumstances.heads
    )


def _third_through(record: Record, trend: signal.Trend) -> bool:
    """Whether the gradient was gone for a third of the run, through hidden functions that saturate.

    What bounds the output, as a soft cap of logits does, stands in no layer's way.
    """
    rows = max((site.series.step.size for site in record.sites), default=0) // 3
    held = {t.sites: t for t in signal.backward(record, max(rows, evidence.OPENING))}
    later = held.get(trend.sites, trend)
    hidden = [site for site in trend.sites if not is_output(record, site)]
    return min(trend.ratio, later.ratio) >= 1 / LOST and not all(map(_unsaturating, hidden))


def _fastest(record: Record, site: SiteRecord) -> float:
    """The update ratio of that layer of a site's model which moves most."""
    moved = [evidence.median(i.update_ratio) for i in record.layers if i.model == site.model]
    return max(filter(math.isfinite, moved), default=math.nan)


def _inside(
    record: Record, later: Mapping[tuple[SiteRecord, ...], signal.Trend], severity: Severity
) -> Finding | None:
    """Layers in the middle that get no gradient, where others are reached by a shorter way."""
    for trend in signal.backward(record, evidence.OPENING):
        over_all = later.get(trend.sites, trend).values
        least = int(trend.values.argmin())
        sites = trend.sites[least:]
        if not least or len(sites) < signal.SHORTEST or not trend.values[least] > 0:
            continue
        if not min(trend.values[-1] / trend.values[least], over_all[-1] / over_all[least]) >= (
            1 / LOST
        ):
            continue
        moved = signal.update_of(record, sites[0].layer)
        if moved <= STILL and signal.update_of(record, sites[-1].layer) >= FAR * moved:
            found = _finding(
                record, signal.Trend(sites, trend.values[least:]), None, moved, severity, False
            )
            return dataclasses.replace(found, remedies=_remedies(trend, record))
    return None


def _minimax(chain: tuple[str, ...]) -> bool:
    """Whether a loss is the logarithm of what a critic denies, which is flat where it is sure.

    Written as minus its cross-entropy, or as the mean of log(1 - D).
    """
    plain = [name.rstrip("*") for name in chain]
    entropy = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
    denied = ["mean", "log", "rsub", "sigmoid"]
    return (plain[:1] == ["neg"] and len(plain) > 1 and plain[1] in entropy) or (
        plain[:4] == denied
    )


def _sure_critic(record: Record) -> Finding | None:
    """A generator under a minimax loss whose gradient is gone, since its critic is sure.

    The gradient of log(1 - D(G(z))) is D times that of the critic's logit, nothing where D is near
    zero (Goodfellow et al. 2014, section 3); Adam's steps follow it down to its epsilon.
    """
    heads = [h for h in record.circumstances.heads if _minimax(h.chain)]
    if not heads or len(record.circumstances.optimizers) < 2:
        return None
    for model in dict.fromkeys(site.model for site in record.sites):
        sites = [site for site in record.sites if site.model == model]
        last = max(sites, key=lambda site: site.order)
        values = evidence.finite(last.series.gradient_rms)
        if values.size < 2 * ENOUGH or not values[0] > 0:
            continue
        left = float(np.median(evidence.closing(values)) / values[:ENOUGH].max())
        moved = [
            evidence.median(evidence.closing(item.update_ratio))
            for item in record.layers
            if item.model == model
        ]
        if left > LOST or not moved or not max(moved) <= SLOW:
            continue
        return _starved(record, last, left, max(moved))
    return None


def _starved(record: Record, last: SiteRecord, left: float, moved: float) -> Finding:
    slower = lower(record, 0, "A critic that learns slower leaves the generator a slope.")
    return Finding(
        rule="vanishing_gradient",
        severity="error",
        cause=(
            f"Of the gradient that reaches {place(last)} {left:.1e} is left: the loss is the "
            "logarithm of what the critic denies, flat where the critic is sure; minus the "
            f"logarithm of what it grants is steep there. A step moves the weights by {moved:.1e} "
            "of their norm."
        ),
        layer=last.layer,
        site=last.site,
        source=last.source,
        first_step=int(last.series.step[0]) if last.series.step.size else 0,
        evidence={"gradient_left": left, "update_ratio": moved},
        remedies=(slower,) if slower else (),
    )


def _unequal(record: Record) -> Finding | None:
    """A first layer that moves a hundredth as fast as the last, less and less the further down.

    Update ratios compare between layers of any kind, where gradients do not.
    """
    by_model: dict[str, list[LayerRecord]] = {}
    for layer in sorted(record.layers, key=lambda item: item.order):
        if layer.trainable and layer.in_optimizer and "mbedding" not in layer.kind:
            by_model.setdefault(layer.model, []).append(layer)
    for model, layers in by_model.items():
        moved = np.array([evidence.median(layer.update_ratio) for layer in layers])
        sites = [site for site in record.sites if site.model == model]
        if len(sites) < signal.SHORTEST or len(layers) <= signal.SHORTEST:
            continue
        if not (np.all(moved > 0) and moved[0] <= SLOW and moved[-1] >= FAR * moved[0]):
            continue
        if moved[-1] < 10 * SLOW:  # nothing moves as it should: the rate's doing
            continue
        if np.mean(np.diff(moved) > 0) < 0.7:
            continue
        chain = tuple(sorted(sites, key=lambda site: site.order))
        values = np.array(
            [evidence.median(s.series.gradient_rms[: evidence.OPENING]) for s in chain]
        )
        if np.all(values > 0) and values[-1] > 10 * values[0]:
            trend = signal.Trend(chain, values)
            return _finding(record, trend, None, float(moved[0]), "error", False)
    return None


def _finding(
    record: Record,
    trend: signal.Trend,
    ahead: signal.Trend | None,
    moved: float,
    severity: Severity,
    forward: bool,
) -> Finding:
    first, count = trend.sites[0], len(trend.sites)
    if forward and ahead is not None:
        what = f"the signal shrinks {number(1 / ahead.ratio)}-fold through {count} activations"
        what += f" ({number(ahead.factor)} a layer), and the gradient with it"
    else:
        what = f"the gradient shrinks {number(trend.ratio)}-fold on its way back through {count} "
        what += f"activations ({number(1 / trend.factor)} a layer)"
    still = "" if math.isnan(moved) else f"; a step moves its weights by {moved:.1e} of their norm"
    if moved < 1e-9:
        still = "; its weights do not move"
    cause = (
        f"Down to {place(first)} {what}: {_why(trend, ahead is not None and ahead.factor < 0.8)}"
    )
    numbers = {
        "gradient_ratio": 1 / trend.ratio,
        "factor_per_layer": 1 / trend.factor,
        "depth": float(count),
        "update_ratio": moved,
        "signal_ratio": ahead.ratio if ahead is not None else math.nan,
        "saturated": evidence.median(first.series.saturated),
    }
    return Finding(
        rule="vanishing_gradient",
        severity=severity,
        cause=f"{cause}{still}.",
        layer=first.layer,
        site=first.site,
        source=first.source,
        first_step=int(first.series.step[0]) if first.series.step.size else 0,
        evidence={name: value for name, value in numbers.items() if not math.isnan(value)},
        remedies=_remedies(trend, record),
    )


RULE = Rule(
    id="vanishing_gradient",
    check=check,
    summary="The gradient dies out on its way back, so that the first layers do not learn.",
    source="Glorot and Bengio 2010; He et al. 2015, section 2.2",
    explains=("learning_rate_too_low", "dormant_units"),
)
