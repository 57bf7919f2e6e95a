"""``tensorboard:FOLDER``: scalars, histograms of the pre-activations, and the findings as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rectifier.optional import expect, require
from rectifier.watch.record import Record
from rectifier.watch.sinks.moments import Moment
from rectifier.watch.sinks.sink import Sink, absolute, as_text


class TensorBoard(Sink):
    """Event files that ``tensorboard --logdir FOLDER`` shows.

    Args:
        folder: Where they go; it is made if it is not there.
    """

    name = "tensorboard"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._writer: Any = None

    def _open(self) -> Any:
        if self._writer is None:
            module = require(
                "torch.utils.tensorboard", extra="tensorboard", purpose="the sink 'tensorboard'"
            )
            self._writer = module.SummaryWriter(str(self._folder))
        return self._writer

    def open(self) -> None:
        """Begin an event file."""
        self._open()

    def write(self, new: Sequence[Moment], record: Record) -> None:
        """Scalars of all moments; histograms as they are at the last one."""
        writer = self._open()
        for moment in new:
            for name, value in moment.values.items():
                writer.add_scalar(name, value, moment.step)
        for site in record.sites:
            _histogram(writer, site.site, site.unit.input_edges, site.unit.input_counts, new[-1])
        writer.flush()

    def finish(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The findings as Markdown."""
        writer = self._open()
        writer.add_text("rectifier.findings", as_text(findings), record.steps)
        writer.close()


def _histogram(writer: Any, site: str, edges: Any, counts: Any, moment: Moment) -> None:
    """A histogram whose counts are known; sums come from the middles of its bins."""
    if not counts.size or edges.size != counts.size + 1:
        return
    middles = (edges[1:] + edges[:-1]) / 2
    writer.add_histogram_raw(
        f"rectifier.inputs/{site}",
        min=float(edges[0]),
        max=float(edges[-1]),
        num=int(counts.sum()),
        sum=float(np.dot(counts, middles)),
        sum_squares=float(np.dot(counts, middles**2)),
        bucket_limits=edges[1:].tolist(),
        bucket_counts=counts.tolist(),
        global_step=moment.step,
    )


def sink(place: str) -> TensorBoard:
    """Make it from the name of a folder."""
    expect("tensorboard", extra="tensorboard", purpose="the sink 'tensorboard'")
    return TensorBoard(absolute(place, "tensorboard", "runs/first"))
