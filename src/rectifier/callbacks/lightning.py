"""``Trainer(callbacks=[Watch()])`` for Lightning.

For `rectifier.callbacks`. Training steps are watched; validation, sanity checks and prediction are
not part of the record. The name of the package that is there is found: ``lightning`` or
``pytorch_lightning``.

Example:
    ::

        from rectifier.callbacks.lightning import Watch

        watch = Watch(html="report.html")
        Trainer(callbacks=[watch]).fit(model, data)
        watch.findings
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack

from rectifier.callbacks.outcome import Options, Outcome
from rectifier.optional import require
from rectifier.session import Session
from rectifier.watch.listening import Listener

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding
    from rectifier.watch.record import Record

_NAMES = ("lightning.pytorch", "pytorch_lightning")
_FOUND = next((name for name in _NAMES if importlib.util.find_spec(name.partition(".")[0])), None)
_PACKAGE = require(_FOUND or _NAMES[0], extra="lightning", purpose="the callback for Lightning")
_Callback: Any = _PACKAGE.Callback


class Watch(_Callback):  # type: ignore[misc]  # its base is known only when it is imported
    """Watches a fit.

    Args:
        log: Whether the numbers go to the trainer's own loggers too.
        **options: As `rectifier.callbacks.outcome.Options` says.

    Raises:
        InvalidInputError: An option is out of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.
    """

    def __init__(self, *, log: bool = True, **options: Unpack[Options]) -> None:
        super().__init__()
        self._outcome = Outcome(**options)
        self._log = log
        self._session: Session | None = None

    @property
    def record(self) -> Record:
        """What was measured so far."""
        return self._outcome.record if self._session is None else self._session.record

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, root cause first; known once the fit is over."""
        return self._outcome.findings

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch: the model is on its device, and its optimisers are made."""
        self._end()
        listeners: list[Listener] = []
        if trainer.is_global_zero:
            listeners += self._outcome.listeners
            listeners += [_Loggers(trainer.loggers)] if self._log and trainer.loggers else []
        optimizers = [getattr(each, "optimizer", each) for each in trainer.optimizers]
        self._session = Session([pl_module], optimizers, self._outcome.options, listeners=listeners)
        self._session.start()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Stop; raise where that was asked for."""
        self._end()
        self._outcome.judge()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Stop; what was measured until then is kept."""
        self._end()

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Leave nothing behind, however the fit ended."""
        self._end()

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.stop()
            self._outcome.take(session.record)


class _Loggers:
    """The trainer's own loggers as a listener."""

    name = "the trainer's logger"
    interval = 5.0

    def __init__(self, loggers: Iterable[Any]) -> None:
        self._loggers = list(loggers)
        self._latest = -1

    def open(self) -> None:
        """Nothing: they are open."""

    def update(self, record: Record) -> None:
        """Log the newest moment that is known in full; more would crowd out the user's own."""
        from rectifier.watch.sinks.moments import moments

        found = [each for each in moments(record, self._latest) if len(each.values) > 2]
        if found:
            self._latest = found[-1].step
            for logger in self._loggers:
                logger.log_metrics(found[-1].values, step=found[-1].step)

    def close(self, record: Record, findings: Any) -> None:
        """Log the last moment."""
        del findings
        self.update(record)
