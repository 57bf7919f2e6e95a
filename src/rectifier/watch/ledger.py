"""What is kept of each site, layer and the training while they are watched. Framework-free.

Layer: watch. Fed with plain NumPy numbers by `rectifier.watch.watcher`; turned into the parts of a
`rectifier.watch.record.Record`. Memory does not grow with the run: series and maps are thinned, the
closing window is kept in blocks (`rectifier.watch.thinning`).

One file, though long: what a site's ledger takes in, joins and gives out are one list of fields.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rectifier.watch.record import NEVER, FloatArray, IntArray, SiteSeries, UnitStatistics
from rectifier.watch.rows import SITE_FIELDS, SiteRow, row
from rectifier.watch.thinning import Series, Thinning, Window

MAP_ROWS = 64
MAP_UNITS = 512
SERIES = 512
DETAILS = 128
"""Most observed steps of which all is kept: weights, updates, data, histograms."""

BINS = 48

Floats = NDArray[np.float64]
MapRow = tuple[int, Floats, Floats, float]
"""Step; share active and mean |output| of the mapped units; mean |output| of all units."""

A = TypeVar("A", IntArray, Floats)


@dataclass(frozen=True)
class Recent:
    """Sums over some steps of a site; ``nonzero`` is None while no gradient was seen."""

    steps: int
    seen: int
    rows: int
    active: IntArray
    nonzero: IntArray | None
    absolute: Floats | None
    absolute_seen: int

    def __add__(self, other: Recent) -> Recent:
        return Recent(
            self.steps + other.steps,
            self.seen + other.seen,
            self.rows + other.rows,
            self.active + other.active,
            _sum(self.nonzero, other.nonzero),
            _sum(self.absolute, other.absolute),
            self.absolute_seen + other.absolute_seen,
        )

    def beside(self, other: Recent) -> Recent:
        """Of the same steps, in another process."""
        return replace(self + other, steps=self.steps)


def _sum(one: A | None, two: A | None) -> A | None:
    if one is None or two is None:
        return two if one is None else one
    total: A = one + two
    return total


@dataclass(slots=True)
class Feeding:
    """Bias and weight norm per unit of the layer that feeds a site; NaN where there is none.

    ``whole``: of all units, not only of those that were asked for.
    """

    bias: Floats
    norm: Floats
    whole: bool = True


@dataclass
class Observation:
    """One observed step of one site, summed over its applications in that step.

    Attributes:
        active: Positive outputs per unit. ``elements``, ``rows``: seen of each.
        nonzero: Non-zero input gradients per unit. ``gradient_elements``: seen of each.
        gradient_squares: Sum of squares of the gradient at the output; NaN: not known.
        sums: Per unit non-zero outputs, sum of |output|, of inputs and of their squares: (4, U); in
            a step that was looked at briefly the first two.
        whole: Of all elements: sums of outputs and their squares, smallest and largest input,
            counts of saturated elements (NaN: not known), of bad inputs and of bad outputs.
        sample: Some inputs.
        bad: Outputs that are NaN or infinite, where they were counted apart from ``whole``.
    """

    elements: int = 0
    rows: int = 0
    active: IntArray | None = None
    nonzero: IntArray | None = None
    gradient_elements: int = 0
    gradient_squares: float = math.nan
    sums: Floats | None = None
    whole: Floats | None = None
    sample: Floats | None = None
    bad: float = 0.0

    @property
    def is_brief(self) -> bool:
        """Whether nothing but outputs was looked at."""
        return self.sums is not None and len(self.sums) == 2


_NONZERO, _ABSOLUTE = 0, 1
"""Rows of `Observation.sums` with the counts of non-zero outputs, and the sums of |output|."""


class Latest:
    """Non-zero outputs per unit over the latest part of a growing run.

    At least its last fifth, at most three fifths. Parts are twice as long one after the other; the
    last two are kept, and the older one is left out once the newer is half as long.
    """

    def __init__(self) -> None:
        self._goal = 8
        self._parts: list[tuple[int, int, Floats]] = []  # steps, elements, counts; the newest last

    def add(self, elements: int, counts: Floats) -> None:
        """Take in one observed step."""
        if not self._parts or self._parts[-1][0] >= self._goal:
            if self._parts:
                self._goal *= 2
            self._parts = [*self._parts[-1:], (1, elements, counts.copy())]
        else:
            steps, known, kept = self._parts[-1]
            kept += counts
            self._parts[-1] = (steps + 1, known + elements, kept)

    def join(self, other: Latest) -> None:
        """Take in what another process saw in the same steps."""
        self._parts = [
            (a[0], a[1] + b[1], a[2] + b[2])
            for a, b in zip(self._parts, other._parts, strict=False)
        ]

    def _chosen(self) -> list[tuple[int, int, Floats]]:
        if len(self._parts) == 2 and 2 * self._parts[1][0] >= self._parts[0][0]:
            return self._parts[1:]
        return self._parts

    @property
    def elements(self) -> int:
        """Elements per unit in it."""
        return sum(elements for _, elements, _ in self._chosen())

    @property
    def counts(self) -> Floats:
        """Of each unit's outputs those that are not zero."""
        found: Floats = sum((counts for _, _, counts in self._chosen()), np.zeros(1))
        return found


