"""Which of several processes of one training reports. Standard library only."""

from __future__ import annotations

import os


def is_first_process() -> bool:
    """Whether this process is the one that writes and prints, by the variables of ``torchrun``.

    Returns:
        False in a process whose ``RANK`` is a number other than 0; True elsewhere.
    """
    rank = os.environ.get("RANK", "0").strip()
    return not rank.isdecimal() or int(rank) == 0
