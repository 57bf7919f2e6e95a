"""The page of a watched run. Part of `rectifier.report.page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rectifier.report import digest
from rectifier.report.charts import run as charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding
    from rectifier.watch.record import Record


def html(
    record: Record,
    findings: Sequence[Finding],
    command: str,
    repairs: Sequence[str] | None = None,
) -> str:
    """The whole page.

    Args:
        record: What was measured.
        findings: Root cause first.
        command: How the run was started; made up from the script if empty.
        repairs: What a live repair announced; None where none was asked for.
    """
    worst = digest.worst_sites(record, findings)
    layers = sorted(record.layers, key=lambda layer: layer.order)
    training = (
        charts.loss(record.training),
        charts.learning_rate(record.training),
        charts.dead(record.sites),
        charts.silent(record.sites),
        charts.sparsity(record.sites),
        charts.gradients(layers),
    )
    details = [(site, charts.unit_map(site), charts.inputs(site)) for site in worst]
    return render(
        "run.html",
        record=record,
        findings=findings,
        repairs=repairs,
        sentence=digest.run_sentence(record, findings),
        advice=digest.run_advice(findings),
        facts=digest.run_facts(record),
        training=[chart for chart in training if chart is not None],
        details=[detail for detail in details if detail[1] or detail[2]],
        left_out=max(len(record.sites) - len(worst), 0),
        command=command or _command(record, repairs),
        versions=versions(record.environment),
    )


def _command(record: Record, repairs: Sequence[str] | None) -> str:
    return f"rectifier run {'' if repairs is None else '--repair '}{record.script}".strip()
