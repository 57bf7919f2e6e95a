"""What was measured while a program trained: plain, versioned, framework-free numbers.

The layer between measuring and judging. `rectifier.watch` and the framework's sites write a
`Record`; `rectifier.doctor` reads it and nothing else; `rectifier.report` draws it. So everything
here is a frozen dataclass of strings, numbers and NumPy arrays, and imports no framework.

Shapes below: S is the number of observed training steps that a series holds (long runs are thinned,
evenly, so S is bounded), U the number of units of a site. A step is one call of an optimiser's
``step``, counted from 0; what is observed at step s is the forward and backward pass *before* that
call. All series cover training; passes in evaluation mode or without gradients are not in them.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rectifier.errors import InvalidInputError
from rectifier.watch.circumstances import (
    Circumstances,
    Feed,
    Head,
    Joint,
    OptimizerFacts,
    ParameterFacts,
)

SCHEMA = 1
"""Version of the record's form; a reader refuses a higher one."""

NEVER = -1
"""In arrays of steps: it did not happen."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def _floats() -> FloatArray:
    return np.zeros(0, dtype=np.float64)


def _ints() -> IntArray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SiteSeries:
    """One site through time; every array has shape (S,). NaN: not known at that step.

    Attributes:
        step: The step.
        silent: Share of units without one positive output in that step's batch.
        sparsity: Share of exactly zero outputs.
        zero_gradient: Share of exactly zero elements in the gradient with respect to the site's
            input (what flows back out of the activation).
        input_mean, input_std: Of the pre-activations.
        output_mean, output_std: Of the outputs.
        gradient_rms: Root mean square of the gradient with respect to the site's output.
        saturated: Share of elements at which the activation's derivative is below 1 % of its
            maximum.
        non_finite: Count of NaN or infinite outputs.
        non_finite_input: Count of NaN or infinite inputs.
        bias_median, weight_norm_median: Over units, of the layer that feeds the site.
    """

    step: IntArray = field(default_factory=_ints)
    silent: FloatArray = field(default_factory=_floats)
    sparsity: FloatArray = field(default_factory=_floats)
    zero_gradient: FloatArray = field(default_factory=_floats)
    input_mean: FloatArray = field(default_factory=_floats)
    input_std: FloatArray = field(default_factory=_floats)
    output_mean: FloatArray = field(default_factory=_floats)
    output_std: FloatArray = field(default_factory=_floats)
    gradient_rms: FloatArray = field(default_factory=_floats)
    saturated: FloatArray = field(default_factory=_floats)
    non_finite: FloatArray = field(default_factory=_floats)
    non_finite_input: FloatArray = field(default_factory=_floats)
    bias_median: FloatArray = field(default_factory=_floats)
    weight_norm_median: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True, eq=False)
class UnitStatistics:
    """Each unit of a site; every array has shape (U,) unless said otherwise.

    "Recent" is the closing window of the record (`Record.window_steps` observed steps).

    Attributes:
        seen: Elements seen per unit over all observed training steps (scalar).
        seen_recent: Elements seen per unit in the closing window (scalar).
        active: Positive outputs over all observed steps; exact.
        active_recent: Positive outputs in the closing window; exact.
        nonzero_gradient_recent: Elements with a non-zero gradient at the site's input, closing
            window; -1 where gradients were not seen.
        mean_abs_recent: Mean |output| in the closing window.
        last_active_step: Last observed step with a positive output, or `NEVER`.
        bias_start, bias_at_death, bias_end: Bias of the unit in the layer that feeds the site: at
            the first observed step, at the first step of the unit's final silence (NaN while the
            unit is alive), and at the end. NaN where there is no bias.
        weight_norm_start, weight_norm_at_death, weight_norm_end: Likewise the Euclidean norm of the
            unit's incoming weights.
        map_steps: Steps of the rows of ``map_active``, shape (M,), M at most 64.
        map_active: Share of positive outputs per unit at these steps, shape (M, U): the picture of
            who was alive when. For sites over 512 units, 512 evenly chosen ones, U' columns.
        map_units: The unit numbers of the columns of ``map_active``, shape (U',).
        input_edges, input_counts: Histogram of the pre-activations at the last observed steps:
            edges (B + 1,), counts (B,).
    """

    seen: int = 0
    seen_recent: int = 0
    active: IntArray = field(default_factory=_ints)
    active_recent: IntArray = field(default_factory=_ints)
    nonzero_gradient_recent: IntArray = field(default_factory=_ints)
    mean_abs_recent: FloatArray = field(default_factory=_floats)
    last_active_step: IntArray = field(default_factory=_ints)
    bias_start: FloatArray = field(default_factory=_floats)
    bias_at_death: FloatArray = field(default_factory=_floats)
    bias_end: FloatArray = field(default_factory=_floats)
    weight_norm_start: FloatArray = field(default_factory=_floats)
    weight_norm_at_death: FloatArray = field(default_factory=_floats)
    weight_norm_end: FloatArray = field(default_factory=_floats)
    map_steps: IntArray = field(default_factory=_ints)
    map_active: FloatArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float64))
    map_units: IntArray = field(default_factory=_ints)
    input_edges: FloatArray = field(default_factory=_floats)
    input_counts: IntArray = field(default_factory=_ints)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Units with no positive output and no gradient in the closing window, shape (U,).

        None is where the closing window saw nothing.
        """
        silent = np.logical_and(self.active_recent == 0, self.seen_recent > 0)
        found: NDArray[np.bool_] = np.logical_and(silent, self.nonzero_gradient_recent <= 0)
        return found

    @property
    def born_dead(self) -> NDArray[np.bool_]:
        """Dead units that never once had a positive output, shape (U,)."""
        never: NDArray[np.bool_] = self.active == 0
        return np.logical_and(self.dead, never)


@dataclass(frozen=True, eq=False)
class SiteRecord:
    """One place where the program applies an activation.

    Attributes:
        site: Stable name: the module path of an activation module, or ``<module path>.<function>``
            for a functional call (``<function>`` in the root module); ``:2``, ``:3`` … where the
            name recurs.
        function: The activation's catalog name if it has one (``relu``), else the callee's name.
        source: ``file.py:line`` of the user's code that applies it; empty where unknown.
        layer: Module path of the layer that produces the site's input (``fc1``); the site's own
            name where none is known.
        layer_kind: Class name of that layer (``Linear``, ``Conv2d``, ``BatchNorm1d``); empty where
            unknown.
        model: Name of the root module it belongs to (its class name, ``:2`` … where it recurs).
        units: Number of units, U.
        unit_axis: Dimension of the output that units lie on.
        order: Place in the forward pass, from 0.
        fan_in: Inputs of one unit of ``layer``; 0 where unknown.
        series: The site through time.
        unit: Its units.
    """

    site: str
    function: str
    source: str
    layer: str
    layer_kind: str
    model: str
    units: int
    unit_axis: int
    order: int
    fan_in: int = 0
    series: SiteSeries = field(default_factory=SiteSeries)
    unit: UnitStatistics = field(default_factory=UnitStatistics)

    @property
    def dead(self) -> float:
        """Share of units that are dead in the closing window (0 where nothing was seen)."""
        return float(self.unit.dead.mean()) if self.unit.active_recent.size else 0.0

    @property
    def sparsity(self) -> float:
        """Mean share of exactly zero outputs over the last tenth of the series; NaN if empty."""
        tail = self.series.sparsity[-max(1, self.series.sparsity.size // 10) :]
        return float(tail.mean()) if tail.size else math.nan


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """One layer with weights, through time; the arrays have shape (S,), NaN where not known.

    Attributes:
        layer: Module path. ``kind``: class name. ``model``: root module's name.
        order: Place in the forward pass, from 0. ``parameters``: number of weights and biases.
        trainable: Whether its weight requires a gradient. ``in_optimizer``: whether an optimiser
            holds its weight.
        step: The step. ``weight_norm``: Euclidean. ``gradient_norm``: of the weight's gradient.
        gradient_rms: Root mean square of the weight's gradient.
        update_ratio: Norm of the step's change over the norm of the weight.
        non_finite_gradient, non_finite_weight: Counts.
    """

    layer: str
    kind: str
    model: str
    order: int
    parameters: int
    trainable: bool = True
    in_optimizer: bool = True
    step: IntArray = field(default_factory=_ints)
    weight_norm: FloatArray = field(default_factory=_floats)
    gradient_norm: FloatArray = field(default_factory=_floats)
    gradient_rms: FloatArray = field(default_factory=_floats)
    update_ratio: FloatArray = field(default_factory=_floats)
    non_finite_gradient: FloatArray = field(default_factory=_floats)
    non_finite_weight: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True, eq=False)
class TrainingSeries:
    """The training as a whole; arrays of shape (S,), NaN where not known.

    Attributes:
        step: The step. ``loss``: the tensor on which ``backward`` was called.
        learning_rate: Largest over the optimiser's groups. ``gradient_norm``: over all parameters.
        update_ratio: Norm of the change of all parameters over their norm.
        input_mean, input_std, input_abs_max: Of the first tensor that enters the model.
        input_non_finite: Count of NaN or infinite values in it.
    """

    step: IntArray = field(default_factory=_ints)
    loss: FloatArray = field(default_factory=_floats)
    learning_rate: FloatArray = field(default_factory=_floats)
    gradient_norm: FloatArray = field(default_factory=_floats)
    update_ratio: FloatArray = field(default_factory=_floats)
    input_mean: FloatArray = field(default_factory=_floats)
    input_std: FloatArray = field(default_factory=_floats)
    input_abs_max: FloatArray = field(default_factory=_floats)
    input_non_finite: FloatArray = field(default_factory=_floats)


@dataclass(frozen=True)
class NonFinite:
    """The first place where NaN or infinity appeared.

    Attributes:
        step: The step. ``where``: ``input``, ``parameter``, ``site``, ``loss`` or ``gradient``.
        name: The site, layer or parameter. ``source``: ``file.py:line`` or empty.
    """

    step: int
    where: str
    name: str
    source: str = ""


@dataclass(frozen=True, eq=False)
class Record:
    """All that was observed in one run of a program.

    Attributes:
        script: What ran, as the user named it; empty for a session inside a program.
        optimizer: Class name of the (first) optimiser; empty if none stepped.
        loss_function: Name of the loss that was seen (``cross_entropy``); empty where unknown.
        steps: Training steps taken. ``observed_steps``: how many of them were measured.
        window_steps: Observed steps in the closing window that "recent" refers to.
        overhead: Seconds spent measuring over seconds of the whole run; NaN where not known.
        sites, layers: In forward order.
        training: The training as a whole.
        circumstances: How the network is wired, what it is fed, what is trained.
        non_finite: First non-finite values, earliest first; empty when all was finite.
        notes: Sentences a person should know (what could not be seen, and why).
        environment: Versions of Python, framework, operating system.
        schema: Version of this form.
    """

    script: str = ""
    optimizer: str = ""
    loss_function: str = ""
    steps: int = 0
    observed_steps: int = 0
    window_steps: int = 0
    overhead: float = math.nan
    sites: tuple[SiteRecord, ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    training: TrainingSeries = field(default_factory=TrainingSeries)
    circumstances: Circumstances = field(default_factory=Circumstances)
    non_finite: tuple[NonFinite, ...] = ()
    notes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> str:
        """The whole record as JSON text (NaN and infinity as the strings that JSON lacks)."""
        return json.dumps(_plain(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInputError: The text is no record, or is from a newer version.
        """
        try:
            data = json.loads(text)
            schema = int(data["schema"])
        except (json.JSONDecodeError, TypeError, KeyError, ValueError) as error:
            raise InvalidInputError(
                f"expected a rectifier record in JSON, got {text[:40]!r}…; write one with "
                "'rectifier run --json FILE SCRIPT'"
            ) from error
        if schema > SCHEMA:
            raise InvalidInputError(
                f"the record has form {schema}, this rectifier reads up to {SCHEMA}; "
                "upgrade rectifier"
            )
        sites = tuple(
            _build(
                SiteRecord,
                {
                    **site,
                    "series": _build(SiteSeries, site["series"]),
                    "unit": _build(UnitStatistics, site["unit"]),
                },
            )
            for site in data["sites"]
        )
        return _build(
            cls,
            {
                **data,
                "sites": sites,
                "layers": tuple(_build(LayerRecord, layer) for layer in data["layers"]),
                "training": _build(TrainingSeries, data["training"]),
                "circumstances": _circumstances(data.get("circumstances", {})),
                "non_finite": tuple(NonFinite(**item) for item in data["non_finite"]),
                "notes": tuple(data["notes"]),
            },
        )


T = TypeVar("T")

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and special floats as what JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _special(value: Any) -> Any:
    if isinstance(value, list):
        return [_special(item) for item in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def _circumstances(data: Mapping[str, Any]) -> Circumstances:
    kinds: Mapping[str, Any] = {
        "heads": Head,
        "joints": Joint,
        "feeds": Feed,
        "parameters": ParameterFacts,
        "optimizers": OptimizerFacts,
    }
    parts = {
        name: tuple(_build(kind, item) for item in data.get(name, ()))
        for name, kind in kinds.items()
    }
    return _build(Circumstances, {**data, **parts})


def _build(kind: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from JSON data; fields that this version does not know are left out."""
    values: dict[str, Any] = {}
    for f in dataclasses.fields(kind):  # type: ignore[arg-type]
        if f.name not in data:
            continue
        value = data[f.name]
        if f.type in ("FloatArray", "IntArray", "NDArray[np.float64]"):
            dtype = np.int64 if f.type == "IntArray" else np.float64
            value = np.asarray(_special(value), dtype=dtype)
        elif f.type == "float":
            value = float(_special(value))
        elif str(f.type).startswith("tuple[") and isinstance(value, list):
            value = tuple(value)
        values[f.name] = value
    return kind(**values)
