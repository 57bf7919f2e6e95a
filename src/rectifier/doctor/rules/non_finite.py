"""``non_finite``: NaN or infinity, and where it was made. A rule: pure, framework-free."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.rates import LARGE_UPDATE, lower
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, of_norm
from rectifier.watch.record import NonFinite, Record

REPEATED = 3
"""Observed steps with a loss that is no number, from which it is not one batch's accident."""

FED = "The data are not finite"
"""How a cause begins that lies before the network."""

_ORDER = ("input", "parameter", "site", "loss", "gradient")
"""Of two that appear in one step, which comes first in it."""


def _first(record: Record) -> NonFinite | None:
    """The earliest; within one step the one upstream."""
    ranked = sorted(
        record.non_finite,
        key=lambda item: (item.step, _ORDER.index(item.where) if item.where in _ORDER else 9),
    )
    return ranked[0] if ranked else None


def _lasting(record: Record) -> bool:
    """Whether the training itself was hit: the loss ended non-finite, or some weights are."""
    loss = record.training.loss
    if loss.size and not np.isfinite(loss[-1]):
        return True
    if any(p.broken for p in record.circumstances.parameters):
        return True
    return any(
        item.non_finite_weight.size and item.non_finite_weight[-1] > 0 for item in record.layers
    )


def _repeated(record: Record) -> bool:
    """Whether the loss was not finite again and again, though it recovered."""
    return int((~np.isfinite(record.training.loss)).sum()) >= REPEATED


def _place(item: NonFinite) -> str:
    name = f" {item.name!r}" if item.name not in ("", item.where) else ""
    return f"{name} ({item.source})" if item.source else name


def _cause(record: Record, item: NonFinite) -> tuple[str, bool]:
    """The sentence, and whether the steps' size is to blame."""
    step = item.step
    update = evidence.update_before(record, "", step - 10, step)
    training = record.training
    start = evidence.median(training.loss[:1])
    last = evidence.between(training.step, training.loss, step - 10, step)
    grew = bool(last.size and start > 0 and last.max() >= 10 * start)
    falling = evidence.broke_falling(record, evidence.loss_of(record))
    by_steps = grew or (update >= LARGE_UPDATE and not falling)
    where = _place(item)
    if item.where == "input":
        return f"{FED}: at step {step} NaN or infinity enters the model", False
    observed = bool(np.isin(step, training.step))
    if not observed and bool(np.any(training.input_non_finite > 0)):
        said = f"{FED}: NaN or infinity enters the model"
        return f"{said}; it showed first at step {step}", False
    gradient = f"the gradient of{where}" if where else "the gradient"
    made = {
        "parameter": f"the parameter{where} became NaN or infinite",
        "site": f"the output of{where} became NaN or infinite",
        "loss": f"the loss{where} became NaN or infinite"
        + (" though all that enters it was finite" if observed else ""),
        "gradient": f"{gradient} became NaN or infinite"
        + (" though the loss was finite" if observed else ""),
    }.get(item.where, f"{item.where}{where} became NaN or infinite")
    if by_steps:
        how = f"an update had changed the weights by {of_norm(update)}"
        if not update >= LARGE_UPDATE:
            how = f"the loss had grown from {number(start)} to {number(float(last.max()))}"
        return f"At step {step} {made}, after {how}", True
    if not observed:
        unknown = "that step was not observed, so what made it so is not known"
        return (
            f"At step {step} {made}; {unknown}: observe every step (--every 1) to learn it",
            False,
        )
    if item.where == "loss":
        return (
            f"At step {step} {made}: a logarithm, root or quotient at the edge of its range",
            False,
        )
    if item.where == "gradient":
        return f"At step {step} {made}: a root, norm or quotient at a point without slope", False
    return f"At step {step} {made}, while the steps were small", False


def check(record: Record) -> Sequence[Finding]:
    """The first non-finite value; what it spreads to is not reported.

    Any lasting NaN or infinity ends the training, so no threshold: ``error``. Where the loss ends
    finite and no weight is hit, the program handled it (a skipped step under loss scaling, masked
    inputs): ``info``; ``warning`` where the loss itself was no number at three steps or more.

    Source:
        IEEE 754-2019, sections 6.1 and 6.2 (propagation); Micikevicius et al. 2018, "Mixed
        precision training", section 3.2 (steps with overflow are skipped by design).
    """
    item = _first(record)
    if item is None:
        return ()
    cause, by_steps = _cause(record, item)
    lasting = _lasting(record)
    severity: Severity = "error" if lasting else "info"
    after = "." if lasting else "; the training went on unharmed."
    if not lasting and item.where == "loss" and _repeated(record):
        severity = "warning"
        after = "; it was so at several steps, which taught nothing of what it should."
    remedies: list[Remedy] = []
    slower = lower(record, item.step, "Smaller steps keep the loss within bounds.")
    if slower and by_steps:
        remedies.append(slower)
        before = evidence.between(
            record.training.step, record.training.gradient_norm, -math.inf, item.step - 1
        )
        usual = evidence.median(before)
        if usual > 0:
            remedies.append(
                Remedy(
                    "clip_gradients",
                    "A bound on the gradient's norm keeps one batch from breaking the weights.",
                    {"max_norm": evidence.one_digit(usual)},
                )
            )
    elif cause.startswith(FED):
        remedies.append(
            Remedy(
                "stabilize_loss",
                "Missing values are filled with their feature's mean.",
                {"fill": True},
                {"layers": [feed.layer for feed in record.circumstances.feeds if feed.layer]},
            )
        )
    else:
        remedies.append(
            Remedy(
                "stabilize_loss",
                "A guard keeps logarithms, roots, quotients and exponentials off the edge.",
            )
        )
        if slower and item.where in ("parameter", "site"):
            remedies.append(slower)
    return (
        Finding(
            rule="non_finite",
            severity=severity,
            cause=cause + after,
            layer=item.name if item.where in ("site", "parameter", "gradient") else "",
            site=item.name if item.where == "site" else "",
            source=item.source,
            first_step=item.step,
            evidence={"step": float(item.step)},
            remedies=tuple(remedies) if severity != "info" else (),
        ),
    )


RULE = Rule(
    id="non_finite",
    check=check,
    summary="NaN or infinity appeared and spread.",
    source="IEEE 754-2019, section 6; Micikevicius et al. 2018, section 3.2",
    explains=("dying_relu", "dormant_units", "exploding_gradient", "learning_rate_too_high"),
)
