"""``unnormalized_input``: features of very different, or very large, scale. A rule: pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.overshooting import LEARNT
from rectifier.doctor.periods import SINES
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Feed

LARGE = 30.0
"""Root mean square of a feature: 30 times what initialisations are made for, 900 in curvature."""

FAINT = 1 / LARGE
"""Root mean square of the largest feature, below which all are lost beside biases of scale one."""

COORDINATE, TURNING = 10.0, 100.0
"""The same of what enters a layer of sines, which start from coordinates within one and a factor of
thirty of their own (Sitzmann et al. 2020): ten, where the sines' input spreads over a hundred, some
thirty periods. Seven is what they are made for."""

UNEVEN = 100.0
"""Largest over median root mean square of the features: 10,000 in curvature."""

LOST = 0.25
"""Share of the first layer's units that are dead, from which data off centre did harm."""

OFFSET = 4.5
"""Distance of the data's mean from nought over their spread, all features together, from which as
many units are born so: a random unit's mean is normal, of that many of its own spreads, and below
minus three of them, for one datum in a thousand to reach it, with a chance of a quarter."""

SOUND = 10.0
"""Spread of the first pre-activations up to which something made up for the scale."""

OUTLYING = 5.0
"""Standard deviation over that of the middle half: beyond it a few outliers make it up."""

CLIP = 5.0
"""Where outliers are cut off, in standard deviations of the rest."""

ROWS = 16
"""Rows of data that must have been seen."""


def _scales(feed: Feed) -> np.ndarray:
    """Root mean square of each feature: what its weights are multiplied with."""
    return np.sqrt(feed.mean**2 + feed.std**2)


def _first_spread(record: Record, feed: Feed) -> float:
    """Size of the pre-activations of the layer that the feed enters, at the first steps."""
    for site in record.sites:
        if site.layer == feed.layer:
            spread = evidence.median(site.series.input_std[:3])
            mean = evidence.median(site.series.input_mean[:3])
            return math.hypot(spread, mean) if math.isfinite(mean) else spread
    return math.nan


def _turning(record: Record, feed: Feed, top: float) -> bool:
    """Whether coordinates too large run sines through so many periods that each value is alone."""
    sines = [s for s in record.sites if s.layer == feed.layer and s.function in SINES]
    return bool(sines) and top >= COORDINATE and _first_spread(record, feed) >= TURNING


def _off_centre(record: Record, feed: Feed) -> tuple[float, float]:
    """How far the data lie from nought over their spread, and which share of the layer is dead.

    Noughts where it did no harm.
    """
    known = np.isfinite(feed.mean) & np.isfinite(feed.std)
    spread = float(np.linalg.norm(feed.std[known]))
    distance = float(np.linalg.norm(feed.mean[known]))
    offset = distance / spread if spread > 0 else 0.0
    dead = [evidence.dead_units(s).mean() for s in record.sites if s.layer == feed.layer]
    lost = float(max(dead, default=0.0))
    return (offset, lost) if offset >= OFFSET and lost >= LOST else (0.0, 0.0)


def _normalised_after(record: Record, feed: Feed) -> bool:
    """Whether a normalisation follows the layer: the first site is fed by one, in sound measure."""
    first = min(record.sites, key=lambda site: site.order, default=None)
    if first is None or first.layer == feed.layer or "Norm" not in first.layer_kind:
        return False
    return bool(evidence.median(first.series.input_std[:3]) <= SOUND)


def _is_first(record: Record, feed: Feed) -> bool:
    """Whether the feed is data, not what a frozen or detached part of the network gave."""
    places = {layer.layer: layer.order for layer in record.layers}
    models = {layer.layer: layer.model for layer in record.layers}
    own = places.get(feed.layer)
    if own is None:
        return True
    model = models[feed.layer]
    return all(
        order >= own for name, order in places.items() if models[name] == model and name != ""
    )


