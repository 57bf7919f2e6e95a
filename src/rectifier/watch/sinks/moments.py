"""A record as what trackers of experiments take: at each step, numbers by name.

For `rectifier.watch.sinks`, framework-free. The names begin with ``rectifier.`` and group by
quantity, so that a tracker's page shows all layers of a network in one chart:
``rectifier.silent/fc1.relu``, ``rectifier.weight_gradient_rms/fc1``, ``rectifier.training/loss``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from rectifier.watch.record import LayerRecord, Record

SITE = (
    *("silent", "sparsity", "zero_gradient", "saturated", "input_mean", "input_std"),
    *("output_mean", "output_std", "gradient_rms"),
)
LAYER = {
    "weight_norm": "weight_norm",
    "gradient_rms": "weight_gradient_rms",
    "update_ratio": "weight_update_ratio",
}
TRAINING = ("loss", "learning_rate", "gradient_norm", "update_ratio")


@dataclass(frozen=True)
class Moment:
    """The numbers of one step, by name; those that are not known are left out.

    Attributes:
        step: The step. ``values``: numbers, possibly infinite, never NaN.
    """

    step: int
    values: dict[str, float] = field(default_factory=dict)


def moments(record: Record, after: int) -> list[Moment]:
    """The moments of a record, in the order of steps.

    ``dead`` refers to the closing window, so it is known at the last step of a record only.

    Args:
        record: What was measured so far.
        after: Only of steps later than this.

    Returns:
        One for each step at which anything was measured.
    """
    found: dict[int, Moment] = {}
    for step, name, value in _numbers(record):
        if step > after and not math.isnan(value):
            found.setdefault(step, Moment(step)).values[name] = value
    rows = [found[step] for step in sorted(found)]
    for site in record.sites:
        if rows and site.unit.active_recent.size:
            rows[-1].values[f"rectifier.dead/{site.site}"] = site.dead
    return rows


def _numbers(record: Record) -> Iterator[tuple[int, str, float]]:
    series = record.training
    for field_name in TRAINING:
        for step, value in zip(series.step, getattr(series, field_name), strict=True):
            yield int(step), f"rectifier.training/{field_name}", float(value)
    several = len({layer.model for layer in record.layers}) > 1
    for site in record.sites:
        for field_name in SITE:
            values = getattr(site.series, field_name)
            for step, value in zip(site.series.step, values, strict=True):
                yield int(step), f"rectifier.{field_name}/{site.site}", float(value)
    for layer in record.layers:
        place = _layer_name(layer, several)
        for field_name, shown in LAYER.items():
            for step, value in zip(layer.step, getattr(layer, field_name), strict=True):
                yield int(step), f"rectifier.{shown}/{place}", float(value)


def _layer_name(layer: LayerRecord, several: bool) -> str:
    """Layers of two models may bear one name, such as "0"."""
    return f"{layer.model}.{layer.layer}" if several and layer.model else layer.layer
