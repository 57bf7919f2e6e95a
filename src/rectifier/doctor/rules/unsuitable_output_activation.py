"""``unsuitable_output_activation``: the output does not suit the loss. A rule: pure.

One file, though long: each case reads the same chains, from the loss down to the last layer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.likelihoods import (
    SHAPES,
    STALLED,
    floored,
    hard_probability,
    negative_logarithm,
    takes_a_logarithm,
)
from rectifier.doctor.players import out_of_range
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, percent
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Head

WANTS_LOGITS = {
    "log_softmax": "a log-softmax (as in cross-entropy)",
    "binary_cross_entropy_with_logits": "binary cross-entropy with logits",
    "softmax": "another softmax",
    "sigmoid": "another sigmoid",
    "log_sigmoid_forward": "a log-sigmoid",
}
"""Operations that squash what they are given, so that they want it unsquashed."""

LIKELIHOODS = ("log_softmax", "binary_cross_entropy_with_logits", "log_sigmoid_forward")
"""Of these, the ones that only losses are made of: a softmax or a sigmoid may be a gate."""

NARROW = 2.0
"""Width of a clamp, or of what is scaled, up to which it squashes as a tanh does; wider clamps
guard against overflow, wider scales are temperatures."""

SQUASHED = ("softmax", "safe_softmax", "sigmoid", "tanh", "relu", "hardsigmoid", "hardtanh")

RECURRENT = ("mkldnn_rnn_layer", "thnn_fused_lstm_cell", "gated_tanh")
"""What an LSTM or a GRU gives: a tanh times a sigmoid, a mean of tanhs."""

BOUNDED = (*SQUASHED, *RECURRENT, "softplus", "exp", "log_sigmoid_forward")
"""Operations whose range leaves some targets out."""

REGRESSION = ("mse_loss", "smooth_l1_loss", "huber_loss", "pow", "abs", "linalg_vector_norm", "mul")

ENTROPIES = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
"""Losses whose targets are probabilities."""

SQUARED = ("mse_loss", "pow")
"""Of these, the ones whose least value is at the conditional mean, as squares have it."""

LOSSES = frozenset({
    "binary_cross_entropy", "nll_loss", "nll_loss2_d", "mse_loss", "l1_loss", "log", "neg", "mean",
    "sum", "kl_div", "clamp", "clamp_min", "div",
})  # fmt: skip
"""Operations that losses are made of."""

MERGED = frozenset({"add*", "add", "neg", "mul"})
"""What a critic's loss does with the difference of its means: a penalty is added, a sign turned."""

SLACK = 0.01
"""How far targets may stray from 0 and 1 by rounding or smoothing."""

OUT_OF_REACH = 0.05
"""Share of targets that the output's range may leave out: outliers, rounding."""

HALF = 0.5
"""Share of the targets that noise about a truth within can take out of a one-sided range."""

COLLAPSED = 0.9
"""Share of the outputs at a bound from which they no longer follow the data at all."""

TRULY = 0.6
"""Mean square of how far the targets lie beyond the range over the squared error at the end, from
which they are no noise about a truth within: of that at most half of the square falls outside."""

SCATTER = 1 / 3
"""How far targets lie beyond a bound where the output stands at it, on average over their spread
there: half a normal distribution cut off by the bound would give 0.8, noise around it 0."""


def _beneath(chain: Sequence[str], place: int, passed: Collection[str] = SHAPES) -> str:
    """The operation that made what the one at ``place`` is given, shapes aside."""
    return next((name for name in chain[place + 1 :] if name not in passed), "")


def _squashed_twice(head: Head) -> tuple[str, str] | None:
    """An operation that wants logits, and what it gets instead."""
    for place, name in enumerate(head.chain):
        if name not in WANTS_LOGITS:
            continue
        given = _beneath(head.chain, place)
        width = head.high - head.low
        clamped = "clamp" in given and width <= NARROW
        if given in SQUASHED or clamped:
            return name, given
        given = _beneath(head.chain, place, (*SHAPES, "mul", "div"))
        scaled = given in SQUASHED and 0 < width * abs(head.scale) <= NARROW
        if scaled and name in LIKELIHOODS:
            return name, given
    return None


