"""Where plain float arithmetic does not do for half precision, as measured.

Layer: kernels (standard library only), read when the Triton kernels are printed. Measured over
every fp16 and bf16 number by ``benchmarks/half_ranges.py``, which says how; not to be edited by
hand. Whatever is listed here is computed in double.
"""

from __future__ import annotations

DOUBLE: frozenset[tuple[str, str]] = frozenset()
"""Digest of the formula, and ``"value"`` or ``"slope"``."""
