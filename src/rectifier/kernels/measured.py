"""Where float arithmetic does not keep the accuracy bars on a GPU, as measured there.

Layer: kernels (standard library only), read when the Triton kernels are printed. Measured over
every fp16 and bf16 number and many of fp32: ``benchmarks/gpu.py`` names what misses its bar, which
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
"""For half precision: digest of the formula, and ``"value"`` or ``"slope"``."""

SINGLE_BUT = frozenset(
    {
        ("54f6f55ce61bd5cd", "slope"),  # isru
        ("48c8a275be9ba526", "slope"),  # isrlu
    }
)
"""For fp32: what `rectifier.kernels.single` allows and a finer sample does not."""

FAR = frozenset(
    {
        ("7bac0a80ea78a521", "slope"),  # softsign
        ("896c0a04172dd1cb", "slope"),  # elliott
        ("54f6f55ce61bd5cd", "slope"),  # isru
        ("997482c96ad4f094", "slope"),  # rootsig
        ("3696019d3d49c87b", "slope"),  # arctan
        ("e917c7a9890418c4", "slope"),  # xielu
        ("48c8a275be9ba526", "slope"),  # isrlu
        ("c6aff6bc56a4d827", "slope"),  # sign_relu
        ("79954973030b0163", "value"),  # star_relu
        ("79954973030b0163", "slope"),  # star_relu
        ("d0ad107e9b5041ab", "value"),  # squareplus
        ("18524a64acf1e2a7", "value"),  # nlrelu
        ("9059c43f6f60758b", "value"),  # symlog
    }
)
"""Where float overflows before bfloat16 does: likewise in double, but only beyond `REACH`."""

REACH = 1e12
"""Size of an input from which on `FAR` matters."""