@dataclass
class Clock:
    """Which observed steps are kept, shared by all ledgers so that their series stay aligned."""

    series: Thinning = field(default_factory=lambda: Thinning(SERIES))
    details: Thinning = field(default_factory=lambda: Thinning(DETAILS))
    maps: Thinning = field(default_factory=lambda: Thinning(MAP_ROWS))
    window: Window[Recent] = field(default_factory=lambda: Window(operator.add))


class SiteLedger:
    """One site through time.

    Args:
        units: Number of units.
        clock: Shared by all.
    """

    def __init__(self, units: int, clock: Clock) -> None:
        self.units = units
        self._clock = clock
        self._series: Series[SiteRow] = Series(clock.series)
        self._map: Series[MapRow] = Series(clock.maps)
        self._seen = 0
        self._active = np.zeros(units, dtype=np.int64)
        self._last_active = np.full(units, NEVER, dtype=np.int64)
        self._silent_since = np.full(units, NEVER, dtype=np.int64)
        self._start: Feeding | None = None
        self._death = Feeding(np.full(units, np.nan), np.full(units, np.nan))
        self._end: Feeding | None = None
        self._silent: IntArray = np.zeros(0, dtype=np.int64)
        self._next_feeding = 0
        self._medians = math.nan, math.nan
        self._sample: Floats = np.zeros(0)
        self._latest = Latest()
        self.rows_per_step = 0.0
        self._steps = 0
        count = min(units, MAP_UNITS)
        self._map_units = np.unique(np.linspace(0, max(units - 1, 0), count).astype(np.int64))

    def newly_silent(self, active: IntArray) -> IntArray | None:
        """The units that fell silent with these counts of a step: their weights then matter."""
        silent = (active == 0).nonzero()[0]
        fell = silent[self._silent_since[silent] == NEVER]
        return fell if fell.size else None

    @property
    def next_feeding(self) -> int:
        """Observed step from which on bias and weights of all units are to be read again."""
        return self._next_feeding

    @property
    def silent(self) -> bytes:
        """Indices of the units that did not fire in the latest step, as packed 64-bit numbers."""
        return self._silent.astype(np.int64).tobytes()

    def is_news(self, index: int, active: IntArray) -> bool:
        """Whether a step is to be taken in at once, for what it says of the weights.

        Else it may wait: the same units are silent as at the latest step that was taken in.
        """
        if index >= self._next_feeding:
            return True
        known = self._silent
        if active.size - np.count_nonzero(active) != known.size:
            return True
        return known.size > 0 and bool(active[known].any())

    def wants_feeding(self, index: int) -> bool:
        """Whether bias and weights of all units are to be read: now and then, ever more seldom."""
        if index < self._next_feeding:
            return False
        self._next_feeding = index + 1 + index // 4
        return True

    def add(
        self,
        index: int,
        step: int,
        seen: Observation,
        feeding: Feeding | None,
        medians: tuple[float, float] | None,
        close: int | None = None,
    ) -> None:
        """Take in one observed step.

        Args:
            index: Number of the observed step.
            step: Number of the step itself.
            seen: What was measured; ``seen.active`` is there.
            feeding: Bias and weights of this step, where they were read.
            medians: Of bias and weight norm over units, where they were read; else the last known.
            close: Number of the step among those that were looked at closely, by which series and
                maps are thinned; None: all were.
        """
        active = seen.active
        if active is None or seen.elements == 0:
            return
        self._steps += 1
        self._medians = medians or self._medians
        self._seen += seen.elements
        self._active += active
        self._take_silence(step, active, feeding)
        if feeding is not None:
            self._start = self._start or feeding
            self._end = feeding if feeding.whole else self._end
        self.rows_per_step += (seen.rows - self.rows_per_step) / self._steps
        recent = Recent(
            *(1, seen.elements, seen.rows, active, seen.nonzero),
            absolute=None if seen.sums is None else seen.sums[_ABSOLUTE],
            absolute_seen=0 if seen.sums is None else seen.elements,
        )
        if seen.sums is not None:
            self._latest.add(seen.elements, seen.sums[_NONZERO])
        self._clock.window.add(self, index, step, recent)
        if seen.sample is not None:
            self._sample = seen.sample
        if seen.is_brief:
            return
        row_index = index if close is None else close
        if self._clock.maps.keeps(row_index):
            shares, (mean, layer) = active / seen.elements, _mean_abs(seen, self._map_units)
            self._map.put(row_index, (step, shares[self._map_units], mean, layer))
        if seen.whole is not None and seen.sums is not None and self._clock.series.keeps(row_index):
            gradient = seen.nonzero, seen.gradient_elements, seen.gradient_squares
            found = row(step, active, seen.elements, seen.sums, seen.whole, gradient, self._medians)
            self._series.put(row_index, found)

    def _take_silence(self, step: int, active: IntArray, feeding: Feeding | None) -> None:
        """Note who fired, who fell silent, and with which weights; few are silent, as a rule."""
        silent = (active == 0).nonzero()[0]
        before, self._silent = self._silent, silent
        kept = self._last_active[silent]
        self._last_active.fill(step)
        self._last_active[silent] = kept
        if before.size:
            woke = before[active[before] > 0]
            self._silent_since[woke] = NEVER
            self._death.bias[woke] = self._death.norm[woke] = np.nan
        if silent.size:
            fell = silent[self._silent_since[silent] == NEVER]
            self._silent_since[fell] = step
            if feeding is not None:
                self._death.bias[fell] = feeding.bias[fell]
                self._death.norm[fell] = feeding.norm[fell]

    def scale_gradients(self, processes: int) -> None:
        """Show gradients as one process would see them that does what so many did."""
        self._series.change(lambda one: one.scaled(processes))

    def join(self, other: SiteLedger) -> None:
        """Take in what another process saw at the same site in the same steps."""
        ours, theirs = self._seen, other._seen
        self._seen += other._seen
        self._active += other._active
        self._last_active = np.maximum(self._last_active, other._last_active)
        later = other._silent_since > self._silent_since
        silent = (self._silent_since != NEVER) & (other._silent_since != NEVER)
        for own, given in (
            (self._death.bias, other._death.bias),
            (self._death.norm, other._death.norm),
        ):
            own[later] = given[later]
            own[~silent] = np.nan
        self._silent_since = np.where(
            silent, np.maximum(self._silent_since, other._silent_since), NEVER
        )
        self.rows_per_step += other.rows_per_step
        self._series.join(other._series, lambda a, b: a.joined(b))
        share = theirs / max(ours + theirs, 1)
        self._map.join(other._map, lambda a, b: _mixed(a, b, share))
        self._latest.join(other._latest)
        self._clock.window.join(self, other._clock.window, other, Recent.beside)

    def series(self) -> SiteSeries:
        """The site through time."""
        rows = [one.values() for one in self._series.rows()]
        columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(SITE_FIELDS)).T
        values: dict[str, FloatArray] = dict(zip(SITE_FIELDS, columns, strict=True))
        steps = values.pop("step").astype(np.int64)
        return SiteSeries(step=steps, **values)

    def statistics(self, start: int, end: Feeding | None) -> UnitStatistics:
        """The units.

        Args:
            start: First observed step of the closing window.
            end: Bias and weights at the end, if they can still be read.
        """
        units = self.units
        recent = self._clock.window.since(self, start)
        unknown = Feeding(np.full(units, np.nan), np.full(units, np.nan))
        first, last = self._start or unknown, end or self._end or unknown
        rows = self._map.rows()
        shape = (len(rows), self._map_units.size)
        edges, counts = _histogram(self._sample)
        nobody = np.zeros(units, dtype=np.int64)
        mean = np.full(units, np.nan)
        if recent is not None and recent.absolute is not None and recent.absolute_seen:
            mean = recent.absolute / recent.absolute_seen
        late = self._latest.elements
        return UnitStatistics(
            seen=self._seen,
            seen_recent=0 if recent is None else recent.seen,
            active=self._active.copy(),
            active_recent=nobody if recent is None else recent.active.copy(),
            nonzero_gradient_recent=(
                recent.nonzero.copy()
                if recent is not None and recent.nonzero is not None
                else np.full(units, -1, dtype=np.int64)
            ),
            mean_abs_recent=mean,
            nonzero_recent=self._latest.counts.astype(np.int64) if late else nobody,
            nonzero_seen=late,
            last_active_step=self._last_active.copy(),
            bias_start=first.bias.copy(),
            bias_at_death=self._death.bias.copy(),
            bias_end=last.bias.copy(),
            weight_norm_start=first.norm.copy(),
            weight_norm_at_death=self._death.norm.copy(),
            weight_norm_end=last.norm.copy(),
            map_steps=np.array([row[0] for row in rows], dtype=np.int64),
            map_active=np.array([row[1] for row in rows], dtype=np.float64).reshape(shape),
            map_mean_abs=np.array([row[2] for row in rows], dtype=np.float64).reshape(shape),
            map_layer_abs=np.array([row[3] for row in rows], dtype=np.float64),
            map_units=self._map_units.copy(),
            input_edges=edges,
            input_counts=counts,
        )