def check(record: Record) -> Sequence[Finding]:
    """The second moments of what enters the first layer, feature by feature.

    The curvature of the loss along a first-layer weight is proportional to the second moment of the
    feature it multiplies, so features that differ tenfold in scale need rates that differ a
    hundredfold, and initialisations (He, Glorot) assume a scale of one. A finding needs a feature
    of root mean square 30 or more (900 in curvature); before sines 10, where their input spreads
    over 100. It is ``error`` where the loss stayed near
    its start, broke, or a quarter of the first layer's units died; ``warning`` where the features
    are also uneven a hundredfold or the first pre-activations are ten times their usual size;
    ``info`` where a normalisation right behind the first layer makes up for it. Smaller ones whose
    mean lies 4.5 times as far from nought as they spread, all together, count where a quarter of
    the first layer's units are dead: their sign is that of the mean, not of the data (``info``
    where the others learnt: a fifth is left of what the targets' mean or a guess costs). Features
    that are all smaller than a thirtieth are an ``error`` where the loss stayed near its start.

    Source:
        LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp", section 4.3 (centre and scale the
        inputs; eigenvalues of the Hessian); He et al. 2015, section 2.2 (unit scale assumed).
    """
    loss = evidence.loss_of(record)
    findings = []
    for feed in record.circumstances.feeds:
        scales = _scales(feed)
        scales = scales[np.isfinite(scales)]
        if not scales.size or feed.seen < ROWS or not _is_first(record, feed):
            continue
        top = float(scales.max())
        middle = float(np.median(scales))
        uneven = top / middle if middle > 0 else math.inf
        if top < FAINT and middle > 0 and evidence.stuck(loss):
            findings.append(_faint(feed, top, _first_spread(record, feed)))
        turning = _turning(record, feed, top)
        offset, lost = _off_centre(record, feed)
        if top < LARGE and not turning:
            if offset > 0 and not _normalised_after(record, feed):
                findings.append(_shifted(record, feed, offset, lost))
            continue
        spread = _first_spread(record, feed)
        if _normalised_after(record, feed):
            severity: Severity = "info"
        else:
            dead = max((evidence.dead_units(s).mean() for s in record.sites), default=0.0)
            harmed = evidence.stuck(loss) or loss.broke_step is not None or dead >= 0.25
            loud = uneven >= UNEVEN or not spread <= SOUND
            severity = "error" if harmed else "warning" if loud else "info"
        worst = int(np.argmax(_scales(feed)))
        what = f"feature {worst}" if feed.kind == "linear" else f"channel {worst}"
        size = f"{what} of {scales.size} reaches from {number(float(feed.low[worst]))} to "
        size += number(float(feed.high[worst]))
        if scales.size > 1 and uneven >= 10:
            size += f", {number(uneven)} times the scale of the median one"
        findings.append(
            Finding(
                rule="unnormalized_input",
                severity=severity,
                cause=(
                    f"What enters {feed.layer!r} is not scaled: {size}; weights are drawn, and "
                    "learning rates chosen, for a scale of one."
                ),
                layer=feed.layer,
                first_step=0,
                evidence={
                    "largest_scale": top,
                    "median_scale": middle,
                    **({} if math.isnan(spread) else {"first_input_size": spread}),
                },
                remedies=scaled(feed, turning) if severity != "info" else (),
            )
        )
    return tuple(_together(findings)[:1])


def _together(findings: list[Finding]) -> list[Finding]:
    """The first, whose remedy does the same before all layers that are fed other features.

    An actor is fed the state and its critic the state and the action: to scale one is half a cure.
    """
    plans = [f.remedies[0] for f in findings if f.remedies]
    if len(plans) < 2 or not findings[0].remedies:
        return findings
    others = {plan.settings["features"]: plan for plan in plans[::-1]}
    others.pop(plans[0].settings["features"])
    layers = [name for plan in plans for name in plan.scope["layers"]]
    more = [{key: plan.settings[key] for key in ("mean", "std")} for plan in others.values()]
    plan = dataclasses.replace(
        plans[0],
        settings={**plans[0].settings, **({"others": more} if more else {})},
        scope={"layers": list(dict.fromkeys(layers))},
    )
    also = tuple(dict.fromkeys(f.layer for f in findings[1:] if f.layer != findings[0].layer))
    return [dataclasses.replace(findings[0], remedies=(plan,), also=also)]


