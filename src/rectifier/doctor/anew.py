"""Layers that a ``forward`` makes anew at every pass. Framework-free, pure.

Layer: doctor; part of the rule ``frozen_parameters``. Such a layer is registered in no module, each
of its parameters is met by one loss and never again, and what it gives is drawn anew each time: no
optimiser can hold it, and nothing behind it can rely on it.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

TIMES = 5
"""Parameters of one shape that one loss each depended on, from which it is no accident."""

SHARE = 0.5
"""Of the losses that were looked at, the share that such parameters must make up."""


def made_anew(record: Record) -> Finding | None:
    """Parameters of one shape, each of which one loss depends on while others are trained.

    Before what is trained, a layer drawn anew may be meant (an augmentation by random filters): it
    is told of only where the loss did not fall.
    """
    facts = record.circumstances
    if not any(p.steps for p in facts.parameters):
        return None
    groups: dict[tuple[int, ...], list[ParameterFacts]] = defaultdict(list)
    for p in facts.parameters:
        once = p.reached == 1 and not p.steps and not p.moved > 0
        if once and p.trainable and not (p.held or p.model or p.loaded) and len(p.shape) > 1:
            groups[p.shape].append(p)
    enough = max(TIMES, SHARE * facts.losses)
    found = [
        group
        for group in groups.values()
        if len(group) >= enough and any(p.ran and p.layer for p in group)
    ]
    stuck = evidence.stuck(evidence.loss_of(record))
    if not found or not (stuck or any(p.behind for p in found[0])):
        return None
    name, _ = Counter(p.layer for p in found[0] if p.layer).most_common(1)[0]
    times = len(found[0])
    return Finding(
        rule="frozen_parameters",
        severity="error",
        cause=(
            f"The layer {name!r} is made anew at every pass, in forward: {times} looked-at losses "
            "each met another one, with weights drawn at random, that no optimiser can hold. Made "
            "once, in __init__, it is registered and trained."
        ),
        layer=name,
        first_step=0,
        evidence={"times": float(times)},
        remedies=(
            Remedy(
                "add_to_optimizer",
                "A layer that is made once can learn.",
                {"how": "keep"},
                {"parameters": [name], "unregistered": True},
            ),
        ),
    )
