"""A comparison as JSON, and back.

Layer: compare, no framework. Numbers that are not finite become null, since JSON has no word for
them; reading turns null back into NaN where a number is meant and leaves None where "none" is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rectifier.compare.result import Comparison, Interval, Row, TuningPoint
from rectifier.errors import InvalidInputError

SCHEMA = 2

_ROW_NUMBERS = (
    "learning_rate", "step_time", "dead", "sparsity", "chance_best", "gradient_flow", "sharpness",
    "memory", "joules",
)  # fmt: skip


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison in plain values, as ``rectifier compare --json`` writes them."""
    plain: dict[str, Any] = _plain(asdict(comparison))
    return {"schema": SCHEMA, **plain}


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON text."""
    return json.dumps(to_dict(comparison), allow_nan=False, indent=1, ensure_ascii=False)


def from_json(text: str) -> Comparison:
    """The comparison that `to_json` wrote.

    Raises:
        InvalidInputError: The text is not such JSON, or was written by a newer version.
    """
    try:
        values = json.loads(text)
        schema = values["schema"]
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInputError(
            f"expected the JSON of a comparison, as --json writes it; it cannot be read ({error})"
        ) from error
    if schema != SCHEMA:
        raise InvalidInputError(
            f"the comparison has format {schema}; this rectifier reads format {SCHEMA}"
        )
    try:
        return _comparison(values)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"the comparison is incomplete or damaged ({error!r})") from error


def _comparison(values: Mapping[str, Any]) -> Comparison:
    given = {key: value for key, value in values.items() if key != "schema"}
    given["seeds"] = tuple(given["seeds"])
    given["rows"] = tuple(_row(row) for row in given["rows"])
    given["tuning"] = tuple(
        TuningPoint(**{**point, "score": _number(point["score"])}) for point in given["tuning"]
    )
    for name in ("recommended", "pareto", "protocol"):
        given[name] = tuple(given[name])
    given["improvement"] = tuple(
        tuple(_number(chance) for chance in chances) for chances in given["improvement"]
    )
    given["smallest_detectable"] = _number(given["smallest_detectable"])
    return Comparison(**given)


def _row(values: Mapping[str, Any]) -> Row:
    given = dict(values)
    for name in _ROW_NUMBERS:
        given[name] = _number(given[name])
    given["score"], given["middle"] = _interval(given["score"]), _interval(given["middle"])
    given["survival"] = tuple((time, share) for time, share in given["survival"])
    for name in ("difference", "student", "bootstrap", "middle_difference"):
        given[name] = None if given.get(name) is None else _interval(given[name])
    given["scores"] = tuple(given["scores"])
    given["curves"] = {
        name: tuple(_number(value) for value in curve) for name, curve in given["curves"].items()
    }
    return Row(**given)


def _interval(values: Mapping[str, Any]) -> Interval:
    return Interval(**{name: _number(value) for name, value in values.items()})


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
