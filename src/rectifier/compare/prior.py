"""What would have been advised before anything was measured, by domain.

Layer: compare, no framework. The rules are those of ``rectifier advise``, so that the two never say
different things; their advice stands beside the measurement and decides nothing.
"""

from __future__ import annotations

from rectifier.advice.answer import advise
from rectifier.advice.case import PREFERENCES, Case
from rectifier.advice.rules import Rule
from rectifier.errors import UnknownNameError

CASES = {
    "vision": Case("cnn"),
    "language": Case("transformer"),
    "control": Case("rl"),
    "series": Case("series", signed_inputs=True),
    "tables": Case("tables"),
}
"""The described case of each domain of tasks (`rectifier.data.Task`)."""

DOMAINS = ("vision", "language", "rl", "series", "tables")
"""As in ``--domain``."""
NAMES = {
    "vision": "images",
    "language": "language",
    "control": "control",
    "series": "series",
    "tables": "tables",
}


def advice(domain: str, *, guessed: str = "") -> str:
    """What the rules say of a domain, where accuracy comes first and where speed does, too.

    Args:
        domain: Of a task; one that is not known, or none, gives the empty string.
        guessed: What the domain was guessed from; empty: it is known.

    Returns:
        Sentences with their sources, and the claims of the ledger that bear on them.

    Example:
        >>> advice("tables").partition(".")[0]
        'For tables rectifier advise starts from relu'
    """
    case = CASES.get(domain)
    if case is None:
        return ""
    first = _activation(case)
    told = [f"For {NAMES[domain]} rectifier advise starts from {_said(first)}."]
    if guessed:
        told.insert(0, f"That this is about {NAMES[domain]} is a guess, from {guessed}.")
    seen = {first.choice}
    for prefer in PREFERENCES:
        rule = _activation(Case(case.domain, signed_inputs=case.signed_inputs, prefer=prefer))
        if rule.choice not in seen:
            seen.add(rule.choice)
            told.append(f"Where {prefer} comes first, from {_said(rule)}.")
    return " ".join(told)


def known(domain: str) -> str:
    """The domain of that name; ``rl`` is ``control``.

    Raises:
        UnknownNameError: There is no such domain.
    """
    found = "control" if domain == "rl" else domain
    if found not in CASES:
        raise UnknownNameError("domain", domain, DOMAINS)
    return found


def _activation(case: Case) -> Rule:
    return next(each.rule for each in advise(case) if each.topic == "activation")


def _said(rule: Rule) -> str:
    claims = f"; claims {', '.join(rule.claims)}" if rule.claims else ""
    return f"{rule.choice}. {rule.why.rstrip('.')} ({rule.source}{claims})"
