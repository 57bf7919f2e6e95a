"""A remedy at work in a program, for the tests of remedies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rectifier.doctor import remedies
from rectifier.doctor.finding import Remedy
from rectifier.torch.sites import Interception

T = TypeVar("T")


def under(
    action: str,
    program: Callable[[], T],
    scope: dict[str, object] | None = None,
    **settings: object,
) -> tuple[T, list[str]]:
    """Run a program with a remedy at work; what it returns, and what was done."""
    built = remedies.build(Remedy(action, "", settings, scope or {}))
    interception = Interception([built])
    with interception:
        result = program()
    assert interception.notes == [], interception.notes
    return result, built.log
