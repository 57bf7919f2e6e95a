"""A record as JSON text and back. Part of the record."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any) -> Any:
    """Dataclasses, arrays and special floats as what JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _special(value: Any) -> Any:
    if isinstance(value, list):
        return [_special(item) for item in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def build(kind: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from JSON data; fields that this version does not know are left out."""
    values: dict[str, Any] = {}
    for f in dataclasses.fields(kind):  # type: ignore[arg-type]
        if f.name not in data:
            continue
        value = data[f.name]
        if f.type in ("FloatArray", "IntArray"):
            dtype = np.float64 if f.type == "FloatArray" else np.int64
            value = np.asarray(_special(value), dtype=dtype)
        elif isinstance(value, list):
            value = tuple(_special(value))
        elif f.type == "float":
            value = float(_special(value))
        values[f.name] = value
    return kind(**values)
