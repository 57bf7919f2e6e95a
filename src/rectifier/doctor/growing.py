"""A signal that grows through depth though no layer is drawn too large. Framework-free, pure.

Layer: doctor; part of the rule ``poor_initialization``.

Source: He et al. 2015, section 2.2 (variance through depth); Zhang, Dauphin and Ma 2019, "Fixup
initialization" (residual branches add up).
"""

from __future__ import annotations

import math

from rectifier.doctor import evidence
from rectifier.doctor.drawn import ABOVE_CHANCE, DEEP, LOUD, is_squared
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.periods import SINES
from rectifier.doctor.wording import number
from rectifier.watch.record import Record

PILED = 30.0
"""Growth of the signal from the first to the loudest activation: its power a thousandfold. Thirty
branches in a row, each a thirtieth of the power of what it is added to, give e."""


def grown(
    record: Record, levels: list[tuple[str, float]], chance: float, loss: evidence.Loss
) -> Finding | None:
    """A signal that grows through depth though no layer is drawn too large.

    What residual branches add piles up: with He's weights each doubles the signal's power.
    """
    known = {site.site: site for site in record.sites}
    levels = [item for item in levels if known[item[0]].function not in SINES]  # of a time, a place
    values = [level for _, level in levels]
    if len(values) < DEEP or not values[0] > 0:
        return None
    top, growth = max(values), max(values) / values[0]
    late = values.index(top) >= len(values) // 2
    if not (late and top >= LOUD and growth >= PILED):
        return None
    guess = loss.start / chance if chance >= ABOVE_CHANCE else math.nan
    if is_squared(record) and not chance > 0 and loss.start >= 0.1 * top * top:
        guess = loss.start / (top * top)  # the error of outputs that are so much too large
    if math.isnan(guess) or not (loss.broke_step is not None or loss.end > 0.5 * guess):
        return None
    layers = list(dict.fromkeys(known[name].layer for name, _ in levels if known[name].layer))
    said = f" and the first loss {number(loss.start)} is {number(chance)} times a guess's"
    return Finding(
        rule="poor_initialization",
        severity="warning" if loss.end < guess else "error",
        cause=(
            f"The signal grows {number(growth)}-fold through {len(values)} activations at the "
            "start, layer upon layer, though no layer alone is drawn too large: pre-activations go "
            f"from {number(values[0])} to {number(top)}{said if chance >= ABOVE_CHANCE else ''}."
        ),
        layer=layers[0] if layers else "",
        first_step=0,
        evidence={"growth": growth, "loudest": top, "depth": float(len(values))},
        remedies=(
            Remedy(
                "reinitialize",
                "Weights scaled to their inputs, and branches to their number, keep the signal's "
                "size.",
                {"scheme": "he_normal"},
            ),
        ),
        also=tuple(layers[1:]),
    )
