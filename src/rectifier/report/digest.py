"""What of a record a reader wants first: the sentence, the key figures, the sites that stand out.

For the report layer, shared by terminal and page. Nothing is judged here: what is wrong comes from
the doctor's findings, who is best from the comparison's verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import SEVERITIES, Finding
from rectifier.report import wording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rectifier.compare.result import Comparison
    from rectifier.doctor.outcome import Repair, Run
    from rectifier.watch.record import Record, SiteRecord

Facts = tuple[tuple[str, str], ...]

WORST_SITES = 12
"""How many sites are drawn; the table has all of them."""


def last(series: NDArray[np.float64]) -> float:
    """The last value that is a number, or NaN."""
    known = series[~np.isnan(series)] if series.size else series
    return float(known[-1]) if known.size else math.nan


def first(series: NDArray[np.float64]) -> float:
    """The first value that is a number, or NaN."""
    known = series[~np.isnan(series)] if series.size else series
    return float(known[0]) if known.size else math.nan


def final_loss(record: Record) -> float:
    """Where the loss ended: median of the last tenth, since one batch tells little."""
    loss = record.training.loss
    known = loss[~np.isnan(loss)]
    return float(np.median(known[-max(10, known.size // 10) :])) if known.size else math.nan


def dead(site: SiteRecord) -> float:
    """Share of dead units; NaN where nothing was seen of them."""
    return _share(site, born=False)


def born_dead(site: SiteRecord) -> float:
    """Share of units that never lived; NaN where nothing was seen of them."""
    return _share(site, born=True)


def _share(site: SiteRecord, *, born: bool) -> float:
    unit = site.unit
    if (
        not unit.active_recent.size
        or unit.active_recent.shape != unit.nonzero_gradient_recent.shape
    ):
        return math.nan
    if not born:
        return site.dead
    return float(unit.born_dead.mean()) if unit.active.size == unit.dead.size else math.nan


def mean_dead(record: Record) -> float:
    """Share of dead units over all sites together; NaN where no unit was seen."""
    seen = [(site.units, dead(site)) for site in record.sites]
    seen = [(units, share) for units, share in seen if units > 0 and not math.isnan(share)]
    units = sum(units for units, _ in seen)
    return sum(units * share for units, share in seen) / units if units else math.nan


def worst_sites(
    record: Record, findings: Sequence[Finding] = (), limit: int = WORST_SITES
) -> tuple[SiteRecord, ...]:
    """The sites that a finding names, then those with most dead units; in forward order."""

    def rank(site: SiteRecord) -> tuple[float, ...]:
        named = [
            SEVERITIES.index(finding.severity)
            for finding in findings
            if finding.site == site.site or (finding.layer == site.layer and not finding.site)
        ]
        zero = last(site.series.zero_gradient)
        return (
            min(named, default=len(SEVERITIES)),
            -_known(dead(site)),
            -_known(zero),
            site.order,
        )

    chosen = sorted(record.sites, key=rank)[:limit]
    return tuple(sorted(chosen, key=lambda site: site.order))


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def severities(findings: Iterable[Finding]) -> str:
    """How many of which: ``2 errors, 1 warning``; ``none`` without any."""
    counted = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counted[finding.severity] += 1
    nouns = {"error": "error", "warning": "warning", "info": "note"}
    parts = [wording.count(counted[name], nouns[name]) for name in SEVERITIES if counted[name]]
    return ", ".join(parts) or "none"


def run_sentence(record: Record, findings: Sequence[Finding]) -> str:
    """What is wrong with a run, or that nothing is."""
    harmful = [finding for finding in findings if finding.severity != "info"]
    if harmful:
        return wording.clean(harmful[0].cause)
    if not record.steps and not record.sites:
        return "No training step was seen, so there is nothing to judge."
    if not record.sites:
        return f"{wording.count(record.steps, 'step')} were watched, but no activation was seen."
    text = f"Nothing that harms the training was found in {wording.count(record.steps, 'step')}"
    share = mean_dead(record)
    if not math.isnan(share):
        text += f"; {wording.percent(share)} of the units are dead"
    start, end = first(record.training.loss), final_loss(record)
    if record.training.loss.size > 1 and math.isfinite(start) and math.isfinite(end):
        text += f" and the loss went from {wording.number(start)} to {wording.number(end)}"
    return f"{text}.{_unexplained(record)}"


def _unexplained(record: Record) -> str:
    """That a run got nowhere though no rule says why; else empty."""
    loss = evidence.loss_of(record)
    if evidence.at_rest(record, loss):
        return (
            " Yet it learnt nothing: the loss stayed at what a guess costs, and no rule says why."
            " Look at the data and their labels, dropout, and what the loss is given."
        )
    if evidence.rose(loss):
        return " Yet the loss rose, and no rule says why. Look at its sign and the optimiser's."
    return ""


def run_advice(findings: Sequence[Finding]) -> str:
    """What to do first about a run; empty where nothing is proposed."""
    for finding in findings:
        if finding.severity != "info" and finding.remedies:
            best = finding.remedies[0]
            why = f" – {wording.clean(best.why)}" if best.why else ""
            return f"Try first: {wording.remedy(best)}{why}"
    return ""


def run_facts(record: Record) -> Facts:
    """The figures that describe a run as a whole."""
    facts = [("steps", f"{record.steps}")]
    if record.observed_steps != record.steps:
        facts.append(("observed", f"{record.observed_steps}"))
    facts.append(("sites", f"{len(record.sites)}"))
    facts.append(("dead units", wording.percent(mean_dead(record))))
    if record.training.loss.size:
        change = wording.number(first(record.training.loss))
        facts.append(("loss", f"{change} → {wording.number(final_loss(record))}"))
    if record.loss_function:
        facts.append(("loss function", wording.clean(record.loss_function)))
    if record.optimizer:
        rate = last(record.training.learning_rate)
        at = "" if math.isnan(rate) else f", rate {wording.number(rate)}"
        facts.append(("optimizer", wording.clean(record.optimizer) + at))
    if not math.isnan(record.overhead):
        facts.append(("cost of watching", wording.percent(record.overhead)))
    return tuple(facts)


def final_metrics(run: Run) -> dict[str, float]:
    """The last value of each number that the script printed with a name, but for mere settings."""
    return {wording.clean(n): run.metrics[n][-1] for n in run.metrics if not _is_setting(n, run)}


def _is_setting(name: str, *runs: Run) -> bool:
    """Whether it is printed again and again and the same whole number each time."""
    values = [value for run in runs for value in run.metrics.get(name, ())]
    same = len(values) > 1 and len(set(values)) == 1 and float(values[0]).is_integer()
    return not values or same


def before_after(repair: Repair) -> tuple[tuple[str, str, str, str], ...]:
    """Rows of quantity, before, after and change; ``after`` is a dash where nothing was kept."""
    before, after = repair.before, repair.after
    rows = [_dead_row("dead units, all sites", mean_dead(before.record), _mean_dead(after))]
    later = {} if after is None else {site.site: dead(site) for site in after.record.sites}
    for site in worst_sites(before.record, before.findings):
        name = f"dead units, {wording.clean(site.site)}"
        rows.append(_dead_row(name, dead(site), later.get(site.site, math.nan)))
    end = math.nan if after is None else final_loss(after.record)
    rows.append(_number_row("loss at the end", final_loss(before.record), end))
    runs = [before] if after is None else [before, after]
    for name in dict.fromkeys(name for run in runs for name in run.metrics):
        if _is_setting(name, *runs):
            continue
        old, new = ((run.metrics.get(name) or (math.nan,))[-1] for run in (runs[0], runs[-1]))
        row = _number_row(wording.clean(name), old, math.nan if after is None else new)
        rows.append((f"{row[0]} (printed)", *row[1:]))
    found = wording.UNKNOWN if after is None else severities(after.findings)
    rows.append(("findings", severities(before.findings), found, ""))
    spent = wording.UNKNOWN if after is None else wording.duration(after.seconds)
    rows.append(("time of the run", wording.duration(before.seconds), spent, ""))
    return tuple(rows)


def _mean_dead(run: Run | None) -> float:
    return math.nan if run is None else mean_dead(run.record)


def _dead_row(name: str, before: float, after: float) -> tuple[str, str, str, str]:
    change = after - before
    if math.isnan(change) or change == 0:
        return name, wording.percent(before), wording.percent(after), ""
    text = f"{100 * change:+.{0 if abs(change) >= 0.095 else 1}f} points".replace("-", "−")
    return name, wording.percent(before), wording.percent(after), text


def _number_row(name: str, before: float, after: float) -> tuple[str, str, str, str]:
    change = after - before
    text = wording.number(change)
    if change > 0:
        text = f"+{text}"
    hide = change == 0 or not math.isfinite(change)
    return name, wording.number(before, 4), wording.number(after, 4), "" if hide else text


def repair_cost(repair: Repair) -> str:
    """What the repair took: reruns and time, also relative to the run as it is."""
    if not repair.attempts:
        return "no rerun"
    spent = sum(attempt.run.seconds for attempt in repair.attempts)
    text = f"{wording.count(len(repair.attempts), 'rerun')} in {wording.duration(spent)}"
    if repair.before.seconds > 0:
        text += f" ({spent / repair.before.seconds:.1f} × the time of the first run)"
    return text


def comparison_facts(comparison: Comparison) -> Facts:
    """The figures that describe a comparison as a whole."""
    metric = comparison.metric
    detectable = wording.score(comparison.smallest_detectable, metric)
    target = wording.score(comparison.target, metric)
    unit = " %" if wording.is_percentage(metric) else ""
    points = " points" if wording.is_percentage(metric) else ""
    return (
        ("task", wording.clean(comparison.task)),
        ("activations", f"{len(comparison.rows)}"),
        ("seeds each", f"{len(comparison.seeds)}"),
        ("trials", f"{comparison.trials}"),
        ("target", target + (unit if target != wording.UNKNOWN else "")),
        (
            "smallest difference these seeds could show",
            detectable + (points if detectable != wording.UNKNOWN else ""),
        ),
    )
