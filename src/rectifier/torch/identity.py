"""Objects known by what they are, not by what they equal: modules may define a hash of their own.

Layer: torch front end; standard library only. A metric of torchmetrics is an ``nn.Module`` whose
hash reads its state: it has none yet while it is made, and another one after each update. So a weak
set or dictionary of modules has to go by identity.
"""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class ByIdentity(Generic[Kept]):
    """A dictionary from objects that it does not keep alive, by their identity.

    Example:
        >>> class Thing: ...
        >>> known, one, other = ByIdentity(), Thing(), Thing()
        >>> known[one] = 1
        >>> one in known, other in known, known.get(one)
        (True, False, 1)
        >>> del one
        >>> len(known)
        0
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[weakref.ref[object], Kept]] = {}

    def __setitem__(self, key: object, value: Kept) -> None:
        name, held = id(key), self._held
        known = held.get(name)
        if known is not None and known[0]() is key:
            held[name] = known[0], value
            return

        def forget(gone: weakref.ref[object]) -> None:
            now = held.get(name)
            if now is not None and now[0] is gone:  # the address may serve another object by now
                del held[name]

        held[name] = weakref.ref(key, forget), value

    def get(self, key: object) -> Kept | None:
        """What is kept for an object; None where nothing is."""
        known = self._held.get(id(key))
        return known[1] if known is not None and known[0]() is key else None

    def __contains__(self, key: object) -> bool:
        known = self._held.get(id(key))
        return known is not None and known[0]() is key

    def __len__(self) -> int:
        return len(self._held)
