"""Reports in the terminal, by rich: coloured where that helps, plain text when piped.

Part of the report layer; with `rectifier.cli` the only one that prints. Each function takes what it
shows and the `rich.console.Console` to show it on, whose settings decide: no escape codes where the
output is no terminal or ``NO_COLOR`` is set, and nothing is said by colour alone.
"""

from __future__ import annotations

from rectifier.report.terminal.card import print_card, print_list
from rectifier.report.terminal.comparison import print_comparison
from rectifier.report.terminal.ledger import print_claim, print_ledger
from rectifier.report.terminal.live import LiveTable
from rectifier.report.terminal.peers import print_peers
from rectifier.report.terminal.repair import print_repair
from rectifier.report.terminal.run import print_run
from rectifier.report.terminal.tasks import print_tasks
from rectifier.report.terminal.unit import print_unit

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
