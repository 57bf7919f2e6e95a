"""Which functions are first looked up in even cells, and in which; read when printing.

Layer: kernels (standard library only). Written by ``benchmarks/near_plans.py``, which says how;
not to be edited by hand. What is in none of them is computed by `rectifier.kernels.plans`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rectifier.kernels.tabled import Plan

NEAR_PLANS: Mapping[str, tuple[Plan | None, Plan | None]] = MappingProxyType(
    {
        "f8ccbcc3f77e8dac": (  # acon_b
            None,
            Plan(1.0, -16, "nearest", False, False, 6, even=True),
        ),
        "1af930ea52d84588": (  # acon_c
            None,
            Plan(1.0, -16, "nearest", False, False, 6, even=True),
        ),
        "07d38f6ff1043b8e": (  # arctan
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True, wide=True),
            None,
        ),
        "5ebbbc30c87fefb1": (  # bipolar_sigmoid
            Plan(2.0, 0, "nearest", False, False, 6, fold="odd", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "386f69f189f20cf9": (  # dsilu
            None,
            Plan(2.0, 0, "nearest", False, False, 6, fold="even", even=True, wide=True),
        ),
        "7e9906898f000486": (  # dynamic_tanh
            None,
            Plan(2.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "e9bc61994ff211ec": (  # erf
            Plan(1.0, 0, "nearest", False, False, 8, sharp=1, fold="odd", even=True),
            None,
        ),
        "2ee6c742411aa582": (  # exponential
            None,
            Plan(1.0, -16, "nearest", False, False, 6, even=True),
        ),
        "9cd74124e4cce87f": (  # hexpo
            Plan(1.0, 0, "nearest", False, False, 6, fold="odd", even=True),
            Plan(1.0, 0, "nearest", False, False, 6, fold="even", even=True),
        ),
        "1a8d4ca9a0e2ef63": (  # isru
            Plan(2.0, 0, "nearest", False, False, 8, fold="odd", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 7, fold="even", even=True, wide=True),
        ),
        "4eaa6eba3af43218": (  # lecun_tanh
            Plan(1.0, 0, "nearest", False, False, 7, sharp=1, fold="odd", even=True),
            Plan(2.0, 0, "nearest", False, False, 6, fold="even", even=True, wide=True),
        ),
        "4ac2d2c928d5b6a8": (  # lisht
            None,
            Plan(1.0, 0, "nearest", False, False, 9, fold="odd", even=True),
        ),
        "de87f19fdeb24e81": (  # log_sigmoid
            None,
            Plan(1.0, 0, "nearest", False, False, 6, fold="falls", even=True),
        ),
        "52e838f83e8b6415": (  # quick_gelu
            Plan(2.0, 0, "nearest", False, False, 7, (29,), fold="up", even=True, wide=True),
            None,
        ),
        "9e59d5669c80ab50": (  # resech
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 7, fold="even", even=True, wide=True),
        ),
        "226dc440ff992d39": (  # rootsig
            Plan(1.0, 0, "nearest", False, False, 9, fold="odd", even=True),
            Plan(1.0, 0, "nearest", False, False, 9, fold="even", even=True),
        ),
        "89bc8a5b31852142": (  # scaled_sigmoid
            Plan(2.0, 0, "nearest", False, False, 6, fold="odd", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "95db0390f1582dd5": (  # sigmoid
            None,
            Plan(2.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "20125c25607f5ead": (  # silu
            Plan(2.0, 0, "nearest", False, False, 6, fold="up", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 6, fold="rises", even=True, wide=True),
        ),
        "efc7f2a30234aea0": (  # sine
            None,
            Plan(2.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "85bdad56f2dc36f8": (  # soft_plus_plus
            None,
            Plan(1.0, -16, "nearest", False, False, 6, even=True),
        ),
        "05e143a29d5cab34": (  # softplus
            None,
            Plan(1.0, 0, "nearest", False, False, 6, fold="rises", even=True),
        ),
        "a82c8562c14b6117": (  # squareplus
            Plan(1.0, 0, "nearest", False, False, 6, fold="up", even=True),
            Plan(2.0, 0, "nearest", False, False, 5, fold="rises", even=True, wide=True),
        ),
        "a87025e7af9e4f4b": (  # srs
            Plan(1.0, -16, "nearest", False, False, 7, even=True),
            Plan(1.0, -16, "nearest", False, False, 7, even=True),
        ),
        "02f98b36e8bc1731": (  # swish
            Plan(2.0, 0, "nearest", False, False, 6, fold="up", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 6, fold="rises", even=True, wide=True),
        ),
        "49080bc92df23832": (  # symlog
            Plan(1.0, 0, "nearest", False, False, 8, fold="odd", even=True),
            None,
        ),
    }
)
"""Plans of value and derivative, by the digest of formula and defaults."""
