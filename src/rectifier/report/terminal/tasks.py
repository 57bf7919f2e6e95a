"""The tasks there are, and where their data lie. Part of `rectifier.report.terminal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rectifier.report.terminal.screen import cell, show, table

if TYPE_CHECKING:
    from rich.console import Console


def print_tasks(tasks: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print a table with a row for each task.

    Args:
        tasks: Plain values, as ``rectifier data --json`` writes them.
        console: Where to print.
    """
    made = table(
        ("task", "left"), ("what it is", "left"), ("network", "left"), ("licence", "left"),
        ("data", "left"), padding=2,
    )  # fmt: skip
    for task in tasks:
        made.add_row(
            cell(task["name"], "bold"), cell(task["summary"]), cell(task["model"]),
            cell(task["licence"]), cell(task["data"]),
        )  # fmt: skip
    show(console, [made])
