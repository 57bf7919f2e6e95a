"""The boundary between the observation and the user's program: nothing that fails here crosses it.

Part of the torch front end's interception (`rectifier.torch.sites`). Holds the observers, tells
them, and measures the time that observing takes. An observer that raises is detached; a failure of
the interception itself ends the observation. Either becomes a note that the record carries.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from rectifier.torch.observer import Observer


class Boundary:
    """Tells observers and keeps their failures from the program.

    Args:
        observers: Who is told, in this order.
        stop: Ends the observation; called after a failure of the interception itself.

    Attributes:
        live: The observers that want the step under way.
        busy: How many calls of observers are under way.
        replacers: Those of them that may replace what a site computes.
        notes: What failed or could not be seen, as sentences.
        seconds: Time spent in observing.
    """

    def __init__(self, observers: Sequence[Observer], stop: Callable[[], None]) -> None:
        self.observers = list(observers)
        self.live: tuple[Observer, ...] = ()
        self.replacers: tuple[Observer, ...] = ()
        self.notes: list[str] = []
        self.seconds = 0.0
        self.step = 0
        self.thread = threading.get_ident()
        self._stop = stop
        self.busy = 0
        self._guarding = 0

    def elsewhere(self) -> bool:
        """Whether the call under way is an observer's own, or another thread's."""
        return self.busy > 0 or threading.get_ident() != self.thread

    def choose(self) -> None:
        """Ask the observers which of them want the step that begins."""
        live = [o for o in tuple(self.observers) if self.notify(o, "wants_step", self.step)]
        if not live:  # most steps: as short as can be
            self.live = self.replacers = ()
            return
        self.live = tuple(live)
        self.replacers = tuple(o for o in live if type(o).replace is not Observer.replace)

    def sleeps(self) -> int:
        """For how many steps, of which nobody wants the first, no observer is to be called."""
        return min((self.notify(o, "sleeps", self.step) or 0 for o in self.observers), default=0)

    def notify(self, observer: Observer, method: str, *args: Any) -> Any:
        """Tell one observer; what it raises detaches it."""
        self.busy += 1
        try:
            return getattr(observer, method)(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self._detach(observer, method, error)
            return None
        finally:
            self.busy -= 1

    def announce(self, method: str, *args: Any) -> None:
        """Tell all observers."""
        self.busy += 1
        try:
            for observer in tuple(self.observers):
                try:
                    with torch._C._EnableTorchFunction():  # a remedy may run the model itself
                        getattr(observer, method)(*args)
                except Exception as error:  # noqa: BLE001 - as in `notify`
                    self._detach(observer, method, error)
        finally:
            self.busy -= 1

    def exchange(self, old: Sequence[Observer], new: Sequence[Observer]) -> None:
        """Observers in the place of others, from the next step on."""
        places = [i for i, o in enumerate(self.observers) if any(o is each for each in old)]
        place = places[0] if places else 0
        rest = [o for o in self.observers if not any(o is each for each in old)]
        self.observers = [*rest[:place], *new, *rest[place:]]
        self.live = tuple(o for o in self.live if any(o is each for each in rest))
        self.replacers = tuple(o for o in self.replacers if any(o is each for each in rest))

    def _detach(self, observer: Observer, method: str, error: Exception) -> None:
        self.notes.append(
            f"{type(observer).__name__} was detached at step {self.step}: its {method} raised "
            f"{type(error).__name__}: {error}"
        )
        self.observers = [o for o in self.observers if o is not observer]
        self.live = tuple(o for o in self.live if o is not observer)
        self.replacers = tuple(o for o in self.replacers if o is not observer)

    def hidden(self, method: Callable[..., Any], *args: Any) -> Any:
        """As `guard`, and unseen by torch's function modes.

        Under a mode of torch every look at a tensor's shape is a call of that mode, ours included.
        """
        self._guarding += 1
        start = time.perf_counter() if self._guarding == 1 else 0.0
        try:
            with torch._C.DisableTorchFunction():
                return method(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self._failed(method, error)
            return None
        finally:
            self._guarding -= 1
            if self._guarding == 0:
                self.seconds += time.perf_counter() - start

    def guard(self, method: Callable[..., Any], *args: Any) -> Any:
        """Run a part of the interception; its failure ends the observation, not the program."""
        self._guarding += 1
        start = time.perf_counter() if self._guarding == 1 else 0.0
        try:
            return method(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self._failed(method, error)
            return None
        finally:
            self._guarding -= 1
            if self._guarding == 0:
                self.seconds += time.perf_counter() - start

    def _failed(self, method: Callable[..., Any], error: Exception) -> None:
        self.notes.append(
            f"Observation ended at step {self.step}: {method.__name__.strip('_')} raised "
            f"{type(error).__name__}: {error}"
        )
        self.observers = []
        self.live = self.replacers = ()
        self._stop()
