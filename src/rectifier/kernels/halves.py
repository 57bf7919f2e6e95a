"""Where plain float arithmetic does not do for half precision, as measured.

Layer: kernels (standard library only), read when the Triton kernels are printed. Measured over
every fp16 and bf16 number: ``benchmarks/gpu.py`` names what misses the bar of 0.51 ulp, which
belongs here. What is listed is computed in double.
"""

from __future__ import annotations

DOUBLE: frozenset[tuple[str, str]] = frozenset(
    {
        ("ab5d7b7814b382b3", "value"),  # pau, pau_d
        ("ab5d7b7814b382b3", "slope"),  # pau, pau_d
        ("c506eae7d9631897", "value"),  # pau_a
        ("c506eae7d9631897", "slope"),  # pau_a
        ("76a0fe482e8a925d", "value"),  # pau_c
        ("76a0fe482e8a925d", "slope"),  # pau_c
        ("e917c7a9890418c4", "value"),  # xielu
        ("257371d0820b9965", "slope"),  # snake
        ("b123ade304fbcbbe", "slope"),  # sinlu
        ("be93c6a3a23c8c05", "slope"),  # coslu
    }
)
"""Digest of the formula, and ``"value"`` or ``"slope"``."""
