"""What to put in the place of a function that passes too little of the gradient. Pure.

Layer: doctor; a remedy of the rule ``vanishing_gradient``, framework-free.
"""

from __future__ import annotations

from collections.abc import Mapping

from rectifier.doctor.drawn import LARGE, drawn_in, gain_of
from rectifier.doctor.finding import Remedy
from rectifier.doctor.targets import degree
from rectifier.watch.record import Record

SOUND = 0.4
"""Spread of weights times the root of their inputs, from which it is a usual one."""

LEFT = {"relu": 0.41, "elu": 0.58}
"""What PyTorch's own weights, of gain 0.58, leave of a signal at each layer of such a function, in
root mean square: of a small one ELU lets all through, ReLU half of its power."""

ENOUGH = 0.01
"""Share of the signal that must come through all layers, for weights to stay as they are."""

NAMES = {"relu": "ReLU", "elu": "ELU"}


def suits(record: Record, function: str, depth: int) -> bool:
    """Whether the weights as drawn may stay under another function at so many layers."""
    gains = [gain_of(p) for p in drawn_in(record)]
    usual = bool(gains) and all(SOUND <= gain < LARGE for gain in gains)
    return usual and LEFT[function] ** depth >= ENOUGH


def steeper(record: Record, function: str, where: Mapping[str, object], depth: int) -> Remedy:
    """The remedy that exchanges a function for one whose slope is one where it is active.

    A number that is predicted wants every unit: of a narrow code's, as an autoencoder has, ReLU
    silences half, ELU none (Clevert, Unterthiner and Hochreiter 2016). Weights of the usual scale
    stay as the program drew them while enough of the signal comes through.

    Args:
        record: Of the sick run.
        function: What is there now.
        where: The remedy's scope.
        depth: How many such functions lie behind one another.
    """
    new = "elu" if any(map(degree, record.circumstances.heads)) else "relu"
    redrawn = {} if suits(record, new, depth) else {"reinitialize": True}
    return Remedy(
        "swap_activation",
        f"{NAMES[new]} passes the gradient on undiminished where it is active.",
        {"from": function, "to": new},
        {**where, **redrawn},
    )