def _learnt(record: Record, feed: Feed) -> bool:
    """Whether a fifth is left of what the targets' mean, or a guess, costs: the units did.

    What gives back its own input falls as far by learning where that lies, and tells nothing.
    """
    end = evidence.loss_of(record).end
    means = [
        head.target_std**2
        for head in record.circumstances.heads
        if head.chain[:1] == ("mse_loss",) and head.width != feed.mean.size
    ]
    return any(end <= LEARNT * cost for cost in (*means, evidence.guess_of(record)))


def _shifted(record: Record, feed: Feed, offset: float, lost: float) -> Finding:
    severity: Severity = "info" if _learnt(record, feed) else "warning"
    if evidence.stuck(evidence.loss_of(record)):
        severity = "error"
    return Finding(
        rule="unnormalized_input",
        severity=severity,
        cause=(
            f"What enters {feed.layer!r} is not centred: its mean lies {number(offset)} times as "
            f"far from nought as the data spread, so that whether a unit fires is the mean's doing "
            f"and not theirs; {percent(lost)} of the layer's units are dead."
        ),
        layer=feed.layer,
        first_step=0,
        evidence={"offset": offset, "dead": lost},
        remedies=scaled(feed) if severity != "info" else (),
    )


def _faint(feed: Feed, top: float, spread: float) -> Finding:
    size = f"{number(float(feed.low.min()))} to {number(float(feed.high.max()))}"
    return Finding(
        rule="unnormalized_input",
        severity="error",
        cause=(
            f"What enters {feed.layer!r} is not scaled: all of it lies from {size} (root mean "
            f"square {number(top)} at most), too little beside the biases to tell inputs apart; "
            "weights are drawn, and learning rates chosen, for a scale of one."
        ),
        layer=feed.layer,
        first_step=0,
        evidence={
            "largest_scale": top,
            **({} if math.isnan(spread) else {"first_input_size": spread}),
        },
        remedies=scaled(feed),
    )


def scaled(feed: Feed, turning: bool = False) -> tuple[Remedy, ...]:
    """What brings it to mean zero and spread one, or between -1 and 1 for sines."""
    mean, std, outliers = feed.mean, feed.std, False
    if turning:  # what sines are made for lies between -1 and 1
        mean, std = (feed.low + feed.high) / 2, (feed.high - feed.low) / 2
    elif feed.width.size == feed.std.size:
        off = (feed.width > 0) & (feed.std > OUTLYING * feed.width)
        outliers = bool(off.any())
        mean, std = np.where(off, feed.middle, mean), np.where(off, feed.width, std)
    # a feature that does not vary is centred and else left alone
    std = np.where(std > 1e-8 * np.maximum(np.abs(mean), 1e-30), std, 1.0)
    settings: dict[str, object] = {
        "features": int(feed.mean.size),
        "mean": [float(f"{v:.6g}") for v in mean],
        "std": [float(f"{v:.6g}") for v in std],
        "axis": 1 if feed.kind == "conv" else -1,
    }
    if outliers:
        settings["clip"] = CLIP
    return (
        Remedy(
            "normalize_input",
            "Features of mean zero and spread one suit the initialisation and one learning rate.",
            settings,
            {"layers": [feed.layer]},
        ),
    )


RULE = Rule(
    id="unnormalized_input",
    check=check,
    summary="Input features of very large or very different scale.",
    source="LeCun et al. 1998, section 4.3; He et al. 2015",
    explains=(
        "dying_relu",
        "born_dead",
        "dormant_units",
        "saturated_activation",
        "exploding_gradient",
        "vanishing_gradient",
        "learning_rate_too_high",
        "learning_rate_too_low",
        "poor_initialization",
        "non_finite",
    ),
)