def _mean_abs(seen: Observation, units: IntArray) -> tuple[Floats, float]:
    """Mean |output| of some units, and of all; NaN where it was not measured."""
    if seen.sums is None:
        return np.full(units.size, np.nan), math.nan
    mean = seen.sums[_ABSOLUTE] / seen.elements
    return mean[units], float(mean.mean())


def _mixed(one: MapRow, two: MapRow, share: float) -> MapRow:
    """Both rows of one step as one, the second with a weight between 0 and 1."""
    kept = 1 - share
    return (
        one[0],
        one[1] * kept + two[1] * share,
        one[2] * kept + two[2] * share,
        one[3] * kept + two[3] * share,
    )


def median(values: Floats) -> float:
    """Of the finite ones among some numbers; NaN of none."""
    finite = np.sort(values[np.isfinite(values)])  # numpy.median takes twenty times as long
    size = finite.size
    return float(finite[(size - 1) // 2] + finite[size // 2]) / 2 if size else math.nan


_WIDEST = float(np.finfo(np.float64).max) / 4
"""Of what a histogram spans, so that the span itself is a number."""


def _histogram(sample: Floats) -> tuple[FloatArray, IntArray]:
    finite = sample[np.isfinite(sample)].astype(np.float64)  # a bin may be finer than fp32 has
    if not finite.size:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    finite = np.clip(finite, -_WIDEST, _WIDEST)
    low, high = float(finite.min()), float(finite.max())
    finest = BINS * 2.0 * float(np.spacing(max(abs(low), abs(high))))
    if high - low <= finest:  # all alike, but for dust
        low, high = low - max(0.5, finest), high + max(0.5, finest)
    counts, edges = np.histogram(finite, bins=BINS, range=(low, high))
    return edges.astype(np.float64), counts.astype(np.int64)
