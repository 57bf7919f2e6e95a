"""``mlflow[:URI]``: metrics of an MLflow run, and the findings as an artifact and a tag."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rectifier.optional import expect, require
from rectifier.watch.record import Record
from rectifier.watch.sinks.moments import Moment
from rectifier.watch.sinks.sink import Sink, as_text

_BATCH = 1000
"""Most metrics that a tracking server takes at once."""


class MLflow(Sink):
    """Writes to the run that the program has open, else to one of its own.

    It goes by the client with the run's id, so that the program's own active run, experiment and
    tracking URI stay as they are.

    Args:
        uri: Tracking URI; empty for the one that MLflow is set to.
        run_id: Of the run to write to; None: the active one, else a new one.
    """

    name = "mlflow"

    def __init__(self, uri: str = "", run_id: str | None = None) -> None:
        super().__init__()
        self._uri = uri
        self._run_id = run_id
        self._own = False
        self._client: Any = None

    def _open(self) -> Any:
        if self._client is None:
            mlflow = require("mlflow", extra="mlflow", purpose="the sink 'mlflow'")
            self._client = mlflow.MlflowClient(tracking_uri=self._uri or None)
            active = None if self._uri else mlflow.active_run()
            if self._run_id is None and active is not None:
                self._run_id = active.info.run_id
            if self._run_id is None:
                self._run_id = self._client.create_run(
                    "0", run_name="rectifier", tags={"mlflow.source.name": "rectifier"}
                ).info.run_id
                self._own = True
        return self._client

    def open(self) -> None:
        """Find or make the run."""
        self._open()

    def write(self, new: Sequence[Moment], record: Record) -> None:
        """Metrics of all moments."""
        client = self._open()
        metric = require("mlflow.entities", extra="mlflow", purpose="the sink 'mlflow'").Metric
        now = int(time.time() * 1000)
        numbers = (
            metric(_key(name), value, now, moment.step)
            for moment in new
            for name, value in moment.values.items()
        )
        while batch := list(itertools.islice(numbers, _BATCH)):
            client.log_batch(self._run_id, metrics=batch)

    def finish(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The findings; a run of our own ends."""
        client = self._open()
        rules = ", ".join(dict.fromkeys(str(finding["rule"]) for finding in findings))
        client.set_tag(self._run_id, "rectifier.findings", rules or "none")
        client.log_text(self._run_id, as_text(findings), "rectifier/findings.md")
        if self._own:
            client.set_terminated(self._run_id)


def _key(name: str) -> str:
    """A name in the characters that MLflow allows."""
    return "".join(c if c.isalnum() or c in "_-. :/" else "_" for c in name)


def sink(place: str) -> MLflow:
    """Make it from a tracking URI."""
    expect("mlflow", extra="mlflow", purpose="the sink 'mlflow'")
    return MLflow(place)
