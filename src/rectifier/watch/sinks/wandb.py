"""``wandb[:PROJECT]``: a Weights & Biases run beside the program's own, and the findings in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rectifier.optional import expect, require
from rectifier.watch.record import Record
from rectifier.watch.sinks.moments import Moment
from rectifier.watch.sinks.sink import Sink, as_text

STEP = "rectifier_step"
"""Without a dot: where a metric is defined, W&B takes that for a level of nesting."""


class WandB(Sink):
    """A run of its own, against ``rectifier_step``; offline where ``WANDB_MODE`` says so.

    It is a second run because W&B drops what a program logs with an explicit step once another
    writer has moved the run's step on.

    Args:
        project: Name of the project; empty for W&B's default.
        folder: Where offline files go; None for the usual place.
    """

    name = "wandb"

    def __init__(self, project: str = "", folder: str | None = None) -> None:
        super().__init__()
        self._project = project
        self._folder = folder
        self._run: Any = None

    def _open(self) -> Any:
        if self._run is None:
            wandb = require("wandb", extra="wandb", purpose="the sink 'wandb'")
            self._run = wandb.init(
                project=self._project or None,
                dir=self._folder,
                job_type="rectifier",
                reinit="create_new",
                settings=wandb.Settings(console="off"),  # the output is the program's own
            )
            self._run.define_metric(STEP)
            self._run.define_metric("rectifier*", step_metric=STEP)
        return self._run

    def open(self) -> None:
        """Begin the run."""
        self._open()

    def write(self, new: Sequence[Moment], record: Record) -> None:
        """A row for each moment."""
        run = self._open()
        for moment in new:
            run.log({STEP: moment.step, **moment.values})

    def finish(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The findings in the run's summary and notes."""
        run = self._open()
        rules = list(dict.fromkeys(str(finding["rule"]) for finding in findings))
        run.config.update({"script": record.script, "optimizer": record.optimizer})
        run.summary.update({"rectifier.findings": rules, "rectifier.diagnosis": as_text(findings)})
        run.finish()


def sink(place: str) -> WandB:
    """Make it from the name of a project."""
    expect("wandb", extra="wandb", purpose="the sink 'wandb'")
    return WandB(place)