def _not_logarithm(head: Head) -> str | None:
    """What enters a loss that wants logarithms of probabilities, where it is none."""
    chain = head.chain
    for place, name in enumerate(chain):
        if name in ("nll_loss", "nll_loss2_d", "kl_div"):
            given = _beneath(chain, place)
            if given in ("softmax", "safe_softmax", "sigmoid", "addmm", "mm", "relu", "tanh"):
                return given
        if name == "sub" and _beneath(chain, place) == "mul" and set(chain[:place]) <= LOSSES:
            # kl_div takes its constant minus target times what should be a logarithm
            given = _beneath(chain, chain.index("mul", place))
            summed = {"sum", "mean"} & set(chain[:place])
            if summed and given in ("softmax", "safe_softmax", "sigmoid"):
                return given
    return None


def _out_of_reach(head: Head) -> str | None:
    """The last activation, where a regression's targets lie outside its range."""
    if not head.outside > OUT_OF_REACH:
        return None
    for place, name in enumerate(head.chain):
        rest = [n for n in head.chain[place + 1 :] if n not in SHAPES]
        if name not in REGRESSION or (name == "mul" and {*rest[:1]} & {*REGRESSION[:-1]}):
            continue  # a product above a loss is its share in a sum
        squash = next(iter(rest[1:] if rest[:1] == ["sub"] else rest), "")
        return squash if squash in BOUNDED or "clamp" in squash else None
    return None


def _of_critic(head: Head, record: Record) -> str | None:
    """What bounds the scores of a critic whose means one loss subtracts and another one raises."""
    if len(record.circumstances.optimizers) < 2:
        return None
    plain = [name for name in head.chain if name not in SHAPES]
    place = plain.index("sub*") if "sub*" in plain else len(plain)
    mean, squash = (*plain[place + 1 :], "", "")[:2]
    bounded = squash in ("sigmoid", "tanh", "hardsigmoid")
    if mean != "mean" or not bounded or not set(plain[:place]) <= MERGED:
        return None
    others = [h for h in record.circumstances.heads if h.layer == head.layer and h is not head]
    fooled = [["neg", "mean", squash], ["mean", squash]]
    for other in others:
        names = [name for name in other.chain if name not in SHAPES]
        if names[: names.index(squash) + 1 if squash in names else 0] in fooled:
            return squash
    return None


def _is_last(head: Head, name: str) -> bool:
    """Whether nothing but the loss itself lies above an operation."""
    above = head.chain[: head.chain.index(name)]
    return bool(above) and all(step in SHAPES or step in LOSSES for step in above)


def _constant(head: Head) -> bool:
    return any(name in ("softmax", "safe_softmax") for name in head.chain) and head.width == 1


def _not_probabilities(head: Head) -> str | None:
    """What is wrong with the targets of a binary cross-entropy, or over a softmax, if anything."""
    shared = (
        f"{percent(head.outside)} of the rows of targets do not sum to one, as a softmax does: "
        "classes that may hold at once want a sigmoid each"
    )
    if not any(name in ENTROPIES for name in head.chain):
        return shared if _out_of_reach(head) == "softmax" and _within(head) else None
    if _beyond(head):
        low, high = number(head.target_low), number(head.target_high)
        return (
            f"its targets lie between {low} and {high}, and a binary cross-entropy wants them from "
            "0 to 1: beyond, it has no least value and drives the logits without end"
        )
    return shared if head.outside > OUT_OF_REACH else None


def _within(head: Head) -> bool:
    """Whether the targets may be probabilities, each by itself."""
    return head.target_low >= -SLACK and head.target_high <= 1 + SLACK


