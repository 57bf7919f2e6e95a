"""Hand-made records, repairs and comparisons for the report's tests; built once a session."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rectifier.compare.result import Comparison, Interval, Row, TuningPoint
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.outcome import Attempt, Repair, Run
from rectifier.watch.record import (
    NEVER,
    LayerRecord,
    NonFinite,
    Record,
    SiteRecord,
    SiteSeries,
    TrainingSeries,
    UnitStatistics,
)

LOWER = Remedy(
    "lower_learning_rate", "the step that killed the units was 40 times too long",
    {"from": 0.5, "to": 0.05},
)  # fmt: skip
RECYCLE = Remedy("recycle_units", "dead units start afresh without touching the outputs", {})


def make_site(
    name: str = "relu",
    *,
    order: int = 0,
    units: int = 64,
    dead: float = 0.6,
    steps: int = 200,
    death: float = 0.2,
    map_rows: int = 64,
    seed: int = 0,
) -> SiteRecord:
    """A site whose first ``dead`` share of units falls silent around ``death`` of the run."""
    rng = np.random.default_rng(seed + order)
    step = np.arange(steps)
    doomed = rng.permutation(units) < round(dead * units)
    end = np.where(doomed, (steps * np.clip(rng.normal(death, 0.05, units), 0.01, 0.9)), steps)
    end = end.astype(np.int64)
    alive = step[:, None] < end[None, :] if units else np.zeros((steps, 0), dtype=bool)
    rate = rng.uniform(0.1, 0.9, units)
    silent = 1.0 - alive.mean(axis=1) if units else np.full(steps, math.nan)
    sparsity = 1.0 - (alive * rate).mean(axis=1) if units else silent
    edges = np.linspace(-6, 3, 41)
    centers = (edges[1:] + edges[:-1]) / 2
    counts = (1e5 * np.exp(-((centers + 2 * dead) ** 2))).astype(np.int64)
    shown = np.unique(np.linspace(0, max(units - 1, 0), min(units, 512)).astype(np.int64))
    rows = np.unique(np.linspace(0, max(steps - 1, 0), min(map_rows, steps)).astype(np.int64))
    nan = np.full(units, math.nan)
    return SiteRecord(
        site=name, function="relu", source="net.py:41", layer=f"fc{order + 1}",
        layer_kind="Linear", model="Net", units=units, unit_axis=1, order=order, fan_in=784,
        series=SiteSeries(
            step=step, silent=silent, sparsity=sparsity, zero_gradient=sparsity,
            input_mean=-2 * dead * step / max(steps, 1), input_std=np.ones(steps),
            output_mean=np.ones(steps), output_std=np.ones(steps),
            gradient_rms=1e-3 * (1 - silent) * np.exp(rng.normal(0, 0.2, steps)) * 0.3**order,
            saturated=sparsity, non_finite=np.zeros(steps), non_finite_input=np.zeros(steps),
            bias_median=-step / max(steps, 1), weight_norm_median=np.ones(steps),
        ),
        unit=UnitStatistics(
            seen=steps * 32, seen_recent=640, active=np.where(doomed, end * 10, steps * 16),
            active_recent=np.where(doomed, 0, 320), mean_abs_recent=np.where(doomed, 0.0, 1.0),
            nonzero_gradient_recent=np.where(doomed, 0, 320),
            last_active_step=np.where(end <= 0, NEVER, end - 1),
            bias_start=nan, bias_at_death=nan, bias_end=nan, weight_norm_start=nan,
            weight_norm_at_death=nan, weight_norm_end=nan,
            map_steps=rows, map_active=(alive * rate)[rows][:, shown].astype(np.float64)
            if units else np.zeros((rows.size, 0)), map_units=shown,
            input_edges=edges, input_counts=counts,
        ),
    )  # fmt: skip


def make_layer(name: str, order: int, steps: int = 200) -> LayerRecord:
    wave = 10.0 ** (-order) * (1 + 0.3 * np.sin(np.arange(steps) / 9))
    return LayerRecord(
        layer=name, kind="Linear", model="Net", order=order, parameters=50_240,
        step=np.arange(steps), weight_norm=np.full(steps, 8.0), gradient_norm=wave,
        gradient_rms=wave / 200, update_ratio=wave / 1000,
        non_finite_gradient=np.zeros(steps), non_finite_weight=np.zeros(steps),
    )  # fmt: skip


def make_training(steps: int = 200, floor: float = 0.2) -> TrainingSeries:
    step = np.arange(steps)
    noise = np.random.default_rng(5).normal(0, 0.04, steps)
    return TrainingSeries(
        step=step, loss=floor + (2.3 - floor) * np.exp(-step / 40) * np.exp(noise),
        learning_rate=np.where(step < 120, 0.5, 0.05), gradient_norm=np.ones(steps),
        update_ratio=np.full(steps, 1e-3), input_mean=np.zeros(steps), input_std=np.ones(steps),
        input_abs_max=np.full(steps, 3.0), input_non_finite=np.zeros(steps),
    )  # fmt: skip


def make_record(sites: int = 3, *, steps: int = 200, **changes: Any) -> Record:
    values: dict[str, Any] = {
        "script": "examples/train.py", "optimizer": "SGD", "loss_function": "cross_entropy",
        "steps": steps, "observed_steps": steps, "window_steps": 20, "overhead": 0.019,
        "sites": tuple(
            make_site(f"features.{n}.relu", order=n, steps=steps, dead=0.61 / (n + 1))
            for n in range(sites)
        ),
        "layers": tuple(make_layer(f"fc{n + 1}", n, steps) for n in range(sites)),
        "training": make_training(steps),
        "notes": ("two DataLoader workers were not watched",),
        "environment": {"python": "3.11.2", "torch": "2.13.0", "system": "Linux"},
    }  # fmt: skip
    return Record(**{**values, **changes})


def make_findings() -> tuple[Finding, ...]:
    return (
        Finding(
            "learning_rate_too_high", "error", "The steps were so long that the loss jumped at "
            "step 41 and 61 % of the units of features.0.relu fell silent.", layer="fc1",
            site="features.0.relu", source="net.py:41", first_step=41,
            evidence={"dead": 0.61, "update_ratio": 0.31, "median_bias": -4.2},
            remedies=(LOWER, RECYCLE),
        ),
        Finding(
            "dying_relu", "warning", "Units died during training.", layer="fc2",
            site="features.1.relu", source="net.py:42", first_step=77, evidence={"dead": 0.3},
            remedies=(RECYCLE,),
        ),
        Finding("dormant_units", "info", "A few units hardly ever fire.", first_step=90),
    )  # fmt: skip


def make_run(dead: float = 0.6, floor: float = 1.2, accuracy: float = 0.41, **changes: Any) -> Run:
    findings = make_findings() if dead > 0.5 else ()
    sites = tuple(make_site(f"features.{n}.relu", order=n, dead=dead / (n + 1)) for n in range(2))
    record = make_record(sites=2, training=make_training(floor=floor), **changes)
    record = Record(**{**vars(record), "sites": sites})
    return Run(
        record, findings, 0, f"epoch 1 accuracy {accuracy}\n",
        {"accuracy": tuple(accuracy * (1 - 2.0**-n) for n in range(1, 9))}, 12.5,
    )  # fmt: skip


PATCH = """\
--- a/examples/train.py
+++ b/examples/train.py
@@ -10,3 +10,3 @@
 model = Net()
-optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
+optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
 loss = torch.nn.CrossEntropyLoss()
"""


def make_repair(**changes: Any) -> Repair:
    values: dict[str, Any] = {
        "script": "examples/train.py", "before": make_run(),
        "attempts": (
            Attempt((RECYCLE,), make_run(0.55, 0.9, 0.6)),
            Attempt((LOWER,), make_run(0.02, 0.1, 0.97)),
        ),
        "chosen": 1, "verdict": "repaired",
        "summary": "Dead units fell from 61 % to 2 % and the accuracy rose from 0.41 to 0.97.",
        "patch": PATCH,
    }  # fmt: skip
    return Repair(**{**values, **changes})


NAMES = (
    "mish", "silu", "gelu", "relu", "leaky_relu", "elu", "selu", "softplus", "tanh", "sigmoid",
)  # fmt: skip


def make_row(name: str, place: int, tried: int = 8, **changes: Any) -> Row:
    rng = np.random.default_rng(place)
    mean = 0.975 - 0.003 * place**1.4
    scores = tuple(float(s) for s in mean + rng.normal(0, 0.004, tried))
    value = float(np.mean(scores)) if scores else math.nan
    epoch, behind = np.arange(1, 21), -0.003 * place
    learned = mean - 0.8 * np.exp(-epoch / (2 + place / 3))
    values: dict[str, Any] = {
        "activation": name, "seeds": tried, "failed_seeds": 0, "learning_rate": 0.03,
        "learning_rate_at_edge": name == "selu",
        "score": Interval(value, value - 0.003, value + 0.003),
        "scores": scores, "epochs_to_target": 6.0 + place if place < 8 else None,
        "reached_target": tried if place < 8 else 1, "step_time": 4.1e-4 * (1 + 0.1 * (place % 4)),
        "dead": 0.02 * place if "relu" in name else 0.0,
        "sparsity": 0.55 if "relu" in name else 0.0,
        "difference": None if place == 0 else Interval(behind, behind - 0.003, behind + 0.003),
        "student": None if place == 0 else Interval(behind, behind - 0.002, behind + 0.003),
        "bootstrap": None if place == 0 else Interval(behind, behind - 0.003, behind + 0.002),
        "middle_difference": None if place == 0 else Interval(behind, behind - 0.009, 0.0),
        "p_value": None if place == 0 else 0.6 / 2**place,
        "probability_of_improvement": None if place == 0 else 0.5 / place,
        "verdict": "no difference" if place < 3 else "worse",
        "curves": {
            "train_loss": tuple(float(v) for v in 2.3 * np.exp(-epoch / (4 + place / 2))),
            "validation_score": tuple(float(v) for v in learned),
            "validation_score_low": tuple(float(v) for v in learned - 0.01),
            "validation_score_high": tuple(float(v) for v in learned + 0.01),
        },
        "survival": ((0.0, 1.0), (6.0 + place, 0.25), (20.0, 0.25)),
        "chance_best": 0.5 / (1 + place),
        "gradient_flow": 0.5, "sharpness": 0.05 * (1 + place), "memory": 3.5e5, "joules": 0.012,
        "energy": "estimated", "seconds_to_target": 0.3 if place < 8 else None,
        "steps_to_target": 120.0 if place < 8 else None,
        "joules_to_target": 1.44 if place < 8 else None,
    }  # fmt: skip
    return Row(**{**values, **changes})


def make_comparison(names: tuple[str, ...] = NAMES, seeds: int = 8, **changes: Any) -> Comparison:
    rates = (0.003, 0.01, 0.03, 0.1, 0.3)
    values: dict[str, Any] = {
        "task": "digits", "metric": "test accuracy", "target": 0.95, "seeds": tuple(range(seeds)),
        "rows": tuple(make_row(name, place, seeds) for place, name in enumerate(names)),
        "tuning": tuple(
            TuningPoint(name, rate, 0.97 - 0.05 * (math.log10(rate / 0.03)) ** 2 - 0.002 * place)
            for place, name in enumerate(names) for rate in rates
        ),
        "recommendation": "Take mish, silu or gelu: these seeds cannot tell them apart.",
        "improvement": tuple(
            tuple(0.5 + 0.04 * (other - place) for other in range(len(names)))
            for place in range(len(names))
        ),
        "pareto": tuple(names[:2]), "matters": 0.005, "baseline": names[0] if names else "",
        "protocol": ("Task digits, 1,079 samples.",), "prior": "Papers start from relu.",
        "recommended": tuple(names[:3]), "smallest_detectable": 0.004,
        "trials": len(names) * (seeds + len(rates)),
        "settings": {"epochs": 20, "batch_size": 64, "model": "mlp", "hidden": (128, 64)},
        "environment": {"python": "3.11.2", "torch": "2.13.0", "machine": "2 cores"},
    }  # fmt: skip
    return Comparison(**{**values, **changes})


def failed_row(name: str, seeds: int = 8) -> Row:
    nan = math.nan
    return make_row(
        name, 9, seeds, seeds=0, failed_seeds=seeds, learning_rate=nan, scores=(None,) * seeds,
        score=Interval(nan, nan, nan), epochs_to_target=None, reached_target=0, step_time=nan,
        dead=nan, sparsity=nan, survival=(), chance_best=nan, gradient_flow=nan, sharpness=nan,
        memory=nan, joules=nan, seconds_to_target=None, steps_to_target=None,
        joules_to_target=None, difference=None, p_value=None,
        probability_of_improvement=None,
        verdict="failed", curves={},
    )  # fmt: skip


HOSTILE = "<script>alert('x')</script>\"&{{7*7}}$\\frac$[bold]\x1b[31m名前\n\u202e"


def hostile_record() -> Record:
    site = make_site(HOSTILE)
    site = SiteRecord(**{**vars(site), "source": HOSTILE, "layer": HOSTILE, "function": HOSTILE})
    layer = LayerRecord(**{**vars(make_layer("fc", 0)), "layer": HOSTILE, "kind": HOSTILE})
    return Record(**{
        **vars(make_record(sites=1)), "script": HOSTILE, "sites": (site,), "notes": (HOSTILE,),
        "optimizer": HOSTILE, "loss_function": HOSTILE, "environment": {HOSTILE: HOSTILE},
        "layers": (layer,),
        "non_finite": (NonFinite(3, "site", HOSTILE, HOSTILE),),
    })  # fmt: skip


@pytest.fixture(scope="session")
def record() -> Record:
    return make_record()


@pytest.fixture(scope="session")
def findings() -> tuple[Finding, ...]:
    return make_findings()


@pytest.fixture(scope="session")
def repair() -> Repair:
    return make_repair()


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    return make_comparison()


@pytest.fixture(scope="session")
def make() -> Callable[..., Any]:
    """The builders above, by name: ``make("record", sites=0)``."""
    table = {
        "site": make_site, "layer": make_layer, "record": make_record, "run": make_run,
        "findings": make_findings, "repair": make_repair, "row": make_row,
        "comparison": make_comparison, "failed_row": failed_row, "training": make_training,
        "hostile_record": hostile_record,
    }  # fmt: skip
    return lambda kind, *args, **kwargs: table[kind](*args, **kwargs)
