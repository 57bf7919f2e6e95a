"""``wandb[:PROJECT]``: a Weights & Biases run for each final run, and one with the verdicts."""

from __future__ import annotations

from typing import Any

from rectifier.compare import sinks
from rectifier.compare.result import Comparison
from rectifier.compare.trial import Outcome, Trial
from rectifier.optional import expect, require


class WandB:
    """Runs of their own, in one group for a task; offline where ``WANDB_MODE`` says so.

    Args:
        project: Name of the project; empty for W&B's default.
    """

    def __init__(self, project: str = "") -> None:
        self._project = project

    def begin(self) -> None:
        """See that the package can be imported; a project is made by its first run."""
        with sinks.telling("wandb"):
            require("wandb", extra="wandb", purpose="the sink 'wandb'")

    def trial(self, trial: Trial, outcome: Outcome) -> None:
        """A run: settings as its configuration, epochs as its history, results as its summary."""
        with sinks.telling("wandb"):
            run = self._begin(sinks.title(trial), trial.task, sinks.settings(trial))
            for epoch, seen in sinks.epochs(outcome):
                run.log({"epoch": epoch, **seen})
            status = {"status": outcome.status, "reason": outcome.reason}
            run.summary.update({**sinks.results(outcome), **status})
            run.finish(exit_code=0 if outcome.status == "finished" else 1)

    def finish(self, comparison: Comparison) -> None:
        """A run with the recommendation and the table."""
        with sinks.telling("wandb"):
            run = self._begin(f"{comparison.task} verdicts", comparison.task, {})
            table = {row["activation"]: row for row in sinks.verdicts(comparison)}
            run.summary.update({"recommendation": comparison.recommendation, "verdicts": table})
            run.finish()

    def _begin(self, name: str, task: str, settings: dict[str, Any]) -> Any:
        wandb = require("wandb", extra="wandb", purpose="the sink 'wandb'")
        return wandb.init(
            project=self._project or None,
            name=name,
            group=f"rectifier compare {task}",
            job_type="compare",
            config=settings,
            reinit="create_new",
            settings=wandb.Settings(console="off"),  # the output is the program's own
        )


def sink(place: str) -> WandB:
    """Make it from the name of a project."""
    expect("wandb", extra="wandb", purpose="the sink 'wandb'")
    return WandB(place)
