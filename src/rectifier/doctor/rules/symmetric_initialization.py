"""``symmetric_initialization``: units that start alike and stay alike. A rule: pure."""

from __future__ import annotations

from collections.abc import Sequence

from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

ALIKE = 0.5
"""Share of units that repeat another one; random weights give none."""

STEPS = 5
"""Looked-at steps before one may say that they stay alike."""


def _stays(parameter: ParameterFacts, by_hand: bool) -> bool:
    """Whether its units started alike and training did not tell them apart."""
    stepped = parameter.steps >= STEPS and parameter.with_gradient > 0
    if not parameter.trainable or not (stepped or (by_hand and parameter.reached >= STEPS)):
        return False
    if not (parameter.alike_start >= ALIKE and parameter.alike_end >= ALIKE):
        return False
    return not parameter.zero_start or parameter.nonzero == 0 or parameter.moved > 0


def check(record: Record) -> Sequence[Finding]:
    """Weights of which half the units repeat another one exactly, at the start and at the end.

    Units with the same weights in and out get the same gradient and remain one unit. That weights
    are alike only at the start is no fault: a zero last layer (residual branches, LoRA's second
    factor) gets a gradient that tells its units apart at the first step.

    Source:
        Rumelhart, Hinton and Williams 1986, "Learning internal representations by error
        propagation", "Breaking symmetry"; Goodfellow, Bengio and Courville 2016, section 8.4.
    """
    facts = record.circumstances
    by_hand = not facts.optimizers  # the program's own updates are not counted
    found = [p for p in facts.parameters if _stays(p, by_hand)]
    if not found:
        return ()
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
    return (
        Finding(
            rule="symmetric_initialization",
            severity="error",
            cause=(
                f"{percent(share)} of the units of {first.layer or first.name!r}{also} {how}: "
                "they remain copies of one unit."
            ),
            layer=first.layer,
            first_step=0,
            evidence={"alike_at_start": first.alike_start, "alike_at_end": first.alike_end},
            remedies=(
                Remedy(
                    "reinitialize",
                    "Random weights make the units different.",
                    {"alike": True},
                    {"layers": layers},
                ),
            ),
            also=tuple(layers[1:]),
        ),
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
