"""Reports in the terminal, by rich: coloured where that helps, plain text when piped.

Part of the report layer; with `rectifier.cli` the only one that prints. Each function takes what it
shows and the `rich.console.Console` to show it on, whose settings decide: no escape codes where the
output is no terminal or ``NO_COLOR`` is set, and nothing is said by colour alone. Each is
loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rectifier.report.terminal.card import print_card as print_card
    from rectifier.report.terminal.card import print_list as print_list
    from rectifier.report.terminal.comparison import print_comparison as print_comparison
    from rectifier.report.terminal.ledger import print_claim as print_claim
    from rectifier.report.terminal.ledger import print_ledger as print_ledger
    from rectifier.report.terminal.live import LiveTable as LiveTable
    from rectifier.report.terminal.peers import print_peers as print_peers
    from rectifier.report.terminal.repair import print_repair as print_repair
    from rectifier.report.terminal.run import print_run as print_run
    from rectifier.report.terminal.tasks import print_tasks as print_tasks
    from rectifier.report.terminal.unit import print_unit as print_unit

_HOME = {
    "LiveTable": "live",
    "print_card": "card",
    "print_claim": "ledger",
    "print_comparison": "comparison",
    "print_ledger": "ledger",
    "print_list": "card",
    "print_peers": "peers",
    "print_repair": "repair",
    "print_run": "run",
    "print_tasks": "tasks",
    "print_unit": "unit",
}
"""The file that each name is in."""

__all__ = [
    "LiveTable",
    "print_card",
    "print_claim",
    "print_comparison",
    "print_ledger",
    "print_list",
    "print_peers",
    "print_repair",
    "print_run",
    "print_tasks",
    "print_unit",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rectifier.report.terminal' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"rectifier.report.terminal.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
