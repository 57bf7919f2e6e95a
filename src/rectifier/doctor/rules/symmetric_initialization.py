"""``symmetric_initialization``: units that start alike and stay alike. A rule: pure."""

from __future__ import annotations

from collections.abc import Sequence

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

ALIKE = 0.5
"""Share of units that repeat another one; random weights give none."""

STEPS = 5
"""Looked-at steps before one may say that they stay alike."""

MOST = 0.5
"""Share of a network's matrices that start with copies, above which no design wants them."""

NEARLY_ALL = 0.75
"""Likewise of zeros: of a residual branch half start so, or two in six."""

LEARNT = 0.2
"""Share of the first loss left at the end, from which what told the units apart sufficed."""


def _stays(parameter: ParameterFacts, by_hand: bool) -> bool:
    """Whether its units started alike and training did not tell them apart."""
    stepped = parameter.steps >= STEPS and parameter.with_gradient > 0
    if not parameter.trainable or not (stepped or (by_hand and parameter.reached >= STEPS)):
        return False
    if not (parameter.alike_start >= ALIKE and parameter.alike_end >= ALIKE):
        return False
    return not parameter.zero_start or parameter.nonzero == 0 or parameter.moved > 0


def _began(record: Record) -> list[ParameterFacts]:
    """Matrices that started as copies, where most of the network's did; or as zero, nearly all.

    At least two, so that one stands behind another: each gets what all units of the one before
    give alike. With some zeros residual branches start by design, and low-rank additions.
    """
    ran = [p for p in record.circumstances.parameters if p.fan_in > 1 and p.ran]
    own = [p for p in ran if p.trainable and not p.loaded and p.steps >= STEPS]
    zeros = [p for p in own if p.zero_start]
    if len(zeros) >= 2 and len(zeros) > NEARLY_ALL * len(ran):
        return zeros
    drawn = [p for p in ran if not p.zero_start and p.alike_start >= 0]  # NaN: one unit
    copies = [p for p in drawn if p in own and p.alike_start >= ALIKE]
    return copies if len(copies) >= 2 and len(copies) > MOST * len(drawn) else []


def _told_apart(record: Record) -> Finding | None:
    """Units that started alike and that rounding, dropout or a mask alone told apart."""
    found = _began(record)
    loss = evidence.loss_of(record)
    if not found or not record.circumstances.wired or not loss.known:
        return None
    share = max((p.alike_start for p in found if p.alike_start >= 0), default=1.0)
    severity: Severity = "warning"
    if evidence.stuck(loss):
        severity = "error"
    elif loss.reached(LEARNT):
        severity = "info"
    layers = list(dict.fromkeys(p.layer for p in found))
    cause = (
        f"{percent(share)} of the units of {found[0].layer or found[0].name!r} (and those of "
        f"{len(found) - 1} more) start with the same weights, so that nothing but biases, rounding "
        f"or noise tells them apart; the loss went from {number(loss.start)} to {number(loss.end)}."
    )
    return _finding(cause, found, layers, severity)


def check(record: Record) -> Sequence[Finding]:
    """Weights of which half the units repeat another one exactly, at the start and at the end.

    Units with the same weights in and out get the same gradient and remain one unit. That weights
    are alike only at the start is no fault: a zero last layer (residual branches, LoRA's second
    factor) gets a gradient that tells its units apart at the first step. Where most matrices of a
    network start as copies, or nearly all as zeros, what tells them apart is noise: dropout,
    biases, or rounding, which steps that are normalised make large. That is a ``warning``, or an
    ``error`` where the loss stayed near its start, and ``info`` where it fell to a fifth.

    Source:
        Rumelhart, Hinton and Williams 1986, "Learning internal representations by error
        propagation", "Breaking symmetry"; Goodfellow, Bengio and Courville 2016, section 8.4.
    """
    facts = record.circumstances
    by_hand = not facts.optimizers  # the program's own updates are not counted
    found = [p for p in facts.parameters if _stays(p, by_hand)]
    if not found:
        apart = _told_apart(record)
        return () if apart is None else (apart,)
    first = found[0]
    share = max(p.alike_end for p in found)
    if all(p.zero_start for p in found):
        how = "start at zero and get no gradient that could change that"
        if any(p.nonzero for p in found):
            how = "start at zero and all get the same gradient"
    else:
        how = "start with the same weights and get the same gradient"
    also = "" if len(found) == 1 else f" (and those of {len(found) - 1} more)"
    layers = list(dict.fromkeys(p.layer for p in found))
    cause = (
        f"{percent(share)} of the units of {first.layer or first.name!r}{also} {how}: "
        "they remain copies of one unit."
    )
    return (_finding(cause, found, layers, "error"),)


def _finding(
    cause: str, found: Sequence[ParameterFacts], layers: list[str], severity: Severity
) -> Finding:
    first = found[0]
    why = "Random weights make the units different."
    remedy = Remedy("reinitialize", why, {"alike": True}, {"layers": layers})
    return Finding(
        rule="symmetric_initialization",
        severity=severity,
        cause=cause,
        layer=first.layer,
        first_step=0,
        evidence={"alike_at_start": first.alike_start, "alike_at_end": first.alike_end},
        remedies=(remedy,) if severity != "info" else (),
        also=tuple(layers[1:]),
    )


RULE = Rule(
    id="symmetric_initialization",
    check=check,
    summary="Units start alike, get the same gradient, and stay copies of each other.",
    source="Rumelhart, Hinton and Williams 1986; Goodfellow et al. 2016, section 8.4",
    explains=(
        "vanishing_gradient",
        "dormant_units",
        "born_dead",
        "dying_relu",
        "learning_rate_too_low",
        "frozen_parameters",
        "poor_initialization",
        "saturated_activation",
    ),
)
