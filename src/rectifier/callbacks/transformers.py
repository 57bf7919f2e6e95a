"""``Trainer(callbacks=[Watch()])`` for Hugging Face's Trainer.

For `rectifier.callbacks`. The Trainer tells its callbacks of no exception. Where `train` may raise,
enter the callback as a context, which ends the watch in any case::

    with Watch() as watch:
        Trainer(model, arguments, callbacks=[watch], ...).train()
    watch.findings
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from rectifier.callbacks.outcome import Options, Outcome
from rectifier.optional import require
from rectifier.session import Session

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding
    from rectifier.watch.record import Record

_PACKAGE = require(
    "transformers", extra="transformers", purpose="the callback for Hugging Face's Trainer"
)
_Callback: Any = _PACKAGE.TrainerCallback


class Watch(_Callback):  # type: ignore[misc]  # its base is known only when it is imported
    """Watches a training.

    Args:
        **options: As `rectifier.callbacks.outcome.Options` says.

    Raises:
        InvalidInputError: An option is out of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self._outcome = Outcome(**options)
        self._session: Session | None = None

    @property
    def record(self) -> Record:
        """What was measured so far."""
        return self._outcome.record if self._session is None else self._session.record

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, root cause first; known once the training is over."""
        return self._outcome.findings

    def __enter__(self) -> Self:
        """Nothing yet: the Trainer says when it begins."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: Any = None, **others: Any
    ) -> None:
        """Begin to watch. Any optimiser's steps count: the Trainer wraps its own after this."""
        self._end()
        listeners = self._outcome.listeners if state.is_world_process_zero else []
        self._session = Session([model], (), self._outcome.options, listeners=listeners)
        self._session.start()

    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Stop; raise where that was asked for."""
        self._end()
        self._outcome.judge()

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.stop()
            self._outcome.take(session.record)
