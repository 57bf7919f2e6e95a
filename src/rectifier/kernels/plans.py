"""Which functions are piecewise polynomials in the kernels, and on which cells; read when printing.

Layer: kernels (standard library only). Written by ``benchmarks/table_plans.py``, which says how;
not to be edited by hand. What is not listed here is computed by its formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rectifier.kernels.tabled import Plan

PLANS: Mapping[str, tuple[Plan | None, Plan | None]] = MappingProxyType(
    {
        "f8ccbcc3f77e8dac": (  # acon_b
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "1af930ea52d84588": (  # acon_c
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "2111ecd3f1887bbd": (  # aptx
            Plan(1.474652886390686, -18, "nearest", False, True, 8),
            Plan(1.5973361730575562, -14, "nearest", False, True, 8),
        ),
        "07d38f6ff1043b8e": (  # arctan
            Plan(1.3333319425582886, 0, "down", False, False, 9, fold="odd"),
            None,
        ),
        "3967bb26debfbbd9": (  # aria2
            Plan(1.9277088642120361, -13, "nearest", False, True, 9),
            Plan(1.722220540046692, -15, "nearest", False, False, 8),
        ),
        "7ba8072632300d23": (  # bent_identity
            Plan(1.2916653156280518, -15, "nearest", False, False, 8),
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
        ),
        "5ebbbc30c87fefb1": (  # bipolar_sigmoid
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "a183f385223cb563": (  # bsilu
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.722220540046692, -15, "nearest", False, False, 6),
        ),
        "948d86b93841be45": (  # celu
            Plan(2.5833306312561035, -30, "up", False, True, 5),
            Plan(1.9374980926513672, -31, "down", False, True, 5),
        ),
        "80c192aeee3369a1": (  # clipped_gelu
            Plan(2.0, -14, "down", False, False, 9, (0, 1, 2)),
            Plan(2.0, -12, "down", False, False, 8),
        ),
        "4ddc26c3e3e1cfb0": (  # cloglog
            Plan(2.526313304901123, -23, "nearest", False, True, 5),
            Plan(2.798830986022949, -17, "nearest", False, True, 9, (25, 26, 27, 28, 29, 30)),
        ),
        "c1f0d21a061f787f": (  # cosine
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "4d6a9e4586dc955d": (  # cosine_squasher
            Plan(19.09859275817871, -32, "down", True, True, 4, (2,), wide=True),
            Plan(19.137235641479492, -32, "down", True, True, 4, (1, 62), wide=True),
        ),
        "8c0f6f5403366892": (  # coslu
            Plan(1.2916653156280518, -15, "nearest", False, False, 7, sharp=1),
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
        ),
        "4728ef5b07b8b9c2": (  # crrelu
            Plan(
                3.1636922359466553,
                -46,
                "up",
                True,
                True,
                7,
                (
                    4,
                    5,
                    6,
                    7,
                    8,
                    9,
                    10,
                    11,
                    12,
                    13,
                    14,
                    15,
                    16,
                    17,
                    18,
                    19,
                    20,
                    21,
                    22,
                    23,
                    24,
                    25,
                    26,
                    27,
                    28,
                ),
                wide=True,
            ),
            Plan(
                1.4365310668945312, -21, "up", True, True, 9, (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
            ),
        ),
        "386f69f189f20cf9": (  # dsilu
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
            Plan(1.722220540046692, -15, "nearest", False, False, 6),
        ),
        "7e9906898f000486": (  # dynamic_tanh
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "be82925ec8fb48f6": (  # e_swish
            Plan(1.722220540046692, -15, "nearest", False, False, 6),
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
        ),
        "9ba3218499a788b7": (  # elish
            Plan(1.3333319425582886, -15, "up", False, False, 7),
            Plan(1.7777760028839111, -16, "down", False, False, 6),
        ),
        "d5e8a93dede44807": (  # elu
            Plan(2.5833306312561035, -30, "up", False, True, 5),
            Plan(1.9374980926513672, -31, "down", False, True, 5),
        ),
        "e9bc61994ff211ec": (  # erf
            Plan(3.6825358867645264, -15, "nearest", True, True, 6, sharp=1),
            Plan(3.09999680519104, -15, "nearest", False, False, 9),
        ),
        "574b572e4014515d": (  # erfact
            Plan(2.6815614700317383, -24, "nearest", False, True, 6),
            Plan(2.644625425338745, -24, "nearest", False, True, 6),
        ),
        "2ee6c742411aa582": (  # exponential
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "07de73e82af71e13": (  # gaussian
            Plan(3.8749961853027344, -15, "nearest", False, False, 9),
            Plan(3.09999680519104, -15, "nearest", False, False, 9),
        ),
        "ccb1ba3d8d675fe0": (  # gcu
            Plan(1.2916653156280518, -15, "nearest", False, False, 7, sharp=1),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "ca8182fdcc906bfd": (  # gelu
            Plan(2.637360095977783, -16, "nearest", False, True, 8, (0,)),
            Plan(2.318838357925415, -16, "nearest", False, True, 8, (0,)),
        ),
        "9864e8f9ae725de8": (  # gelu_tanh
            Plan(2.9999969005584717, -15, "nearest", False, True, 8),
            Plan(2.6158010959625244, -16, "nearest", False, True, 9),
        ),
        "bc24c89f1d044456": (  # gish
            Plan(1.5920381546020508, -25, "nearest", False, True, 7),
            Plan(1.99169921875, -24, "nearest", False, True, 6),
        ),
        "7975955b248d5290": (  # golu
            None,
            Plan(2.798830986022949, -14, "nearest", True, False, 9, (1, 2, 3, 4, 5, 6)),
        ),
        "bc8e4b0636b34a63": (  # hard_elish
            Plan(15.0, -15, "up", True, True, 5),
            Plan(15.0, -16, "down", True, True, 4, (1,)),
        ),
        "9cd74124e4cce87f": (  # hexpo
            Plan(0.9999989867210388, -16, "down", False, False, 7),
            Plan(1.3333319425582886, -16, "down", False, False, 6),
        ),
        "dbd925d29e78aeb6": (  # isrlu
            Plan(3.444441080093384, -31, "down", False, True, 7),
            Plan(2.5833306312561035, -31, "down", False, True, 7),
        ),
        "1a8d4ca9a0e2ef63": (  # isru
            Plan(1.2916653156280518, -15, "nearest", False, False, 9),
            Plan(1.722220540046692, -15, "nearest", False, False, 8),
        ),
        "4eaa6eba3af43218": (  # lecun_tanh
            Plan(1.0815839767456055, -15, "nearest", True, True, 8),
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
        ),
        "4ac2d2c928d5b6a8": (  # lisht
            Plan(1.7204283475875854, 0, "down", False, True, 9, fold="even"),
            Plan(1.476921558380127, 0, "down", False, True, 9, fold="odd"),
        ),
        "de87f19fdeb24e81": (  # log_sigmoid
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.3333319425582886, 0, "down", False, False, 6, fold="falls"),
        ),
        "9a4101a97caec2c8": (  # logish
            Plan(1.722220540046692, -15, "nearest", False, False, 6),
            Plan(1.722220540046692, -15, "nearest", False, False, 6),
        ),
        "090004b1d95ade78": (  # loglog
            None,
            Plan(2.798830986022949, -14, "nearest", True, False, 9, (1, 2, 3, 4, 5, 6)),
        ),
        "ed44e337275164c2": (  # mish
            Plan(1.4479624032974243, -17, "nearest", False, True, 7, sharp=1),
            Plan(1.3540184497833252, -16, "nearest", False, True, 7),
        ),
        "7fd0d2e84d40f495": (  # mpelu
            Plan(2.5833306312561035, -30, "up", False, True, 5),
            Plan(1.9374980926513672, -31, "down", False, True, 5),
        ),
        "2e29c0adf934d093": (  # nlrelu
            Plan(2.5833306312561035, 0, "up", True, False, 7),
            None,
        ),
        "bd5560c416fbcf4d": (  # pau_a
            None,
            Plan(3.1999967098236084, -15, "up", False, False, 9, (15,), sharp=1),
        ),
        "63e451474b36bd91": (  # pau_c
            None,
            Plan(5.24999475479126, -31, "nearest", False, False, 8, wide=True),
        ),
        "cd8128712c51b393": (  # pau
            None,
            Plan(4.499995708465576, -31, "nearest", False, False, 9, wide=True),
        ),
        "fea7a255edc9052f": (  # pelu
            Plan(2.5833306312561035, -30, "up", False, True, 5),
            Plan(1.9374980926513672, -31, "down", False, True, 5),
        ),
        "eca23e00a6868632": (  # penalized_tanh
            Plan(1.6055346727371216, -15, "up", True, True, 8),
            Plan(1.7777760028839111, -15, "up", False, False, 7),
        ),
        "d013e7e6e86160cf": (  # phish
            Plan(1.908546805381775, -13, "nearest", False, True, 9, (0, 1, 2, 3), sharp=2),
            Plan(1.7486320734024048, -12, "nearest", False, True, 9, (0,)),
        ),
        "7499efa789822a94": (  # probit
            Plan(2.622948169708252, -16, "nearest", False, True, 8, (0, 1, 2)),
            Plan(2.2142834663391113, -15, "nearest", False, False, 9),
        ),
        "ca4b2ff4fc2c8952": (  # pserf
            Plan(1.919998049736023, -23, "nearest", False, True, 6),
            Plan(1.8786673545837402, -23, "nearest", False, True, 6),
        ),
        "03d8ac9f57aac8d9": (  # ptelu
            Plan(3.32179594039917, -31, "down", True, True, 6),
            Plan(3.444441080093384, -31, "down", False, True, 6),
        ),
        "52e838f83e8b6415": (  # quick_gelu
            Plan(1.1580204963684082, -19, "nearest", False, True, 8),
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
        ),
        "9e59d5669c80ab50": (  # resech
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
            Plan(1.722220540046692, -15, "nearest", False, False, 8),
        ),
        "42634e01d4af2f82": (  # reu
            Plan(1.9374980926513672, -30, "up", False, True, 6),
            Plan(2.5833306312561035, -31, "down", False, True, 6),
        ),
        "226dc440ff992d39": (  # rootsig
            Plan(1.722220540046692, -15, "nearest", False, False, 7),
            Plan(1.722220540046692, -15, "nearest", False, False, 8),
        ),
        "89bc8a5b31852142": (  # scaled_sigmoid
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "2985e0f18d699bc1": (  # selu
            Plan(1.3333319425582886, -16, "down", False, False, 6),
            Plan(1.9374980926513672, -30, "up", False, True, 5),
        ),
        "1db2d844d83f22dc": (  # serf
            Plan(2.3244528770446777, -21, "nearest", False, True, 6),
            Plan(1.8461519479751587, -22, "nearest", False, True, 7),
        ),
        "0e453415636c0132": (  # serlu
            Plan(2.2857120037078857, -16, "down", False, False, 6, sharp=1),
            Plan(2.5833306312561035, -30, "up", False, True, 6),
        ),
        "36448774cd413ef3": (  # sgelu
            Plan(2.7272698879241943, 0, "down", False, True, 6, sharp=2, fold="even"),
            Plan(2.487044095993042, 0, "down", False, True, 6, fold="odd"),
        ),
        "95db0390f1582dd5": (  # sigmoid
            Plan(1.3333319425582886, 0, "down", False, False, 6, fold="rises"),
            Plan(1.3333319425582886, 0, "down", False, False, 6, fold="even"),
        ),
        "20125c25607f5ead": (  # silu
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
        ),
        "efc7f2a30234aea0": (  # sine
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "985fcef535ee1958": (  # sinlu
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 7, (27,)),
        ),
        "a6293b73b2edc0dc": (  # slu
            Plan(2.5833306312561035, -30, "up", False, True, 5),
            Plan(2.5833306312561035, -31, "down", False, True, 5),
        ),
        "c5af7e309b1e9eec": (  # smish
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
        ),
        "8b4b88f7c164fd5a": (  # smu
            Plan(
                2574912.25,
                -17,
                "down",
                True,
                True,
                4,
                (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22),
            ),
            Plan(848528.125, -7, "down", True, True, 4, (2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ),
        "36be87638756d68d": (  # smu_1
            Plan(606381.4375, -20, "up", True, True, 4, (20, 21)),
            Plan(743516.0625, -18, "down", True, True, 4, (17, 18)),
        ),
        "148ebf1e5b210bea": (  # snake
            Plan(1.2916653156280518, -15, "nearest", False, False, 8),
            Plan(3.09999680519104, -15, "nearest", False, False, 6, (3, 13, 22)),
        ),
        "b1d5917b6d7a9548": (  # soft_clipping
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "09e3c9b3244b8960": (  # soft_modulus_t
            Plan(154.66651916503906, -15, "nearest", True, True, 5, (12, 13, 14, 15, 16, 17, 18)),
            Plan(115.99988555908203, -15, "nearest", True, True, 7, (14, 15, 16)),
        ),
        "85bdad56f2dc36f8": (  # soft_plus_plus
            Plan(1.017542839050293, -16, "nearest", True, True, 6, (31,)),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "05e143a29d5cab34": (  # softplus
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.3333319425582886, 0, "down", False, False, 6, fold="rises"),
        ),
        "da93a0f4537d8299": (  # sqrt_softplus
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
        ),
        "a82c8562c14b6117": (  # squareplus
            Plan(0.9687490463256836, -15, "nearest", False, False, 6),
            Plan(1.3333319425582886, 0, "down", False, False, 6, fold="rises"),
        ),
        "a87025e7af9e4f4b": (  # srs
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
        ),
        "02f98b36e8bc1731": (  # swish
            Plan(1.2916653156280518, -15, "nearest", False, False, 7),
            Plan(0.9687490463256836, -15, "nearest", False, False, 7),
        ),
        "49080bc92df23832": (  # symlog
            Plan(1.3333319425582886, -16, "down", False, False, 9),
            None,
        ),
        "c102cb73a4bcd89e": (  # tanh
            Plan(1.660897970199585, 0, "down", False, True, 8, fold="odd"),
            Plan(1.7777760028839111, 0, "down", False, False, 7, fold="even"),
        ),
        "d1314bf02565ecf9": (  # tanh_exp
            Plan(2.6815614700317383, -24, "nearest", False, True, 6, sharp=1),
            Plan(2.637360095977783, -24, "nearest", False, True, 6),
        ),
        "ac8bb790df6ad9ba": (  # tanh_shrink
            Plan(1.8124982118606567, -15, "nearest", True, True, 9, sharp=3),
            Plan(1.632651448249817, -16, "nearest", True, False, 8),
        ),
        "5df5104bd1f700f1": (  # xielu
            Plan(1.7777760028839111, -15, "up", False, False, 6),
            Plan(2.5833306312561035, -30, "up", False, True, 5, sharp=3),
        ),
    }
)
"""Plans of value and derivative, by the digest of formula and defaults."""
