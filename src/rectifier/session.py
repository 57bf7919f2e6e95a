"""Watch a training from inside a program: ``with watch(model, optimizer) as session: ...``.

The layer just below the command line: joins the watcher, the doctor, the sinks and the report. The
callbacks of trainers (`rectifier.callbacks`) are made of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from torch import nn
from torch.optim import Optimizer

from rectifier.errors import InvalidInputError
from rectifier.torch.sites import Interception, Observer
from rectifier.watch.announcer import Announcer
from rectifier.watch.listening import Listener, Listeners
from rectifier.watch.options import WatchOptions
from rectifier.watch.processes import is_first_process
from rectifier.watch.record import Record
from rectifier.watch.sinks import from_text
from rectifier.watch.watcher import Watcher

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding


class Session:
    """A training that is, or was, watched.

    Args:
        models: Root modules to watch.
        optimizers: Whose steps count; none given: those of all.
        options: How to watch.
        observers: More observers, told before the watcher.
        listeners: Who gets the record now and then, and at the end; see `rectifier.watch.sinks`.
    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        optimizers: Sequence[Optimizer] = (),
        options: WatchOptions | None = None,
        observers: Sequence[Observer] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._watcher = Watcher(options)
        self._listeners = Listeners(listeners if is_first_process() else ())
        self._running = False
        told: list[Observer] = [*observers, self._watcher]
        if self._listeners:
            told.append(Announcer(self._listeners, self._watcher.record))
        self._interception = Interception(told, models, optimizers=optimizers)
        for optimizer in optimizers:
            self._watcher.on_optimizer(optimizer)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop(together=error is None)

    def start(self) -> None:
        """Begin to watch; for loops that no ``with`` block can enclose. Once begun, stop it.

        Raises:
            InvalidInputError: It has begun already.
        """
        if self._running:
            raise InvalidInputError("this session is watching already; stop it first")
        self._running = True
        self._interception.__enter__()

    def stop(self) -> None:
        """Stop watching, leave nothing behind, and close the sinks; no harm where it is stopped."""
        self._stop(together=True)

    def _stop(self, *, together: bool) -> None:
        if not self._running:
            return
        self._running = False
        self._interception.__exit__()
        if together:
            self._watcher.come_together()
        if self._listeners:
            self._listeners.close(self.record, [each.to_dict() for each in self.diagnose()])

    @property
    def record(self) -> Record:
        """What was measured so far."""
        record = self._watcher.record()
        return dataclasses.replace(
            record, notes=(*record.notes, *self._interception.notes, *self._listeners.notes)
        )

    def diagnose(self) -> tuple[Finding, ...]:
        """What is wrong, the root cause first."""
        from rectifier.doctor.diagnose import diagnose

        return diagnose(self.record)

    def report(self, path: str | Path) -> None:
        """Write what was measured and found as one HTML page.

        Args:
            path: File to write.

        Raises:
            OutputError: It cannot be written.
        """
        from rectifier.report.page import write_run

        write_run(path, self.record, self.diagnose())


def watch(
    model: nn.Module | Sequence[nn.Module],
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    *,
    every: int | None = None,
    budget: float | None = None,
    observers: Sequence[Observer] = (),
    sinks: Sequence[str | Listener] = (),
) -> Session:
    """Watch models while they train inside a ``with`` block; nothing is left behind after it.

    Args:
        model: The model, or several.
        optimizer: The optimiser, or several, whose steps count; None: any.
        every: Observe every n-th step; None: as many as the budget allows.
        budget: Share of the time that observing may cost; None: 0.02.
        observers: More observers of the interception.
        sinks: Where the numbers go meanwhile, such as ``"tensorboard:runs/first"`` or
            ``"jsonl:run.jsonl"``; `rectifier.watch.sinks` lists them.

    Returns:
        The session; enter it with ``with``.

    Raises:
        InvalidInputError: ``model`` is no module, ``optimizer`` no optimiser, or an option is out
            of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> import rectifier.torch as rt
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with rt.watch(model, optimizer, every=1) as session:
        ...     for _ in range(3):
        ...         loss = model(torch.ones(2, 4)).square().mean()
        ...         optimizer.zero_grad()
        ...         loss.backward()
        ...         optimizer.step()
        >>> session.record.steps, [site.site for site in session.record.sites]
        (3, ['1'])
    """
    models = _all_of(model, nn.Module, "model", "a torch.nn.Module")
    optimizers = (
        [] if optimizer is None else _all_of(optimizer, Optimizer, "optimizer", "an Optimizer")
    )
    listeners = [from_text(each) if isinstance(each, str) else each for each in sinks]
    options = WatchOptions(every=every, budget=budget)
    return Session(models, optimizers, options, observers, listeners)


def _all_of(value: Any, kind: type, name: str, expected: str) -> list[Any]:
    found = list(value) if isinstance(value, list | tuple) else [value]
    for item in found:
        if not isinstance(item, kind):
            raise InvalidInputError(
                f"{name} must be {expected} or several in a list, got {type(item).__name__}."
            )
    if not found:
        raise InvalidInputError(f"{name} must be {expected} or several in a list, got none.")
    return found