def _beyond(head: Head) -> bool:
    """Whether some are known to be none."""
    return head.target_low < -SLACK or head.target_high > 1 + SLACK


def _scattered(head: Head, loss: evidence.Loss) -> bool:
    """Whether the targets out of reach are noise about a truth that is within.

    A mean squared error, and no other, is least at the conditional mean. Where the output stands at
    its bound since the truth lies beyond, the targets lie beyond on average too; where they scatter
    about the bound, or lie within, the truth is not beyond it, and another range gains nothing. Of
    noise as likely upwards as downwards half of the square at most lies beyond: where more of what
    is left of the error does, the truth is out of reach.
    """
    truly = head.chain[:1] == ("mse_loss",) and head.excess >= TRULY * loss.end
    return (
        loss.known
        and not truly
        and not evidence.stuck(loss)
        and any(name in SQUARED for name in head.chain)
        and head.outside <= HALF
        and head.held < COLLAPSED
        and head.short < SCATTER
    )


def _muted(head: Head, record: Record) -> float:
    """Share of a rectified output's units that are dead though their targets are not at nought."""
    site = next((s for s in record.sites if s.layer == head.layer and s.function == "relu"), None)
    if not head.mute > 0 or site is None or site.units != head.width:
        return 0.0
    return min(head.mute, float(evidence.dead_units(site).mean()))


