"""Hand-made records for the rules' tests: say what happened, get the numbers of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from rectifier.watch.record import (
    NEVER,
    Circumstances,
    LayerRecord,
    OptimizerFacts,
    ParameterFacts,
    Record,
    SiteRecord,
    SiteSeries,
    TrainingSeries,
    UnitStatistics,
)

STEPS = 300
BATCH = 64
WINDOW = 50


def curve(value: float | np.ndarray, steps: int = STEPS) -> np.ndarray:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (steps,)))


def falling(start: float, end: float, steps: int = STEPS) -> np.ndarray:
    """A loss that falls geometrically."""
    return np.geomspace(start, end, steps)


def spiking(start: float, peak: float, end: float, at: int, steps: int = STEPS) -> np.ndarray:
    """A loss that stays, jumps at a step and goes to its end within ten steps."""
    values = np.full(steps, end)
    values[:at] = start
    stop = min(at + 10, steps)
    values[at:stop] = np.geomspace(peak, end, 10)[: stop - at]
    return values


def training(
    loss: Any = None, update: Any = 1e-3, rate: Any = 0.1, steps: int = STEPS, **more: Any
) -> TrainingSeries:
    values: dict[str, Any] = {
        "loss": curve(falling(2.3, 0.1, steps) if loss is None else loss, steps),
        "update_ratio": curve(update, steps),
        "learning_rate": curve(rate, steps),
        "gradient_norm": curve(1.0, steps),
    }
    values |= {name: curve(value, steps) for name, value in more.items()}
    return TrainingSeries(step=np.arange(steps), **values)


def spike(base: float, height: float, at: int, steps: int = STEPS, width: int = 1) -> np.ndarray:
    values = curve(base, steps)
    values[at : at + width] = height
    return values


def site(
    name: str = "fc1.relu",
    *,
    units: int = 100,
    dead_at: dict[int, int] | None = None,
    born_dead: int = 0,
    rare: int = 0,
    rate: float = 0.5,
    rare_rate: float = 1e-3,
    function: str = "relu",
    order: int = 0,
    steps: int = STEPS,
    bias_start: float = 0.0,
    bias_at_death: float = 0.0,
    norm_start: float = 1.0,
    norm_at_death: float = 1.0,
    series: dict[str, Any] | None = None,
    **more: Any,
) -> SiteRecord:
    """A site of which some units die.

    Args:
        dead_at: How many units (value) have their last activity at which step (key).
        born_dead: How many never were active. ``rare``: how many living ones fire at ``rare_rate``
            and happen to be silent in the closing window.
    """
    deaths = [step for step, count in (dead_at or {}).items() for _ in range(count)]
    seen, recent = BATCH * steps, BATCH * min(WINDOW, steps)
    last = np.full(units, steps - 1)
    active = np.full(units, int(rate * seen))
    active_recent = np.full(units, int(rate * recent))
    gradient = active_recent.copy()
    for unit, step in enumerate(deaths):
        last[unit] = step
        active[unit] = max(1, int(rate * BATCH * (step + 1)))
        active_recent[unit] = gradient[unit] = 0
    stop = len(deaths) + born_dead
    last[len(deaths) : stop] = NEVER
    active[len(deaths) : stop] = active_recent[len(deaths) : stop] = 0
    gradient[len(deaths) : stop] = 0
    seldom = slice(stop, stop + rare)
    last[seldom] = steps - WINDOW - 5
    active[seldom] = max(1, int(rare_rate * seen))
    active_recent[seldom] = gradient[seldom] = 0
    silent = active_recent == 0
    at_death = np.where(silent, bias_at_death, np.nan)
    values: dict[str, Any] = {
        "silent": np.array([float(np.mean(last < step)) for step in range(steps)]),
        "sparsity": 1 - rate,
        "zero_gradient": 1 - rate,
        "input_mean": 0.0,
        "input_std": 1.0,
        "output_std": 0.6,
        "gradient_rms": 1e-2,
        "saturated": 1 - rate,
    } | (series or {})
    layer = name.partition(".")[0]
    return SiteRecord(
        site=name,
        function=function,
        source=more.pop("source", "net.py:25"),
        layer=more.pop("layer", layer),
        layer_kind=more.pop("layer_kind", "Linear"),
        model="Net",
        units=units,
        unit_axis=1,
        order=order,
        fan_in=64,
        series=SiteSeries(
            step=np.arange(steps), **{key: curve(value, steps) for key, value in values.items()}
        ),
        unit=UnitStatistics(
            seen=seen,
            seen_recent=recent,
            active=active,
            active_recent=active_recent,
            nonzero_gradient_recent=gradient,
            mean_abs_recent=np.where(silent, 0.0, 0.4),
            last_active_step=last,
            bias_start=np.full(units, bias_start),
            bias_at_death=at_death,
            bias_end=np.where(silent, bias_at_death, bias_start),
            weight_norm_start=np.full(units, norm_start),
            weight_norm_at_death=np.where(silent, norm_at_death, np.nan),
            weight_norm_end=np.where(silent, norm_at_death, norm_start),
        ),
        **more,
    )


def layer(name: str = "fc1", *, order: int = 0, steps: int = STEPS, **more: Any) -> LayerRecord:
    values = {"update_ratio": 1e-3, "gradient_rms": 1e-3, "weight_norm": 5.0} | more
    return LayerRecord(
        layer=name,
        kind="Linear",
        model="Net",
        order=order,
        parameters=1000,
        step=np.arange(steps),
        **{key: curve(value, steps) for key, value in values.items()},
    )


def record(
    *sites: SiteRecord,
    layers: tuple[LayerRecord, ...] = (),
    trained: TrainingSeries | None = None,
    **more: Any,
) -> Record:
    trained = training() if trained is None else trained
    built = Record(
        script="train.py",
        optimizer="SGD",
        loss_function="cross_entropy",
        steps=trained.step.size,
        observed_steps=trained.step.size,
        window_steps=WINDOW,
        sites=sites,
        layers=layers,
        training=trained,
    )
    return dataclasses.replace(built, **more)


def weight(name: str = "fc1.weight", **facts: Any) -> ParameterFacts:
    values: dict[str, Any] = {
        "layer": name.rpartition(".")[0],
        "model": "Net",
        "shape": (32, 64),
        "fan_in": 64,
        "reached": 10,
        "looked": 10,
        "steps": 10,
        "with_gradient": 10,
        "nonzero": 10,
        "std": 0.1,
        "mean": 0.0,
        "alike_start": 0.0,
        "alike_end": 0.0,
        "moved": 0.5,
    } | facts
    return ParameterFacts(name, **values)


def told(
    rule: Any,
    *sites: SiteRecord,
    trained: TrainingSeries | None = None,
    layers: Any = (),
    **facts: Any,
) -> Any:
    adam = OptimizerFacts("Adam", 1e-3, 0, 2, 2, 0, 300)
    values: dict[str, Any] = {"optimizers": (adam,), "losses": 10, "backwards": 300} | facts
    made = record(*sites, trained=trained, layers=layers, circumstances=Circumstances(**values))
    return rule.RULE.check(made)


STUCK = training(loss=2.3)
"""A training that came to nothing."""
