"""Which functions are computed by piecewise polynomials, and by which; read when kernels are printed.

Layer: kernels (standard library only). Written by ``benchmarks/table_plans.py``, which says how; not
to be edited by hand. What is not listed here is computed by its formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rectifier.kernels.tabled import Plan

PLANS: Mapping[str, tuple[Plan | None, Plan | None]] = MappingProxyType(
    {
        "3e3a200447c08f9f": (  # celu
            Plan(2.5833332538604736, -30, "up", False, True, 5),
            Plan(3.444444417953491, -31, "down", False, True, 4),
        ),
        "1b4ffd7d90aa444c": (  # elu
            Plan(2.5833332538604736, -30, "up", False, True, 5),
            Plan(3.444444417953491, -31, "down", False, True, 4),
        ),
        "54e400f4d81b78d1": (  # gelu
            Plan(2.542372941970825, -16, "nearest", False, True, 8),
            Plan(2.4328434467315674, -15, "nearest", False, True, 8),
        ),
        "098d629fbe384adc": (  # gelu_tanh
            Plan(2.777777671813965, -16, "nearest", False, True, 9),
            Plan(2.549123764038086, -16, "nearest", False, True, 9),
        ),
        "f6cc54dfd6275988": (  # log_sigmoid
            Plan(1.1294118165969849, -17, "nearest", True, False, 6),
            Plan(1.2916666269302368, -15, "nearest", False, False, 6),
        ),
        "70037c29d7c7b63a": (  # mish
            Plan(2.014267683029175, -12, "nearest", False, True, 6),
            Plan(1.331484079360962, -16, "nearest", False, True, 7),
        ),
        "f375d31189ea1f8e": (  # selu
            Plan(1.3333333730697632, -17, "down", False, False, 6),
            Plan(1.9375, -30, "up", False, True, 5),
        ),
        "e3204343c402f657": (  # serf
            Plan(2.307692289352417, -21, "nearest", False, True, 6),
            Plan(2.248243570327759, -20, "nearest", False, True, 6),
        ),
        "c3b66b3fa8517f31": (  # sigmoid
            Plan(1.2916666269302368, -15, "nearest", False, False, 6),
            Plan(1.2916666269302368, -15, "nearest", False, False, 6),
        ),
        "8aef72c1ec7dda9f": (  # silu
            Plan(1.2916666269302368, -15, "nearest", False, False, 7),
            Plan(0.96875, -16, "nearest", False, False, 7),
        ),
        "854bb70210982e46": (  # softplus
            Plan(1.1294118165969849, -14, "nearest", False, True, 6),
            Plan(1.2916666269302368, -15, "nearest", False, False, 6),
        ),
        "7bac0a80ea78a521": (  # softsign
            Plan(1.7777777910232544, -17, "down", False, False, 9),
            Plan(1.7777777910232544, -17, "down", False, False, 9),
        ),
        "d0ad107e9b5041ab": (  # squareplus
            Plan(0.96875, -16, "nearest", False, False, 6),
            Plan(0.96875, -16, "nearest", False, False, 7),
        ),
        "5bb589492bd00d3b": (  # tanh
            Plan(1.5466666221618652, -15, "nearest", True, True, 7),
            Plan(1.7222222089767456, -15, "nearest", False, False, 8),
        ),
        "b658976a11911248": (  # tanh_exp
            Plan(2.6740946769714355, -24, "nearest", False, True, 6),
            Plan(2.6301369667053223, -24, "nearest", False, True, 6),
        ),
        "4057587f984a6290": (  # tanh_shrink
            None,
            Plan(1.6326531171798706, -16, "nearest", True, False, 8),
        ),
    }
)
"""Plans of value and derivative at the default parameters, by the digest of the formula."""
