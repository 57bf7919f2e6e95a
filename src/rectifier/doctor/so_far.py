"""The record of a training that is under way, for who acts on it meanwhile. Framework-free.

Layer: doctor, on `rectifier.watch`. The watcher is an observer beside who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rectifier.watch.record import Record


def measuring(interception: Any) -> Callable[[], Record] | None:
    """What gives the record so far: the watcher's own method; None where nobody watches.

    Args:
        interception: The asking observer's; None while it is not attached.
    """
    observers = () if interception is None else interception.observers
    found = (getattr(observer, "record", None) for observer in observers)
    return next((record for record in found if record is not None), None)
