"""The JSON forms of what the commands find. Framework-free.

A form is versioned by its ``schema``; a number that is not known, or not finite, is null.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rectifier.doctor.finding import Finding
from rectifier.doctor.outcome import Repair, Run
from rectifier.watch.record import Record, SiteRecord

SCHEMA = 1


def run_summary(record: Record, findings: Sequence[Finding]) -> dict[str, Any]:
    """What ``rectifier run --json`` writes.

    Args:
        record: What was measured.
        findings: What the doctor found in it.

    Returns:
        Plain values that `json.dumps` takes as they are.
    """
    data = {
        "schema": SCHEMA,
        "script": record.script,
        "optimizer": record.optimizer,
        "loss_function": record.loss_function,
        "steps": record.steps,
        "observed_steps": record.observed_steps,
        "overhead": record.overhead,
        "final_loss": _last(record.training.loss),
        "sites": [_site(site) for site in record.sites],
        "findings": [finding.to_dict() for finding in findings],
        "non_finite": [
            {"step": item.step, "where": item.where, "name": item.name, "source": item.source}
            for item in record.non_finite
        ],
        "notes": list(record.notes),
        "environment": dict(record.environment),
    }
    return _finite(data)  # type: ignore[no-any-return]


def repair_summary(repair: Repair) -> dict[str, Any]:
    """What ``rectifier repair --json`` writes."""
    data = {
        "schema": SCHEMA,
        "script": repair.script,
        "verdict": repair.verdict,
        "summary": repair.summary,
        "before": _run(repair.before),
        "attempts": [
            {"remedies": [remedy.to_dict() for remedy in attempt.remedies], **_run(attempt.run)}
            for attempt in repair.attempts
        ],
        "chosen": repair.chosen,
        "patch": repair.patch,
        "by_hand": list(repair.by_hand),
    }
    return _finite(data)  # type: ignore[no-any-return]


def _run(run: Run) -> dict[str, Any]:
    return {
        "status": run.status,
        "seconds": run.seconds,
        "metrics": {name: list(values) for name, values in run.metrics.items()},
        **run_summary(run.record, run.findings),
    }


def _site(site: SiteRecord) -> dict[str, Any]:
    return {
        "site": site.site,
        "function": site.function,
        "source": site.source,
        "layer": site.layer,
        "layer_kind": site.layer_kind,
        "model": site.model,
        "units": site.units,
        "dead": site.dead,
        "born_dead": float(site.unit.born_dead.mean()) if site.unit.active.size else 0.0,
        "sparsity": site.sparsity,
        "output_mean": _last(site.series.output_mean),
        "output_std": _last(site.series.output_std),
        "input_mean": _last(site.series.input_mean),
        "input_std": _last(site.series.input_std),
        "gradient_rms": _last(site.series.gradient_rms),
        "saturated": _last(site.series.saturated),
    }


def _last(values: Any) -> float | None:
    return float(values[-1]) if len(values) else None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