def _judge(
    head: Head, loss: evidence.Loss, record: Record
) -> tuple[str, str, Severity, float] | None:
    """Activation, sentence, severity and what share of the targets is out of reach."""
    if head.across:
        said = (
            "the softmax goes over another dimension than that of the classes, so that it compares "
            "the examples of a batch; 'dim=1' compares the classes"
        )
        return "log_softmax", said, "error", math.nan
    if _constant(head):
        said = "it is a softmax over a single value, which is 1 whatever the network computes"
        return "softmax", said, "error", math.nan
    labels = _not_probabilities(head)
    if labels is not None:
        given = next((n for n in head.chain if n in ("softmax", "safe_softmax", "sigmoid")), "")
        return given, labels, "error", math.nan
    twice = _squashed_twice(head)
    if twice is not None:
        wants, given = twice
        if given == "relu" and wants in ("softmax", "sigmoid") and not _is_last(head, wants):
            return None  # a gate inside the network, not the output
        low, high = number(head.output_low), number(head.output_high)
        said = (
            f"{WANTS_LOGITS[wants]} is applied to the result of {given} ({low} to {high}) "
            "where it expects unbounded logits, so the loss cannot fall and its gradient is weak"
        )
        severity: Severity = (
            "error" if given in ("softmax", "safe_softmax", "sigmoid") else "warning"
        )
        return given, said, severity, math.nan
    given_name = _not_logarithm(head)
    alone = all(h.chain[0] in ("nll_loss", "nll_loss2_d") for h in record.circumstances.heads)
    plain = given_name not in ("softmax", "safe_softmax", "sigmoid")
    if alone and loss.lowest < 0 and plain:
        given_name = "addmm"  # of log-probabilities it is never negative, whatever made them
    if given_name is not None:
        what = "raw outputs" if given_name.endswith("mm") else f"the result of {given_name}"
        said = f"a negative log-likelihood wants log-probabilities, and is given {what}"
        return given_name, said, "error", math.nan
    positive = floored(head)
    if positive is not None:
        said = (
            f"{positive} is never negative, and of what it gives an exponential is taken, which so "
            f"is never below one ({number(head.output_low)} to {number(head.output_high)}): a rate "
            "or a spread has to get there"
        )
        return positive, said, "warning", math.nan
    below = negative_logarithm(head)
    if below is not None and (record.non_finite or not math.isfinite(loss.end)):
        said = (
            f"a logarithm is taken of what {below} gives ({number(head.output_low)} to "
            f"{number(head.output_high)}), and has none below nought: a probability is wanted"
        )
        return below, said, "error", math.nan
    hard = hard_probability(head)
    if hard is not None and not loss.end <= STALLED * loss.start:
        said = (
            f"a binary cross-entropy is given what {hard} makes of a linear output: where it is "
            "surely wrong, at 0 or at 1, it has no slope, and the loss, a logarithm, cannot move it"
        )
        return hard, said, "error" if evidence.stuck(loss) else "warning", math.nan
    critic = _of_critic(head, record)
    if critic is not None:
        said = (
            f"it is a critic's score, of whose means a difference is taken, and {critic} bounds it "
            f"({number(head.output_low)} to {number(head.output_high)}): where the critic is sure, "
            "it has no slope, and what it tells apart is no distance"
        )
        return critic, said, "error", math.nan
    muted = _muted(head, record)
    if muted > 0:
        said = (
            f"{percent(muted)} of its {head.width} values are nought whatever enters, though their "
            "targets are not: below nought relu has no slope, so that what starts or falls there "
            "stays there"
        )
        return "relu", said, "error" if evidence.stuck(loss) else "warning", muted
    squash = _out_of_reach(head)
    if squash is not None:
        said = (
            f"{percent(head.outside)} of the targets ({number(head.target_low)} to "
            f"{number(head.target_high)}) lie outside the range of "
            + (
                f"a recurrent layer ({number(head.low)} to {number(head.high)})"
                if squash in RECURRENT
                else squash
            )
        )
        if _scattered(head, loss):
            said += ", but where the output stands at its bound they scatter about it: noise"
            return squash, said, "info", head.outside
        return squash, said, "error" if head.outside >= 0.25 else "warning", head.outside
    return None


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _remedies(given: str, head: Head, outside: bool, critic: bool) -> tuple[Remedy, ...]:
    if head.across:
        turned = {"from": given, "to": given, "dim": 1}
        scope = {"layers": [head.layer]}
        return (Remedy("swap_activation", "The classes are compared.", turned, scope),)
    labels = _not_probabilities(head)
    if labels is not None and given == "softmax" and _within(head):
        each = {"function": given, "to": "sigmoid", "each": True}
        why = "Each class gets a probability of its own."
        return (Remedy("remove_output_activation", why, each, {"layer": head.layer}),)
    if negative_logarithm(head) == given:
        turned = {"from": given, "to": "sigmoid"}
        scope = {"layers": [head.layer]}
        return (Remedy("swap_activation", "A sigmoid is a probability.", turned, scope),)
    if given in RECURRENT or labels is not None:
        return ()  # a layer more, other labels: no rerun can make that edit
    if given.endswith("mm"):
        why = "The loss gets log-probabilities."
        return (Remedy("add_activation", why, {"function": "log_softmax", "before": "nll_loss"}),)
    settings: dict[str, object] = {"function": given}
    settings |= {"scaled": True} if abs(head.scale) > 0 and head.scale != 1 else {}
    why = "The loss applies its own; it gets what the last layer gave."
    if _not_logarithm(head) == given:
        settings["log"] = True
        why = "The loss gets the logarithms of the probabilities."
    if _constant(head) and _beyond(head):
        settings["regression"] = True
        why = "A linear output reaches every target."
    elif _constant(head):
        settings["to"] = "sigmoid"
        why = "One value needs a sigmoid: a softmax compares several."
    elif critic:
        settings["regression"] = True
        why = "A score without bounds tells how far apart what it compares is."
    elif hard_probability(head) == given:
        settings["hard"] = True
        why = "A sigmoid has a slope wherever it is wrong."
    elif floored(head) and takes_a_logarithm(head):
        settings["rate"] = True
        why = "Told that it is given a rate, the loss takes no exponential of it."
    elif floored(head):
        settings["regression"] = True
        why = "A logarithm takes either sign."
    elif outside:
        settings["regression"] = True
        why = "A linear output reaches every target."
        if "clamp" in given:
            settings |= {"low": _bound(head.low), "high": _bound(head.high)}
    return (Remedy("remove_output_activation", why, settings, {"layer": head.layer}),)


