"""Where float arithmetic keeps the accuracy bars, as measured; read when the kernels are printed.

Layer: kernels (standard library only).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Interval = tuple[float, float] | None

SINGLE: Mapping[str, tuple[Interval, Interval]] = MappingProxyType({})
"""By the digest of the formula: the inputs for which value and derivative may use float."""
