"""``mlflow[:URI]``: an MLflow run for each final run, and one with the verdicts."""

from __future__ import annotations

import json
import time
from typing import Any

from rectifier.compare import sinks
from rectifier.compare.result import Comparison
from rectifier.compare.trial import Outcome, Trial
from rectifier.optional import expect, require

_EXPERIMENT = "rectifier compare"
_LONGEST = 500
"""Characters of a parameter's value that every version of MLflow takes."""


class MLflow:
    """Writes runs of the experiment "rectifier compare", by the client alone.

    The program's own active run, experiment and tracking URI stay as they are.

    Args:
        uri: Tracking URI; empty for the one that MLflow is set to.
    """

    def __init__(self, uri: str = "") -> None:
        self._uri = uri
        self._client: Any = None
        self._experiment = ""

    def begin(self) -> None:
        """Find the experiment, or make it."""
        with sinks.telling("mlflow"):
            mlflow = require("mlflow", extra="mlflow", purpose="the sink 'mlflow'")
            self._client = mlflow.MlflowClient(tracking_uri=self._uri or None)
            found = self._client.get_experiment_by_name(_EXPERIMENT)
            self._experiment = (
                self._client.create_experiment(_EXPERIMENT)
                if found is None
                else found.experiment_id
            )

    def trial(self, trial: Trial, outcome: Outcome) -> None:
        """A run: settings as parameters, epochs and results as metrics."""
        with sinks.telling("mlflow"):
            run = self._begin(sinks.title(trial))
            entities = require("mlflow.entities", extra="mlflow", purpose="the sink 'mlflow'")
            now = int(time.time() * 1000)
            params = [
                entities.Param(name, str(value)[:_LONGEST])
                for name, value in sinks.settings(trial).items()
            ]
            numbers = [
                entities.Metric(name, value, now, epoch)
                for epoch, seen in sinks.epochs(outcome)
                for name, value in seen.items()
            ]
            numbers += [
                entities.Metric(name, value, now, 0)
                for name, value in sinks.results(outcome).items()
            ]
            tags = [entities.RunTag("rectifier.status", outcome.status)]
            if outcome.reason:
                tags.append(entities.RunTag("rectifier.reason", outcome.reason))
            self._client.log_batch(run, metrics=numbers, params=params, tags=tags)
            self._client.set_terminated(
                run, "FINISHED" if outcome.status == "finished" else "FAILED"
            )

    def finish(self, comparison: Comparison) -> None:
        """A run with the recommendation and the table."""
        with sinks.telling("mlflow"):
            run = self._begin(f"{comparison.task} verdicts")
            self._client.set_tag(run, "rectifier.recommendation", comparison.recommendation)
            for row in sinks.verdicts(comparison):
                name = row["activation"].replace("|", "_")  # no name of MLflow's may have a bar
                self._client.log_metric(run, f"score {name}", row["score"])
            table = json.dumps(sinks.verdicts(comparison), indent=1)
            self._client.log_text(run, table, "rectifier/verdicts.json")
            self._client.set_terminated(run)

    def _begin(self, name: str) -> str:
        if self._client is None:
            self.begin()
        tags = {"mlflow.source.name": "rectifier compare"}
        made = self._client.create_run(self._experiment, run_name=name, tags=tags)
        return str(made.info.run_id)


def sink(place: str) -> MLflow:
    """Make it from a tracking URI."""
    expect("mlflow", extra="mlflow", purpose="the sink 'mlflow'")
    return MLflow(place)
