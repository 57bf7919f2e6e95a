"""The ledgers of all sites: what a step adds to them, and what it tells that is new.

Layer: watch. A step of which only outputs were counted is news where a unit fell silent or woke,
or something is NaN: then weights are read while they are those of this step.
"""

from __future__ import annotations

from collections.abc import Mapping

from rectifier.torch import unit_statistics
from rectifier.torch.sites import Site
from rectifier.watch.cargo import Pass, outputs
from rectifier.watch.closing import closing_window
from rectifier.watch.ledger import Clock, Observation, SiteLedger
from rectifier.watch.record import SiteRecord
from rectifier.watch.weights import feeding


class SiteLedgers:
    """A `SiteLedger` for each site that was seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sites: dict[Site, SiteLedger] = {}
        self._silent: dict[Site, bytes] = {}
        self._next_feeding = -1

    def __len__(self) -> int:
        return len(self._sites)

    def take(
        self,
        site: Site,
        index: int,
        step: int,
        seen: Observation,
        close: int,
        medians: tuple[float, float] | None = None,
    ) -> None:
        """Add what an observed step told of a site.

        Args:
            site: Which one.
            index: Which of the observed steps it is.
            step: Which of all steps.
            seen: What was counted.
            close: Which of the steps that were looked at closely.
            medians: Of bias and weight norm over the units, where they were asked for.
        """
        if seen.active is None:
            return
        self._next_feeding = -1
        ledger = self._sites.get(site)
        if ledger is None:
            ledger = self._sites[site] = SiteLedger(site.units, self._clock)
        whole = ledger.wants_feeding(index)
        fell = None if whole else ledger.newly_silent(seen.active)
        fed = feeding(site, fell) if whole or fell is not None else None
        ledger.add(index, step, seen, fed, medians, close)

    def told_by(self, passes: list[Pass], index: int) -> int:
        """As `unit_statistics.told_by`; other news are that weights are to be read."""
        if self._next_feeding < 0:
            self._silent = {site: ledger.silent for site, ledger in self._sites.items()}
            due = [ledger.next_feeding for ledger in self._sites.values()]
            self._next_feeding = min(due, default=0)
        found = None
        if not any(p.forwards for p in passes):
            taken = [output for p in passes for output in p.outputs]
            found = unit_statistics.told_by(taken, self._silent)
        if found is None:
            observations = outputs(passes)
            bad = any(seen.bad for seen in observations.values())
            found = 2 if bad else int(self._is_news(observations, index))
        return found or int(index >= self._next_feeding)

    def _is_news(self, observations: Mapping[Site, Observation], index: int) -> bool:
        """Whether weights are to be read while they are those of this step."""
        for site, seen in observations.items():
            ledger = self._sites.get(site)
            if ledger is None or seen.active is None or ledger.is_news(index, seen.active):
                return True
        return False

    def by_name(self) -> dict[tuple[str, str, str], SiteLedger]:
        """The ledgers by their sites' model, name and function."""
        return {(s.model, s.name, s.function): ledger for s, ledger in self._sites.items()}

    def window_start(self, observed: int, steps: int) -> int:
        """Observed step at which the closing window begins, of so many observed and taken."""
        rows = [site.rows_per_step for site in self._sites.values()]
        return closing_window(self._clock.window.starts(), observed, steps, rows)

    def records(self, start: int) -> tuple[SiteRecord, ...]:
        """All that is known of the sites, in their order; ``start``: of the closing window."""
        ordered = sorted(self._sites.items(), key=lambda item: item[0].order)
        return tuple(_record(site, ledger, start) for site, ledger in ordered)


def _record(site: Site, ledger: SiteLedger, start: int) -> SiteRecord:
    return SiteRecord(
        site=site.name,
        function=site.function,
        source=site.source,
        layer=site.layer,
        layer_kind=site.layer_kind,
        model=site.model,
        units=site.units,
        unit_axis=site.unit_axis,
        order=site.order,
        fan_in=site.fan_in,
        series=ledger.series(),
        unit=ledger.statistics(start, feeding(site)),
    )