def check(record: Record) -> Sequence[Finding]:
    """What enters the loss, read from autograd's graph, against what the loss is made for.

    Eleven cases, of which the last two need the training to go badly: a function that squashes
    (log-softmax, sigmoid) directly over one that has squashed already; a log-likelihood given no
    logarithm, or one that became negative; a logarithm of a tanh that broke; a softmax over one
    value, or over the batch; an exponential of a ReLU or a softplus (the logarithm of a variance or
    a rate may have either sign: Kingma and Welling 2014, appendix C); a binary cross-entropy whose
    targets are no probabilities; targets from 0 to 1 that above a softmax do not sum to one, under
    that loss or a regression's; a critic whose means one loss subtracts and another raises, behind
    a sigmoid or tanh; a regression of which more than a twentieth of the targets lie outside the
    range of the output's activation (``info`` where they are noise about a truth within: where the
    output stands at its bound, they lie beyond it by less than a third of their spread on average,
    and what lies beyond makes up less than three fifths of the error that is left); a binary
    cross-entropy over a clamp or a hard sigmoid, which reach 0 and 1, where half of the first loss
    was left; a rectified output some of whose values are dead, though their targets are not at
    nought. And an output that enters no loss, but a judge, whose data lie outside its range in good
    part (`rectifier.doctor.players`). Where something scales the squashed value first, to a range
    wider than two (``10 * tanh(x)``), nothing is said; a temperature that makes it narrower changes
    nothing.

    Source:
        Bridle 1990 and Bishop 2006, section 4.3.6 (canonical link: the error of the logits is
        prediction minus target, which needs the loss's own link function once); Arjovsky,
        Chintala and Bottou 2017, section 3 (a critic is any function of bounded slope); PyTorch's
        documentation of CrossEntropyLoss, BCEWithLogitsLoss and NLLLoss (what each expects).
    """
    findings = []
    loss = evidence.loss_of(record)
    told: set[tuple[str, str]] = set()
    for head in record.circumstances.heads:
        judged = _judge(head, loss, record)
        if judged is None:
            continue
        given, said, severity, outside = judged
        if (head.layer, given) in told:
            continue
        told.add((head.layer, given))
        site = next(
            (s for s in record.sites if s.layer == head.layer and s.function == given), None
        )
        numbers = {
            "output_low": head.output_low,
            "output_high": head.output_high,
            "targets_out_of_reach": outside,
            "width": float(head.width),
            "beyond_the_bound": head.short,
        }
        where = f"the last layer {head.layer!r}" if head.layer else "the last layer"
        findings.append(
            Finding(
                rule="unsuitable_output_activation",
                severity=severity,
                cause=f"The output behind {where} does not suit the loss: {said}.",
                layer=head.layer,
                site=site.site if site is not None else "",
                source=site.source if site is not None else head.source,
                first_step=head.step,
                evidence={key: v for key, v in numbers.items() if not math.isnan(v)},
                remedies=()
                if severity == "info"
                else _remedies(
                    given, head, not math.isnan(outside), bool(_of_critic(head, record))
                ),
            )
        )
    beside = out_of_range(record)
    return (*findings, *((beside,) if beside is not None else ()))


RULE = Rule(
    id="unsuitable_output_activation",
    check=check,
    summary="The last activation and the loss do not go together.",
    source="Bridle 1990; Bishop 2006, section 4.3.6; PyTorch documentation of the losses",
    explains=(
        "learning_rate_too_low",
        "learning_rate_too_high",
        "saturated_activation",
        "vanishing_gradient",
        "frozen_parameters",
        "dying_relu",
        "born_dead",
        "dormant_units",
        "poor_initialization",
        "unsuitable_activation",
        "non_finite",
    ),
)
