"""The callback itself.

For `rectifier.callbacks.keras`; `run` does the work of one fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import keras

from rectifier.callbacks.keras.run import Run
from rectifier.callbacks.outcome import Options, Outcome

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding
    from rectifier.watch.record import Record

_Callback: Any = keras.callbacks.Callback


class Watch(_Callback):  # type: ignore[misc]  # Keras has no types
    """Watches a fit.

    Args:
        **options: As `rectifier.callbacks.outcome.Options` says.

    Raises:
        InvalidInputError: An option is out of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__()
        self._outcome = Outcome(**options)
        self._run: Run | None = None

    @property
    def record(self) -> Record:
        """What was measured so far."""
        return self._outcome.record if self._run is None else self._run.record()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, root cause first; known once the fit is over."""
        return self._outcome.findings

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin to watch."""
        self._end()
        self._run = Run(self.model, self._outcome)

    def on_train_end(self, logs: Any = None) -> None:
        """Stop; raise where that was asked for."""
        self._end()
        self._outcome.judge()

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.stop()
        self._outcome.take(run.record())
        run.listeners.close(
            self._outcome.record, [finding.to_dict() for finding in self._outcome.findings]
        )
