"""The page of a repair. Part of `rectifier.report.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import digest
from rectifier.report.charts import repair as charts
from rectifier.report.charts import run as run_charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.doctor.outcome import Repair, Run
    from rectifier.report.charts.svg import Chart
    from rectifier.watch.record import SiteRecord

OUTPUT_SHOWN = 20_000
"""Characters of a script's output that the page keeps, from its end."""

METRICS_DRAWN = 6
MAPS_DRAWN = 6


def html(repair: Repair, command: str) -> str:
    """The whole page.

    Args:
        repair: The sick run and the attempts to cure it.
        command: How the repair was started; made up from the script if empty.
    """
    before, after = repair.before, repair.after
    names = list(dict.fromkeys([*before.metrics, *(after.metrics if after else ())]))
    pictures = [
        charts.loss(before, after),
        charts.silent(before, after),
        charts.dead_by_site(before, after),
        *(charts.metric(name, before, after) for name in names[:METRICS_DRAWN]),
    ]
    return render(
        "repair.html",
        repair=repair,
        rows=digest.before_after(repair),
        cost=digest.repair_cost(repair),
        pictures=[chart for chart in pictures if chart is not None],
        maps=_maps(repair),
        outputs=_outputs(repair),
        record=(after or before).record,
        command=command or f"rectifier repair {repair.script}".strip(),
        versions=versions(before.record.environment),
    )


def _maps(repair: Repair) -> list[tuple[SiteRecord, Chart | None, Chart | None]]:
    """Unit maps of the worst sites, before and after."""
    sites = digest.worst_sites(repair.before.record, repair.before.findings, MAPS_DRAWN)
    after = {site.site: site for site in repair.after.record.sites} if repair.after else {}
    pairs = [
        (
            site,
            run_charts.unit_map(site),
            run_charts.unit_map(after[site.site]) if site.site in after else None,
        )
        for site in sites
    ]
    return [pair for pair in pairs if pair[1] or pair[2]]


def _outputs(repair: Repair) -> list[tuple[str, str]]:
    runs: list[tuple[str, Run]] = [("before", repair.before)]
    if repair.after is not None:
        runs.append(("after", repair.after))
    return [
        (name, ("…\n" if len(run.output) > OUTPUT_SHOWN else "") + run.output[-OUTPUT_SHOWN:])
        for name, run in runs
        if run.output.strip()
    ]
