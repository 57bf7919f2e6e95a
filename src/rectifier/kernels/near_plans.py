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
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "1af930ea52d84588": (  # acon_c
            None,
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "2111ecd3f1887bbd": (  # aptx
            None,
            Plan(4.0, 0, "nearest", False, False, 6, fold="rises", even=True, wide=True),
        ),
        "07d38f6ff1043b8e": (  # arctan
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True),
            None,
        ),
        "3967bb26debfbbd9": (  # aria2
            None,
            Plan(2.0, -15, "nearest", False, False, 8, even=True),
        ),
        "7ba8072632300d23": (  # bent_identity
            Plan(2.0, -15, "nearest", False, False, 7, even=True),
            Plan(2.0, -15, "nearest", False, False, 7, even=True),
        ),
        "5ebbbc30c87fefb1": (  # bipolar_sigmoid
            Plan(2.0, 0, "nearest", False, False, 6, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "a183f385223cb563": (  # bsilu
            None,
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "c1f0d21a061f787f": (  # cosine
            None,
            Plan(2.0, 0, "nearest", False, False, 5, fold="odd", even=True),
        ),
        "8c0f6f5403366892": (  # coslu
            None,
            Plan(2.0, -16, "nearest", False, False, 6, (31,), even=True),
        ),
        "386f69f189f20cf9": (  # dsilu
            None,
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "7e9906898f000486": (  # dynamic_tanh
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "be82925ec8fb48f6": (  # e_swish
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "e9bc61994ff211ec": (  # erf
            Plan(2.0, 0, "nearest", False, False, 6, sharp=1, fold="odd", even=True),
            None,
        ),
        "2ee6c742411aa582": (  # exponential
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "ccb1ba3d8d675fe0": (  # gcu
            None,
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "bc24c89f1d044456": (  # gish
            None,
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "9cd74124e4cce87f": (  # hexpo
            Plan(1.0, 0, "nearest", False, False, 6, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "1a8d4ca9a0e2ef63": (  # isru
            Plan(4.0, 0, "nearest", False, False, 7, fold="odd", even=True, wide=True),
            Plan(2.0, 0, "nearest", False, False, 7, fold="even", even=True),
        ),
        "4eaa6eba3af43218": (  # lecun_tanh
            Plan(2.0, 0, "nearest", False, False, 6, sharp=1, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "4ac2d2c928d5b6a8": (  # lisht
            None,
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True),
        ),
        "de87f19fdeb24e81": (  # log_sigmoid
            Plan(2.0, -15, "nearest", False, False, 5, (30,), even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="falls", even=True, wide=True),
        ),
        "9a4101a97caec2c8": (  # logish
            None,
            Plan(2.0, -16, "nearest", False, False, 6, even=True),
        ),
        "ed44e337275164c2": (  # mish
            Plan(2.0, -15, "nearest", False, False, 6, sharp=1, even=True),
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "7499efa789822a94": (  # probit
            None,
            Plan(4.0, 0, "nearest", False, False, 8, (30,), fold="even", even=True, wide=True),
        ),
        "ca4b2ff4fc2c8952": (  # pserf
            None,
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "52e838f83e8b6415": (  # quick_gelu
            Plan(2.0, -15, "nearest", False, False, 7, even=True),
            Plan(4.0, 0, "nearest", False, False, 6, fold="rises", even=True, wide=True),
        ),
        "9e59d5669c80ab50": (  # resech
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "226dc440ff992d39": (  # rootsig
            Plan(2.0, 0, "nearest", False, False, 7, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "89bc8a5b31852142": (  # scaled_sigmoid
            Plan(2.0, 0, "nearest", False, False, 6, fold="odd", even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "1db2d844d83f22dc": (  # serf
            None,
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "95db0390f1582dd5": (  # sigmoid
            Plan(4.0, 0, "nearest", False, False, 4, fold="rises", even=True, wide=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "20125c25607f5ead": (  # silu
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="rises", even=True, wide=True),
        ),
        "efc7f2a30234aea0": (  # sine
            None,
            Plan(4.0, 0, "nearest", False, False, 4, fold="even", even=True, wide=True),
        ),
        "985fcef535ee1958": (  # sinlu
            Plan(2.0, -16, "nearest", False, False, 7, even=True),
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "c5af7e309b1e9eec": (  # smish
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            None,
        ),
        "148ebf1e5b210bea": (  # snake
            Plan(2.0, -15, "nearest", False, False, 8, even=True),
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "b1d5917b6d7a9548": (  # soft_clipping
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "85bdad56f2dc36f8": (  # soft_plus_plus
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "05e143a29d5cab34": (  # softplus
            Plan(2.0, -16, "nearest", False, False, 5, (1,), even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="rises", even=True, wide=True),
        ),
        "da93a0f4537d8299": (  # sqrt_softplus
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
        ),
        "a82c8562c14b6117": (  # squareplus
            Plan(2.0, -15, "nearest", False, False, 5, even=True),
            Plan(4.0, 0, "nearest", False, False, 4, fold="rises", even=True, wide=True),
        ),
        "a87025e7af9e4f4b": (  # srs
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
        ),
        "02f98b36e8bc1731": (  # swish
            Plan(2.0, -15, "nearest", False, False, 6, even=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="rises", even=True, wide=True),
        ),
        "49080bc92df23832": (  # symlog
            Plan(1.0, 0, "nearest", False, False, 8, fold="odd", even=True),
            None,
        ),
        "c102cb73a4bcd89e": (  # tanh
            Plan(4.0, 0, "nearest", False, False, 6, fold="odd", even=True, wide=True),
            Plan(4.0, 0, "nearest", False, False, 5, fold="even", even=True, wide=True),
        ),
        "ac8bb790df6ad9ba": (  # tanh_shrink
            None,
            Plan(4.0, 0, "nearest", False, False, 7, fold="even", even=True, wide=True),
        ),
    }
)
"""Plans of value and derivative, by the digest of formula and defaults."""
