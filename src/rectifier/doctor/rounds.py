"""Matrices that are applied to their own results, round after round, and what a round leaves.

Layer: doctor; part of the rule ``vanishing_gradient``.
"""

from __future__ import annotations

from rectifier.doctor import evidence
from rectifier.doctor.drawn import SMALL, drawn_in, gain_of
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.wording import percent
from rectifier.watch.record import Record

LOST = 1e-3
"""Gradient of the first site over that of the last, below which depth has eaten it."""

ROUNDS = 10
"""Applications of one matrix in a row from which it is a recurrence."""

MOVING = 1e-4
"""Update ratio from which it is not the rate that keeps a network where it was."""

STEEPEST = 0.25
"""The largest slope of a sigmoid."""


def forgets(record: Record) -> Finding | None:
    """A square matrix applied again and again, so small that nothing outlives the rounds.

    Random weights of spread s and n inputs shrink a signal by about s root n a round (the circular
    law: Girko 1985), and the gradient on its way back through time likewise. Either a round leaves
    a fifth at most, or all of them together a thousandth while the weights do move.
    """
    states = [
        p
        for p in drawn_in(record)
        if p.shape[0] == p.fan_in and len(p.shape) == 2 and p.applied >= ROUNDS
    ]
    moves = evidence.median(record.training.update_ratio) >= MOVING
    faint = [
        p
        for p in states
        if gain_of(p) <= SMALL or (moves and gain_of(p) <= LOST ** (1 / p.applied))
    ]
    if not faint or len(faint) < len(states):
        return None
    first, gain = faint[0], gain_of(faint[0])
    site = next((s for s in record.sites if s.layer == first.layer), None)
    return Finding(
        rule="vanishing_gradient",
        severity="error",
        cause=(
            f"{first.layer!r} is applied some {first.applied} times in a row with weights so small "
            f"that a round leaves {percent(gain)} of the signal, and of the gradient on its way "
            "back, so that what comes early is forgotten."
        ),
        layer=first.layer,
        site=site.site if site is not None else "",
        source=site.source if site is not None else "",
        evidence={"factor_per_round": gain, "rounds": float(first.applied)},
        remedies=(
            Remedy(
                "reinitialize",
                "Orthogonal recurrent weights neither shrink nor stretch (Saxe et al. 2014).",
                {"scheme": "orthogonal"},
                {"layers": [p.layer for p in faint], "recurrent": True},
            ),
        ),
    )


def through_sigmoids(record: Record) -> Finding | None:
    """A state that is a sigmoid of itself, round after round, so that its gradient is gone.

    A round multiplies the gradient by the weights and by the sigmoid's slope, a quarter at most. As
    a gate beside the state, as in LSTM and GRU, a sigmoid is no such round.
    """
    for p in record.circumstances.parameters:
        gain = gain_of(p)
        if p.rounds < ROUNDS or not STEEPEST * gain <= LOST ** (1 / p.rounds):
            continue
        near = p.layer.rpartition(".")[0]
        sites = [
            s
            for s in record.sites
            if s.function == "sigmoid" and s.layer.rpartition(".")[0] == near
        ]
        return Finding(
            rule="vanishing_gradient",
            severity="error",
            cause=(
                f"{p.layer!r} is applied {p.rounds} times in a row to a sigmoid of what it gave "
                f"the time before, of which a round passes back {percent(STEEPEST * gain)} at "
                "most, so that what comes early is forgotten."
            ),
            layer=p.layer,
            site=sites[0].site if sites else "",
            source=sites[0].source if sites else "",
            evidence={"factor_per_round": STEEPEST * gain, "rounds": float(p.rounds)},
            remedies=(
                Remedy(
                    "swap_activation",
                    "The slope of tanh is four times as steep: one, where it is not saturated.",
                    {"from": "sigmoid", "to": "tanh"},
                    {"sites": [s.site for s in sites], "layers": [s.layer for s in sites]},
                ),
            )
            if sites
            else (),
        )
    return None
