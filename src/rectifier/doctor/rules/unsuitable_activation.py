"""``unsuitable_activation``: a hidden activation that cannot do what is asked. A rule: pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.outputs import is_output
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import listing, number, percent
from rectifier.watch.record import Record, SiteRecord
from rectifier.watch.record.circumstances import Feed

EXPONENTIALS = ("exp", "expm1", "exponential")
"""What a module that takes one is called; the function alone is no activation to the front end."""

COORDINATES = 3
"""Inputs at most of a network that maps coordinates to a signal."""

UNEXPLAINED = 0.2
"""Share of the first loss left at the end, from which a fit of coordinates is poor."""

_PIECEWISE_LINEAR = frozenset({
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "hardtanh", "threshold", "clamp", "clamp_min",
    "maximum", "where",
})  # fmt: skip


def _piecewise_linear(site: SiteRecord) -> bool:
    """Whether the second derivative is zero wherever it exists."""
    return site.function in _PIECEWISE_LINEAR


def _finding(
    cause: str,
    sites: Sequence[SiteRecord],
    numbers: dict[str, float],
    to: str,
    why: str,
    severity: Severity = "error",
) -> Finding:
    first = sites[0] if sites else None
    remedies: tuple[Remedy, ...] = ()
    if first is not None and to:
        remedies = (
            Remedy(
                "swap_activation",
                why,
                {"from": first.function, "to": to, **({"omega": 30.0} if to == "sine" else {})},
                {
                    "sites": [site.site for site in sites],
                    "layers": [site.layer for site in sites],
                    "reinitialize": True,
                },
            ),
        )
    return Finding(
        rule="unsuitable_activation",
        severity=severity,
        cause=cause,
        layer=first.layer if first is not None else "",
        site=first.site if first is not None else "",
        source=first.source if first is not None else "",
        first_step=0,
        evidence=numbers,
        remedies=remedies,
    )


def _second_order(record: Record) -> Finding | None:
    """Second derivatives by the inputs through functions that have none."""
    if not record.circumstances.second_order or not record.sites:
        return None
    bent = [site for site in record.sites if _piecewise_linear(site)]
    if len(bent) < len(record.sites):
        return None
    cause = (
        f"The loss takes second derivatives by the network's inputs, and those of "
        f"{bent[0].function} are zero everywhere: what they should teach is never learnt."
    )
    why = "A smooth function has second derivatives."
    return _finding(cause, bent, {"sites": float(len(bent))}, "tanh", why)


def _slopes_alone(record: Record, loss: evidence.Loss) -> Finding | None:
    """A loss of the network's derivative by its inputs alone, which is a set of steps.

    That of a piecewise linear network is constant between its kinks: no bias in front of one ever
    has a gradient, though each weight has.
    """
    layers = {site.layer for site in record.sites if site.layer}
    if not layers or not all(map(_piecewise_linear, record.sites)):
        return None
    facts = [
        p
        for p in record.circumstances.parameters
        if p.layer in layers and p.held and p.trainable and p.steps >= 3 and p.with_gradient
    ]
    weights = [p for p in facts if p.fan_in > 1]
    biases = [p for p in facts if p.fan_in == 0 and p.name.rpartition(".")[2] == "bias"]
    if len(biases) < 2 or len(weights) < 2:
        return None
    if any(p.nonzero for p in biases) or any(p.nonzero < 0.9 * p.steps for p in weights):
        return None
    function = record.sites[0].function
    cause = (
        f"The loss knows the network by its derivative alone, which with {function} is a set of "
        "steps: it jumps at each kink, and no gradient tells the biases where the kinks should be."
    )
    return _finding(
        cause,
        record.sites,
        {"biases": float(len(biases))},
        "silu",
        "A smooth function has a smooth derivative.",
        "error" if evidence.stuck(loss) else "warning",
    )


def _two_valued(feed: Feed) -> bool:
    """Whether nearly every feature takes two values: then its variance is all that its range can
    give, (mean - low)(high - mean), which no other distribution reaches (Bhatia and Davis 2000).
    """
    varied = feed.high > feed.low
    if varied.sum() < 2:
        return False
    most = (feed.mean - feed.low) * (feed.high - feed.mean)
    return bool(np.mean(feed.std[varied] ** 2 >= 0.995 * most[varied]) >= 0.9)


def _flat(record: Record) -> Finding | None:
    """A threshold: its slope is zero everywhere, so nothing behind it learns."""
    facts = record.circumstances
    held = [p for p in facts.parameters if p.held and p.trainable and p.steps >= 3]
    still = [p for p in held if not p.nonzero]
    if not still or len(still) == len(held):
        return None
    names = listing([repr(name) for name in dict.fromkeys(p.layer or p.name for p in still)])
    if facts.flat and any(p.with_gradient for p in still):
        cause = (
            f"{facts.flat[0]!r} has slope zero everywhere, so that {names} never learn: a "
            "threshold needs a surrogate gradient (straight-through), or a smooth function."
        )
        return _straight(
            _finding(cause, (), {"parameters": float(len(still))}, "", ""), facts.flat[0]
        )
    cut = [p for p in still if p.ran and not p.reached]
    second = [f for f in facts.feeds if _two_valued(f) and f.layer not in {p.layer for p in cut}]
    if any(p.fan_in for p in cut) and second:  # a derivative of the network knows no last bias
        cause = (
            f"What enters {second[0].layer!r} takes two values only, and no gradient passes to "
            f"{names}: a hard threshold has no slope to learn by."
        )
        return _straight(_finding(cause, (), {"parameters": float(len(cut))}, "", ""), "threshold")
    return None


def _straight(finding: Finding, function: str) -> Finding:
    straight = Remedy(
        "swap_activation",
        "A straight-through gradient teaches what stands before the threshold.",
        {"from": function, "to": "straight_through"},
    )
    smooth = Remedy(
        "swap_activation",
        "A hyperbolic tangent has the range of a sign, and a slope.",
        {"from": function, "to": "tanh"},
    )
    remedies = (smooth, straight) if function in ("sign", "sgn") else (straight,)
    return dataclasses.replace(finding, remedies=remedies)


def _exponential(record: Record, loss: evidence.Loss) -> Finding | None:
    """Exponentials for hidden activations, in a network whose numbers broke.

    Behind weights of variance g / n a normal signal of variance s becomes one of g exp(2 s), which
    is s for no s where g is above 1 / (2 e), and any usual draw is: it grows at every layer.
    """
    hidden = [site for site in record.sites if site.layer and not is_output(record, site)]
    if len(hidden) < 2 or any(site.function not in EXPONENTIALS for site in hidden):
        return None
    if math.isfinite(loss.end) and not record.non_finite:
        return None
    cause = (
        f"The {len(hidden)} hidden activations are exponentials, each of what the one before gave: "
        "no scale of the weights keeps such a signal's size, and it is not finite any more."
    )
    numbers = {"sites": float(len(hidden))}
    why = "ELU is an exponential where that is small, and a line where it would run away."
    return _finding(cause, hidden, numbers, "elu", why)


def _falls_still(record: Record) -> bool:
    """Whether the loss was not at its floor yet, as noisy targets have one."""
    _, then, now = evidence.stretches(record, 3)
    return min(then.size, now.size) >= 5 and bool(now.mean() <= 0.9 * then.mean())


def _coordinates(record: Record, loss: evidence.Loss) -> Finding | None:
    """A signal over a grid of coordinates, fitted with piecewise linear functions."""
    feeds = [f for f in record.circumstances.feeds if 1 <= f.mean.size <= COORDINATES]
    sites = [site for site in record.sites if _piecewise_linear(site)]
    if not feeds or len(sites) < 2 or len(sites) < len(record.sites):
        return None
    feed = feeds[0]
    even = feed.std * math.sqrt(12) / np.maximum(feed.high - feed.low, 1e-30)
    if not bool(np.all(np.abs(even - 1) < 0.1)) or float(np.abs(feed.high).max()) > 10:
        return None  # not a grid, nor drawn evenly
    fitted = [
        head for head in record.circumstances.heads if {"mse_loss", "pow", "abs"} & set(head.chain)
    ]
    left = loss.end / loss.start if loss.known and loss.start > 0 else math.nan
    if not fitted or not left >= UNEXPLAINED or not _falls_still(record):
        return None
    function = sites[0].function
    cause = (
        f"A network of {function} learns a signal over {feed.mean.size} evenly spread coordinates: "
        f"it is slow at fine detail (spectral bias), and {percent(min(left, 1.0))} of the first "
        f"loss remained at the end ({number(loss.end)}), where it was falling still."
    )
    why = "A sine fits fine detail as easily as coarse."
    return _finding(cause, sites, {"unexplained": left}, "sine", why, "warning")


def _shared_out(record: Record, loss: evidence.Loss) -> Finding | None:
    """Softmax between hidden layers: units that share one unit of output among them."""
    pairs = record.circumstances.squashed
    stuck = evidence.stuck(loss)
    if not pairs or not (stuck or len(pairs) > 1):
        return None
    first = pairs[0][0]
    names = listing([f"{one!r} and {two!r}" for one, two in pairs])
    cause = (
        f"A softmax lies between {names}: its outputs add up to one, so that each of n units gives "
        "about 1/n and passes on a gradient as small"
    )
    cause += "; the loss stayed where it was." if stuck else "."
    return Finding(
        rule="unsuitable_activation",
        severity="error" if stuck else "warning",
        cause=cause,
        layer=first,
        first_step=0,
        evidence={"softmaxes": float(len(pairs))},
        remedies=(
            Remedy(
                "swap_activation",
                "ReLU lets each unit give what it has, whatever the others do.",
                {"from": "softmax", "to": "relu"},
                {"layers": [one for one, _ in pairs]},
            ),
        ),
    )


def check(record: Record) -> Sequence[Finding]:
    """Activations that cannot give what the loss asks for.

    Six cases: second derivatives by the inputs through functions that are piecewise linear (zero
    everywhere, so the training signal is lost); a loss of first derivatives alone through such
    functions (no bias ever has a gradient); thresholds, whose slope is zero everywhere; a
    softmax with nothing else between hidden layers, where the loss did not fall or there are
    several (one alone may be meant, as attention over learnt slots is); coordinates to signal with
    piecewise linear functions, where a fifth of the first loss was left at the end and still
    falling; exponentials throughout, where numbers were not finite any more.

    Source:
        Raissi, Perdikaris and Karniadakis 2019 (physics-informed networks need smooth activations);
        Schütt et al. 2017, "SchNet", section 3 (forces as derivatives need smooth activations);
        Bengio, Leonard and Courville 2013 (thresholds and straight-through estimators); Rahaman et
        al. 2019 (spectral bias of ReLU); Sitzmann et al. 2020 (sine for coordinates).
    """
    loss = evidence.loss_of(record)
    found = [
        _second_order(record) or _slopes_alone(record, loss),
        _flat(record),
        _shared_out(record, loss),
        _coordinates(record, loss),
        _exponential(record, loss),
    ]
    return tuple(finding for finding in found if finding is not None)


RULE = Rule(
    id="unsuitable_activation",
    check=check,
    summary="A hidden activation that cannot give what is asked of it.",
    source="Bengio et al. 2013; Rahaman et al. 2019; Sitzmann et al. 2020; Raissi et al. 2019",
    explains=(
        "vanishing_gradient",
        "frozen_parameters",
        "saturated_activation",
        "dormant_units",
        "learning_rate_too_low",
        "exploding_gradient",
        "non_finite",
    ),
)
