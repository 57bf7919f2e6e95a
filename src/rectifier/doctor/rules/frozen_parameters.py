"""``frozen_parameters``: what should learn does not. A rule: pure, framework-free."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.anew import made_anew
from rectifier.doctor.at_nought import frozen_at_nought
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.rule import Rule
from rectifier.doctor.unheeded import cancelled, unheeded
from rectifier.doctor.wording import listing, percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Circumstances, ParameterFacts

FEW = 0.1
"""Share of the elements in question below which parameters left out are a note."""

MANY = 0.3
"""Share from which parameters that never ran with gradients are no spare part."""

MOST = 0.5
"""Share of what runs that is frozen untaught, from which a loss that does not fall is its doing."""

WELL = 0.2
"""Share of the first loss left at the end, from which a training went well."""

PASSES = 30
"""Backward passes from which nothing that moved is no measurement."""

STEPS = 3
"""Looked-at steps, or losses, from which one may say never."""


def _size(parameters: Sequence[ParameterFacts]) -> int:
    return sum(p.size for p in parameters)


def _names(parameters: Sequence[ParameterFacts]) -> str:
    return listing([repr(name) for name in dict.fromkeys(p.layer or p.name for p in parameters)])


def _finding(
    cause: str,
    parameters: Sequence[ParameterFacts],
    severity: Severity,
    how: str,
    numbers: dict[str, float],
) -> Finding:
    layers = list(dict.fromkeys(p.layer for p in parameters if p.layer))
    why = {
        "unfreeze": "Parameters that require a gradient can learn.",
        "join": "An optimiser that holds them trains them.",
        "keep_gradient": "A step that gets the gradient of its loss moves the weights.",
        "step": "A step after each backward pass moves the weights.",
        "step_too": "A step after the backward pass of its own loss moves the weights.",
        "write": "An update that is written into the weights moves them.",
        "attach": "Without the detach() behind them the gradient of the loss reaches them.",
    }
    remedies = (
        (
            Remedy(
                "add_to_optimizer",
                why[how],
                {"how": how},
                {
                    "parameters": [p.name for p in parameters],
                    **({"unregistered": True} if not any(p.model for p in parameters) else {}),
                },
            ),
        )
        if how
        else ()
    )
    return Finding(
        rule="frozen_parameters",
        severity=severity,
        cause=cause,
        layer=layers[0] if layers else "",
        first_step=0,
        evidence=numbers,
        remedies=remedies if severity != "info" else (),
        also=tuple(layers[1:]),
    )


def _nothing_to_train(facts: Circumstances) -> Finding | None:
    """An optimiser all of whose parameters are frozen."""
    for optimizer in facts.optimizers:
        if optimizer.parameters and not optimizer.trainable and not optimizer.steps:
            frozen = [p for p in facts.parameters if p.held and not p.trainable]
            cause = (
                f"None of the {optimizer.parameters} parameters of the {optimizer.kind} requires "
                "a gradient: everything is frozen, and it never stepped."
            )
            return _finding(cause, frozen, "error", "unfreeze", {"trainable": 0.0})
    return None


def _never_steps(facts: Circumstances) -> Finding | None:
    """Backward passes, an optimiser, and no step."""
    if not facts.optimizers or any(o.steps for o in facts.optimizers) or facts.backwards < 10:
        return None
    held = [p for p in facts.parameters if p.held and p.trainable]
    cause = (
        f"Gradients were computed {facts.backwards} times, but the {facts.optimizers[0].kind} "
        "never took a step."
    )
    return _finding(cause, held, "error", "step", {"backwards": float(facts.backwards)})


def _never_moves(record: Record) -> Finding | None:
    """Gradients without an optimiser, and no weight that anything ever moves.

    A network that is only asked for gradients (what matters to its answer, an attack on it) was
    trained before or loaded, and its loss has no reason to stay.
    """
    facts = record.circumstances
    reached = [p for p in facts.parameters if p.trainable and p.reached >= STEPS]
    if facts.optimizers or facts.backwards < PASSES or not reached:
        return None
    if any(p.loaded or p.moved != 0 for p in reached):  # NaN: not known
        return None
    if not evidence.stuck(evidence.loss_of(record)):
        return None
    gradients = [evidence.median(layer.gradient_norm) for layer in record.layers]
    if any(norm == 0 for norm in gradients) and not any(norm > 0 for norm in gradients):
        return None  # noughts change nothing, however they are written
    cause = (
        f"Gradients were computed {facts.backwards} times, but no optimiser was made, and nothing "
        f"ever changed {_names(reached)}: an update such as 'p = p - rate * p.grad' gives the name "
        "another tensor; 'p -= rate * p.grad' under torch.no_grad() changes the weight."
    )
    return _finding(cause, reached, "error", "write", {"backwards": float(facts.backwards)})


def _emptied(record: Record) -> Finding | None:
    """Losses that depend on the parameters, and gradients that are gone when the step comes."""
    facts = record.circumstances
    held = [p for p in facts.parameters if p.held and p.trainable and p.steps >= STEPS]
    reached = [p for p in held if p.reached >= STEPS]
    if not reached or any(p.nonzero for p in held):
        return None
    loss = record.training.loss
    if loss.size and not np.isfinite(loss).any():
        return None  # a loss that is infinite throughout has no slope: its own doing
    given = any(p.with_gradient for p in held)
    if given and any(s.unit.active.size and not s.unit.active.any() for s in record.sites):
        return None  # noughts are what a layer that never gave anything passes back
    cleared = "zero" if given else "set to None"
    cause = (
        f"At every step all gradients were {cleared}, although the loss depends on "
        f"{_names(reached)}: they are cleared between the backward pass and the step, or nothing "
        "comes back from the loss."
    )
    return _finding(cause, reached, "error", "keep_gradient", {"steps": float(reached[0].steps)})


def _cut_loss(facts: Circumstances) -> Finding | None:
    """Steps, and losses that depend on nothing that is trained: no parameter has a gradient."""
    held = [p for p in facts.parameters if p.held and p.trainable and p.steps >= STEPS]
    if not held or any(p.with_gradient or p.reached or p.moved > 0 for p in held):
        return None
    others = any(p.reached and not p.held for p in facts.parameters)
    if facts.losses > facts.idle or others:
        return None  # some depend on what is trained, or should be
    kind = facts.optimizers[0].kind if facts.optimizers else "optimiser"
    how = "no backward pass was made"
    if facts.backwards:
        how = "the losses depend on no parameter (made anew from a number, or detached)"
    if facts.idle:
        how = (
            "the losses depend on none of them (an argmax or a rounded number passes nothing back, "
            "and a tensor that is told to require a gradient begins a graph of its own)"
        )
    cause = f"The {kind} stepped, but no parameter ever had a gradient: {how}."
    return _finding(cause, held, "error", "", {"backwards": float(facts.backwards)})


def _left_out(record: Record) -> Finding | None:
    """Parameters that get gradients and that no optimiser ever steps."""
    facts = record.circumstances
    stepped = [p for p in facts.parameters if p.steps]
    if not stepped:
        return None
    left = [
        p
        for p in facts.parameters
        if p.trainable and not p.steps and not p.loaded and p.reached >= STEPS and not p.moved > 0
    ]  # what moves without an optimiser is updated by hand
    models = {p.model for p in stepped if p.model}
    idle = facts.idle >= max(STEPS, 0.2 * facts.losses)
    critics = {p.model for p in left if p.behind and p.model}
    partly = [p for p in left if p.model in models or p.model not in critics or idle]
    if not partly:
        return None
    reasons = []
    if any(p.late for p in partly):
        reasons.append("they were made after the optimiser")
    apart = [p for p in partly if p.model and p.model not in models]
    if apart and not idle:
        reasons.append("what is trained stands on them, and nothing trained comes before them")
    if any(not p.model for p in partly):
        reasons.append("they are registered in no module, so that parameters() does not list them")
    if idle:
        reasons.append("some losses depend on no parameter that any optimiser holds")
    share = _size(partly) / max(_size(partly) + _size(stepped), 1)
    severity: Severity = "error" if reasons else "warning"
    if share < FEW and not reasons and not _built_upon(record, partly):
        severity = "info"
    waiting = [item.kind for item in facts.optimizers if not item.steps]
    if waiting and all(p.held for p in partly):
        cause = (
            f"{_names(partly)} get gradients, but the {waiting[0]} that holds them never took a "
            "step, while another one did."
        )
        return _finding(cause, partly, severity, "step_too", {"share_of_parameters": share})
    why = f": {' and '.join(reasons)}" if reasons else ""
    cause = f"No optimiser holds {_names(partly)}, though they get gradients{why}."
    return _finding(cause, partly, severity, "join", {"share_of_parameters": share})


def _never_taught(facts: Circumstances, stuck: bool) -> Finding | None:
    """Most of what runs is frozen as it was drawn at random; to harm if the loss does not fall."""
    ran = [p for p in facts.parameters if p.ran or p.steps]
    frozen = [
        p for p in ran if not p.trainable and not p.loaded and not p.steps and not p.moved > 0
    ]
    drawn = [p for p in frozen if p.std > 0]
    if not drawn or not any(p.steps for p in ran):
        return None
    share = _size(frozen) / max(_size(ran), 1)
    if share < MOST:
        return None
    then = (
        "what is left to train cannot make up for it, and the loss stayed where it was"
        if stuck
        else "meant, as in reservoirs and random features, or a filter that caught too much"
    )
    cause = (
        f"{percent(share)} of the parameters that run are frozen at the values that they were "
        f"drawn with ({_names(drawn)}): {then}."
    )
    severity: Severity = "error" if stuck else "info"
    return _finding(cause, frozen, severity, "unfreeze", {"share_of_parameters": share})


def _idle(record: Record, cut: Sequence[ParameterFacts]) -> bool:
    """Whether what is cut off is a branch that nothing asks for, in a training that went well.

    Two things must hold, as either alone is found in faulty runs. No layer that learns comes after
    the branch, so that none can stand on what it gives. And the loss fell to a fifth: one that also
    holds a part without a gradient (``loss + other.item()``) keeps that part.
    """
    learnt = [p for p in record.circumstances.parameters if p.with_gradient]
    place = {layer.layer: layer.order for layer in record.layers}
    if len({p.model for p in (*cut, *learnt)}) != 1 or any(
        p.layer not in place for p in (*cut, *learnt)
    ):
        return False
    last = max((place[p.layer] for p in learnt), default=-1)
    return last < min(place[p.layer] for p in cut) and evidence.loss_of(record).reached(WELL)


def _built_upon(record: Record, cut: Sequence[ParameterFacts]) -> bool:
    """Whether all that learns stands on a matrix among these: the first layer, however small.

    What it gives is as drawn at random to the end, though somebody asked for its gradient. That
    what stands on it learnt says nothing: any features teach something.
    """
    names = {(p.model, p.name) for p in cut}
    learnt = [
        p
        for p in record.circumstances.parameters
        if p.with_gradient and p.steps and p.fan_in and (p.model, p.name) not in names
    ]
    place = {layer.layer: layer.order for layer in record.layers}
    drawn = [p for p in cut if p.fan_in and not p.loaded and p.layer in place]
    if not drawn or not learnt or any(p.layer not in place for p in learnt):
        return False
    first = min(place[p.layer] for p in drawn)
    return all(first < place[p.layer] for p in learnt)


def _looked_up(record: Record, cut: Sequence[ParameterFacts]) -> bool:
    """Whether a table is among these, drawn at random, and what it gives is all that is used of it.

    A layer's units mix what enters, and the next ones make do with any mixture; of a table the rows
    themselves are the answer (codes, words), and stay as they were drawn.
    """
    tables = {(i.model, i.layer) for i in record.layers if "mbedding" in i.kind}
    drawn = [p for p in cut if (p.model, p.layer) in tables and not p.loaded and p.std > 0]
    learnt = [p for p in record.circumstances.parameters if p.with_gradient and p.fan_in]
    place = {item.layer: item.order for item in record.layers}
    return any(
        place.get(p.layer, 0) > place.get(table.layer, math.inf) and p.model == table.model
        for table in drawn
        for p in learnt
    )


def _cut_off(record: Record) -> Finding | None:
    """Parameters that an optimiser holds, in layers that ran, to which nothing comes back."""
    facts = record.circumstances
    held = [p for p in facts.parameters if p.held and p.trainable and p.steps >= STEPS]
    cut = [
        p
        for p in held
        if not p.with_gradient and not p.reached and p.looked >= STEPS and not p.moved > 0
    ]  # what moves without a gradient is updated by hand (a codebook's running means)
    if not cut or len(cut) == len(held):
        return None
    ran = [p for p in cut if p.ran]
    share = _size(cut) / max(_size(held), 1)
    severity: Severity = "error" if ran and share >= FEW else "info"
    if severity == "info" and (_built_upon(record, ran) or _looked_up(record, ran)):
        severity = "warning"
    what = "is computed but cut off from the loss (detached, or turned into plain numbers)"
    if ran and _idle(record, ran):
        severity, what = "info", "is computed, and nothing in the loss asks for it"
    if not ran:
        what = "takes no part in any loss, or runs without gradients"
        went_well = evidence.loss_of(record).reached(WELL)  # without it: a library's spare part
        if share >= MANY and not any(p.loaded for p in cut) and not went_well:
            severity = "warning"
    cause = (
        f"No gradient ever reaches {_names(ran or cut)}, {percent(share)} of what the optimiser "
        f"holds: what they give {what}."
    )
    how = "attach" if ran or severity != "info" else ""
    return _finding(cause, ran or cut, severity, how, {"share_of_parameters": share})


def check(record: Record) -> Sequence[Finding]:
    """Parameters that cannot learn although the program means them to.

    Twelve ways: an optimiser whose parameters are all frozen; one that never steps; gradients for
    which there is no optimiser and that nothing uses, where the loss did not fall; losses without a
    way back to any parameter; gradients that are gone at every step; parameters with gradients that
    no optimiser holds, or one that never steps; a network that gets but rounding, or a module that
    was given an attribute where its parameters were meant (`rectifier.doctor.unheeded`); layers
    that run in training and get no gradient; layers that each pass makes anew
    (`rectifier.doctor.anew`); where the loss did not fall, a network most of which is frozen at
    random values; and a matrix that is frozen at zero (`rectifier.doctor.at_nought`). Freezing
    on purpose is told from it: frozen parameters
    (``requires_grad = False``) beside ones that learn, models that no optimiser was ever meant for
    (a fixed critic behind what is trained, an input that is optimised), what is updated by hand,
    and weights that were loaded or trained before are no fault. A branch behind which no layer
    learns (a critic whose turn comes later) is a note where the loss fell to a fifth without it.
    Under a tenth of the parameters cut off, or held by no optimiser, is a note too, unless all
    that learns stands on a matrix among them, or layers that learn come after a table among those
    cut off.

    Source:
        PyTorch documentation, "torch.optim" (parameters must be collected before and be
        registered) and "Autograd mechanics" (requires_grad, detach); Humbatova et al. 2020,
        "Taxonomy of real faults in deep learning systems" (wrong or missing training calls).
    """
    facts = record.circumstances
    found = [_nothing_to_train(facts) or _never_steps(facts) or _never_moves(record)]
    if not any(found):
        stuck = evidence.stuck(evidence.loss_of(record))
        found = [
            _cut_loss(facts)
            or _emptied(record)
            or made_anew(record)
            or _left_out(record)
            or cancelled(record)
            or unheeded(facts, stuck)
            or _never_taught(facts, stuck),
            _cut_off(record),
            frozen_at_nought(record),
        ]
    return tuple(finding for finding in found if finding is not None)


RULE = Rule(
    id="frozen_parameters",
    check=check,
    summary="Parameters that should learn are held by no optimiser or get no gradient.",
    source="PyTorch documentation, torch.optim and autograd; Humbatova et al. 2020",
    explains=(
        "learning_rate_too_low",
        "vanishing_gradient",
        "dormant_units",
        "born_dead",
        "saturated_activation",
    ),
)
