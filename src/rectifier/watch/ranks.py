"""Several processes that train one model: what each has seen comes together in the first.

Layer: watch, on torch. Nothing is exchanged while the training runs: an observation that waited for
another process could stop the training. When it is over each process leaves what it has seen in the
store by which torch's processes found each other, and the first one takes it from there; one that
does not come in time is left out, and that is said.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed

from rectifier.watch.ledger import SiteLedger
from rectifier.watch.training import TrainingLedger

SECONDS = 60.0
"""How long the first process waits for another one."""

_PIECE = 1 << 22
"""Bytes left in the store at a time."""

_NUMBERS = itertools.count()
"""Each exchange has the same number in all processes, which watch the same trainings in turn."""


@dataclass
class Share:
    """What one process has seen.

    Attributes:
        sites: By model, name and function. ``training``: the training.
        observed: How many steps were observed. ``steps``: how many there were.
    """

    sites: dict[tuple[str, str, str], SiteLedger]
    training: TrainingLedger
    observed: int
    steps: int


def together() -> int:
    """How many processes train together; 1 where this one is alone."""
    if not distributed.is_available() or not distributed.is_initialized():
        return 1
    return int(distributed.get_world_size())


def exchange(share: Share, seconds: float = SECONDS) -> tuple[list[Share], list[str]]:
    """Leave a share for the first process, or collect those of the others.

    Args:
        share: What this process has seen.
        seconds: How long to wait for another process.

    Returns:
        In the first process the shares of the others, and sentences about what is missing; in the
        others nothing.
    """
    rank, count, store = _place()
    number = next(_NUMBERS)
    if store is None:
        return [], ["The processes can no longer reach each other; this is what one of them saw."]
    if rank > 0:
        _leave(store, f"rectifier/{number}/{rank}", pickle.dumps(share))
        return [], []
    shares: list[Share] = []
    notes: list[str] = []
    for other in range(1, count):
        try:
            data = _take(store, f"rectifier/{number}/{other}", seconds)
        except (
            RuntimeError,
            TimeoutError,
        ) as error:  # the store's errors have no class of their own
            reason = str(error).partition("\n")[0][:120]
            notes.append(f"Process {other} left nothing of what it saw: {reason}")
            continue
        found = pickle.loads(data)
        if isinstance(found, Share):
            shares.append(found)
    return shares, notes


def _place() -> tuple[int, int, Any]:
    """Rank, number of processes, and the store that they share."""
    if distributed.is_initialized():
        store = distributed.distributed_c10d._get_default_store()
        return distributed.get_rank(), distributed.get_world_size(), store
    known = all(name in os.environ for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"))
    if not known or os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return 0, 1, None
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    wait = datetime.timedelta(seconds=SECONDS)
    found: Any = None
    with contextlib.suppress(RuntimeError):  # nobody is there any more: said by who asked
        found = torch._C._distributed_c10d.TCPStore(address, port, None, False, wait)
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), found


def _leave(store: Any, key: str, data: bytes) -> None:
    pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
    for place, piece in enumerate(pieces):
        store.set(f"{key}/{place}", piece)
    store.set(key, str(len(pieces)))


def _take(store: Any, key: str, seconds: float) -> bytes:
    store.wait([key], datetime.timedelta(seconds=seconds))
    count = int(store.get(key))
    return b"".join(bytes(store.get(f"{key}/{place}")) for place in range(count))


def join(own: Share, others: Sequence[Share]) -> list[str]:
    """Add the shares of other processes to one's own.

    Args:
        own: Changed in place.
        others: Theirs.

    Returns:
        Sentences about what does not fit together.
    """
    notes: list[str] = []
    processes = len(others) + 1
    fitting = [o for o in others if (o.observed, o.steps) == (own.observed, own.steps)]
    if len(fitting) < len(others):
        notes.append(
            f"{len(others) - len(fitting)} processes took or observed other steps than the first; "
            "what they saw is left out."
        )
    for other in fitting:
        for key, ledger in own.sites.items():
            theirs = other.sites.get(key)
            if theirs is not None and theirs.units == ledger.units:
                ledger.join(theirs)
        strange = len(other.sites.keys() - own.sites.keys())
        if strange:
            notes.append(f"Another process has {strange} sites that the first does not have.")
    for ledger in own.sites.values():
        ledger.scale_gradients(processes)
    own.training.join([other.training for other in fitting])
    return notes
