"""Applies the rules to a case. Layer: advice, a pure function."""

from __future__ import annotations

from dataclasses import dataclass

from rectifier import catalog
from rectifier.advice.case import Case
from rectifier.advice.rules import RULES, TOPICS, Rule, Side, Topic


@dataclass(frozen=True)
class Advice:
    """What is advised on one topic.

    Attributes:
        topic: The topic. ``rule``: the one that decides.
        also: Others that hold and say something else, the first of each choice.
        note: What it means for the network that was read; empty where nothing is to be said.
    """

    topic: Topic
    rule: Rule
    also: tuple[Rule, ...]
    note: str = ""


def advise(case: Case) -> tuple[Advice, ...]:
    """Advice on every topic on which a rule holds, in the order of `TOPICS`.

    Example:
        >>> [a.rule.choice for a in advise(Case("transformer")) if a.topic == "activation"]
        ['gelu']
    """
    found = []
    for topic in TOPICS:
        holding = [rule for rule in RULES if rule.topic == topic and rule.holds(case)]
        if not holding:
            continue
        first, *rest = holding
        others = {rule.choice: rule for rule in reversed(rest) if rule.choice != first.choice}
        also = tuple(rule for rule in rest if others.get(rule.choice) is rule)
        found.append(Advice(topic, first, also, _note(topic, first, case)))
    return tuple(found)


def _note(topic: Topic, rule: Rule, case: Case) -> str:
    if topic == "activation":
        return _swap(rule, case)
    if topic == "output" and case.output_activation:
        return f"the network ends in {case.output_activation}"
    if topic == "normalisation" and case.batch_norm is not None:
        if case.batch_norm:
            return "the network has batch normalisation"
        return (
            f"the network has {case.other_norm} normalisation"
            if case.other_norm
            else ("the network has none")
        )
    if rule.choice == "randomized_asymmetric" and case.born_dead is not None:
        return f"up to {case.born_dead:.0%} of such networks are dead at the start"
    return ""


def _swap(rule: Rule, case: Case) -> str:
    """What the chosen activation means for a network that has some."""
    hidden = [name for name in case.activations if name != case.output_activation]
    if not hidden:
        return ""
    have = ", ".join(hidden)
    if rule.choice in hidden or (rule.choice == "sine" and case.of_sines):
        return f"the network has it already ({have})"
    if case.domain == "rnn":
        return f"the network has {have}"
    if rule.choice in catalog.gated_names():
        return f"the network has {have}; a gated unit brings layers of its own (rt.SwiGLU)"
    if hidden[0] in catalog.gated_names():
        return f"the network has {have}, with layers of its own; to try it, put an MLP in its place"
    # What is no activation to torch, such as a cosine, cannot be swapped by name.
    if hidden[0] in case.written_out or hidden[0] not in catalog.names():
        put = f"rt.activation({rule.choice!r})"
        return f"the network has {have}, written out; to try it, put {put} in its place"
    return f"the network has {have}; to try it: rt.swap(model, {hidden[0]!r}, {rule.choice!r})"


def stance(side: Side, verdict: str, *, settled: bool) -> str:
    """What the ledger's verdict on a claim means for a piece of advice.

    Args:
        side: How the claim stands to the advice, if it is true.
        verdict: What came of it.
        settled: Whether the verdict is one in every way that the claim can be read, and no interval
            reaches across a bound.

    Returns:
        ``supports it``, ``contradicts it``, ``leaves it open`` or ``bears on it``.
    """
    if side == "about":
        return "bears on it"
    if verdict == "not testable here" or not settled:
        return "leaves it open"
    speaks_for = (verdict == "reproduced") == (side == "for")
    return "supports it" if speaks_for else "contradicts it"
