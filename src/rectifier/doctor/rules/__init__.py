"""The rules, one file each, found by scanning this package: a new file needs no registration.

A file ``rules/<id>.py`` holds ``RULE = Rule(id="<id>", …)`` whose ``check`` is a pure function of a
`rectifier.watch.record.Record`. Thresholds carry their source in the function's docstring.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from rectifier.doctor.rule import Rule
from rectifier.errors import UnknownNameError


@functools.cache
def _rules() -> Mapping[str, Rule]:
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__):
        rule: Rule = importlib.import_module(f"{__name__}.{module.name}").RULE
        found[rule.id] = rule
    return MappingProxyType(found)


def names() -> tuple[str, ...]:
    """The ids of all rules, sorted."""
    return tuple(sorted(_rules()))


def get(name: str) -> Rule:
    """The rule of that id.

    Raises:
        UnknownNameError: There is none; the message lists the nearest ones.
    """
    rules = _rules()
    if name not in rules:
        raise UnknownNameError("rule", name, rules)
    return rules[name]
