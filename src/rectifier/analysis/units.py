"""What is known of a gated unit or of a row-wise function, in one record.

Layer: analysis (NumPy only), beside `rectifier.analysis.summary`, whose card is of functions of one
number. A curve here is a cut: of a gated unit over its gate, the linear half being 1; of a row-wise
function the first output for the row (x, 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation, Param, Source
from rectifier.analysis import gaussian, peers, rows
from rectifier.analysis.normal import Array
from rectifier.analysis.operations import values
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidActivationError
from rectifier.expression import differentiate, to_latex, to_text

_SPAN = 5.0
_SAMPLES = 1001
_HALVES = (
    "the last half gates unless you say otherwise, as in torch.nn.functional.glu, jax.nn.glu and "
    'keras.activations.glu; gate="first" as vLLM\'s fused kernels, gate="even" as GPT-OSS'
)


@dataclass(frozen=True, eq=False)
class UnitCard:
    """What ``rectifier show`` prints of a gated unit or a row-wise function.

    Attributes:
        kind: Which of the two.
        name: Its name.
        class_name: What its module classes are called.
        aliases: Its other names.
        summary: One sentence on what it is.
        differs: Where libraries disagree.
        source: Where it comes from.
        advice: When to use it and when not.
        formula: What an output is, as text.
        latex: The same as LaTeX; empty for a row-wise function.
        gating: Which half gates; empty for a row-wise function.
        derivatives: Text of the derivatives by what they are derivatives by.
        options: Default and description by name; the default is None where it must be given.
        gain: For independent inputs from N(0, 1); None where there is none.
        missing: Why there is no gain; empty where there is one.
        cut: What the curves show.
        x: Sample points for plots.
        curves: Values at them by name.
    """

    kind: Literal["gated", "row-wise"]
    name: str
    class_name: str
    aliases: tuple[str, ...]
    summary: str
    differs: str
    source: Source
    advice: catalog.Advice
    formula: str
    latex: str
    gating: str
    derivatives: Mapping[str, str]
    options: Mapping[str, tuple[float | None, str]]
    gain: float | None
    missing: str
    cut: str
    x: Array
    curves: Mapping[str, Array]

    def elsewhere(self) -> dict[str, tuple[str, ...]]:
        """Return the names that installed libraries have for it, by the library's title."""
        return peers.elsewhere(self.name)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the sample points as plain data, fit for JSON."""
        left_out = ("x", "curves", "source", "advice", "options")
        plain = {key: value for key, value in vars(self).items() if key not in left_out}
        return {
            "schema": 1,
            **plain,
            "aliases": list(self.aliases),
            "derivatives": dict(self.derivatives),
            "options": {
                name: {"default": default, "description": about}
                for name, (default, about) in self.options.items()
            },
            "source": vars(self.source),
            "advice": {**vars(self.advice), "sources": list(self.advice.sources)},
            "elsewhere": {title: list(names) for title, names in self.elsewhere().items()},
        }


def unit_card(name: str) -> UnitCard:
    """Return what is known of a gated unit or a row-wise function.

    Args:
        name: Its name, an alias or a class name.

    Raises:
        UnknownNameError: There is nothing of that name.

    Example:
        >>> unit_card("swiglu").derivatives["x"]
        'gate * sigmoid(beta * gate)'
        >>> unit_card("softmax").derivatives["output i by input j"]
        'y_i (δ_ij − y_j)'
    """
    unit = gaussian.find_unit(name)
    if isinstance(unit, Rowwise):
        return _rowwise(unit)
    return _gated(unit)


def has_unit_card(name: str) -> bool:
    """Say whether a name is that of a gated unit or a row-wise function."""
    key = peers.resolve(name)
    return key in catalog.gated_names() or key in catalog.rowwise_names()


def _gated(unit: Activation) -> UnitCard:
    given = {k: v for k, v in unit.parameters().items() if k != "gate"}
    own: dict[str, Param] = {k: v for k, v in unit.params.items() if k != "gate"}
    slopes = {by: differentiate(unit.expression, by) for by in ("x", "gate")}
    x = _points()
    one = np.ones_like(x)
    curves = {
        "f(1, gate)": values(unit.value_expression, one, {**given, "gate": x}),
        "its slope by gate": values(slopes["gate"], one, {**given, "gate": x}),
    }
    gain, missing = _gain(unit.name)
    return UnitCard(
        kind="gated",
        name=unit.name,
        class_name=unit.class_name,
        aliases=unit.aliases,
        summary=unit.summary,
        differs=unit.differs,
        source=unit.source,
        advice=catalog.advice(unit.name),
        formula=unit.formula,
        latex=to_latex(unit.expression),
        gating=_HALVES,
        derivatives={by: to_text(slope) for by, slope in slopes.items()},
        options={k: (param.default, param.description) for k, param in own.items()},
        gain=gain,
        missing=missing,
        cut="over the gate, the other half being 1",
        x=x,
        curves=_frozen(curves),
    )


def _rowwise(record: Rowwise) -> UnitCard:
    x = _points()
    pairs = np.stack([x, np.zeros_like(x)], axis=-1)
    chosen = {name: 1 if default is None else default for name, default in record.options.items()}
    if record.name == "batch_topk":  # over all rows, so one row at a time
        outputs = [rows.compute(record.name, np, _same, pair[None], **chosen)[0] for pair in pairs]
        result = np.array(outputs)
    else:
        result = rows.compute(record.name, np, _same, pairs, **chosen)
    given = "".join(f", {name} = {value}" for name, value in chosen.items())
    gain, missing = _gain(record.name)
    return UnitCard(
        kind="row-wise",
        name=record.name,
        class_name=record.class_name,
        aliases=record.aliases,
        summary=record.summary,
        differs=record.differs,
        source=record.source,
        advice=catalog.advice(record.name),
        formula=record.formula,
        latex="",
        gating="",
        derivatives={"output i by input j": record.jacobian},
        options={k: (default, "a whole number from 1") for k, default in record.options.items()},
        gain=gain,
        missing=missing,
        cut=f"the first output for the row (x, 0){given}",
        x=x,
        curves=_frozen({"first output": np.asarray(result[:, 0], np.float64)}),
    )


def _gain(name: str) -> tuple[float | None, str]:
    try:
        return gaussian.gain(name), ""
    except InvalidActivationError as error:
        return None, str(error)


def _points() -> Array:
    return np.linspace(-_SPAN, _SPAN, _SAMPLES)


def _frozen(curves: dict[str, Array]) -> dict[str, Array]:
    for array in curves.values():
        array.setflags(write=False)
    return curves


def _same(array: Any) -> Any:
    return array
