"""Which of several processes of one training reports, and which train unseen. Standard library."""

from __future__ import annotations

import os


def is_first_process() -> bool:
    """Whether this process is the one that writes and prints, by the variables of ``torchrun``.

    Returns:
        False in a process whose ``RANK`` is a number other than 0; True elsewhere.
    """
    rank = os.environ.get("RANK", "0").strip()
    return not rank.isdecimal() or int(rank) == 0


STARTED_SECONDS = 1.0
"""Computing time below which what a program starts is a tool it asks, such as a compiler."""


def elsewhere() -> str:
    """Where the training may be that was not seen, as the end of a sentence; empty if unknown.

    Returns:
        What to do, where processes that this one started have computed, and ended.
    """
    times = os.times()
    spent = times.children_user + times.children_system
    if spent < STARTED_SECONDS:
        return ""
    return (
        f". Processes that the program started computed for {spent:.0f} s, and are not watched: "
        "start them with torchrun, or put the training within rt.watch"
    )
