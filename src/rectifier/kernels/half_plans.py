"""Which functions are piecewise polynomials in bfloat16, and on which cells; read when printing.

Layer: kernels (standard library only). Written by ``benchmarks/half_plans.py``, which says how;
not to be edited by hand. What is not listed here is looked up or computed in float. It is one
table, and so one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rectifier.kernels.tabled import Plan

HALF_PLANS: Mapping[str, tuple[Plan | None, Plan | None]] = MappingProxyType(
    {
        "f8ccbcc3f77e8dac": (  # acon_b
            Plan(1.7058806419372559, -16, "nearest", True, True, 4),
            Plan(0.9523800015449524, -15, "nearest", False, True, 4),
        ),
        "1af930ea52d84588": (  # acon_c
            Plan(1.7058806419372559, -16, "nearest", True, True, 4),
            Plan(0.9523800015449524, -15, "nearest", False, True, 4),
        ),
        "2111ecd3f1887bbd": (  # aptx
            Plan(2.5065248012542725, -23, "nearest", False, True, 4),
            Plan(1.6695635318756104, -20, "nearest", False, True, 5),
        ),
        "07d38f6ff1043b8e": (  # arctan
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "3967bb26debfbbd9": (  # aria2
            Plan(2.455240488052368, -22, "nearest", False, True, 5),
            Plan(1.9753066301345825, -18, "nearest", False, True, 5),
        ),
        "7ba8072632300d23": (  # bent_identity
            Plan(1.722220540046692, -15, "nearest", False, False, 4),
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
        ),
        "5ebbbc30c87fefb1": (  # bipolar_sigmoid
            Plan(2.090087890625, -15, "nearest", True, True, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "a183f385223cb563": (  # bsilu
            Plan(1.9578039646148682, -16, "nearest", True, True, 4),
            Plan(1.4243309497833252, -13, "nearest", False, True, 4),
        ),
        "948d86b93841be45": (  # celu
            Plan(4.799995422363281, -30, "up", True, True, 4),
            Plan(2.5833306312561035, -31, "down", False, True, 3),
        ),
        "80c192aeee3369a1": (  # clipped_gelu
            Plan(2.0, -12, "down", False, False, 5),
            Plan(2.200000047683716, -16, "down", False, False, 6, (0,)),
        ),
        "4ddc26c3e3e1cfb0": (  # cloglog
            Plan(2.7685625553131104, -25, "nearest", False, True, 3),
            None,
        ),
        "c1f0d21a061f787f": (  # cosine
            Plan(0.9687490463256836, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "4d6a9e4586dc955d": (  # cosine_squasher
            Plan(9.469378471374512, -16, "down", True, True, 3, (1,)),
            Plan(9.188109397888184, -16, "down", True, True, 3, (1, 30)),
        ),
        "8c0f6f5403366892": (  # coslu
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
        ),
        "4728ef5b07b8b9c2": (  # crrelu
            Plan(1.9045644998550415, -26, "up", True, True, 6, (2, 3, 4, 5, 6, 7, 8, 9)),
            Plan(
                1.6027617454528809,
                -23,
                "up",
                True,
                True,
                6,
                (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
            ),
        ),
        "3c35930f679672e4": (  # cube
            Plan(0.9687490463256836, -15, "nearest", False, False, 3),
            None,
        ),
        "386f69f189f20cf9": (  # dsilu
            Plan(1.5458921194076538, -19, "nearest", False, True, 4),
            Plan(0.9687490463256836, -15, "nearest", False, False, 5),
        ),
        "7e9906898f000486": (  # dynamic_tanh
            Plan(2.090087890625, -15, "nearest", True, True, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "be82925ec8fb48f6": (  # e_swish
            Plan(1.2213728427886963, -15, "nearest", False, True, 4),
            Plan(1.0619457960128784, -17, "nearest", False, True, 5),
        ),
        "9ba3218499a788b7": (  # elish
            Plan(3.1999967098236084, -15, "up", False, False, 4),
            Plan(1.7777760028839111, -16, "down", False, False, 4),
        ),
        "35c9d8783606a9c0": (  # elliott
            None,
            Plan(1.3333319425582886, -16, "down", False, False, 6),
        ),
        "d5e8a93dede44807": (  # elu
            Plan(4.799995422363281, -30, "up", True, True, 4),
            Plan(2.5833306312561035, -31, "down", False, True, 3),
        ),
        "e9bc61994ff211ec": (  # erf
            Plan(6.581553936004639, -15, "nearest", True, True, 3),
            None,
        ),
        "574b572e4014515d": (  # erfact
            Plan(1.7258409261703491, -28, "nearest", False, True, 5),
            Plan(2.142854928970337, -26, "nearest", False, True, 4),
        ),
        "2ee6c742411aa582": (  # exponential
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
            Plan(0.9687490463256836, -15, "nearest", False, False, 4),
        ),
        "07de73e82af71e13": (  # gaussian
            Plan(2.5833306312561035, -15, "nearest", False, False, 6, (0, 1, 29, 30, 31)),
            None,
        ),
        "ccb1ba3d8d675fe0": (  # gcu
            Plan(0.9687490463256836, -15, "nearest", False, False, 5),
            Plan(0.9687490463256836, -15, "nearest", False, False, 5),
        ),
        "ca8182fdcc906bfd": (  # gelu
            Plan(2.5464165210723877, -23, "nearest", False, True, 6),
            Plan(2.6086931228637695, -18, "nearest", False, True, 6),
        ),
        "9864e8f9ae725de8": (  # gelu_tanh
            Plan(3.428567886352539, -21, "nearest", False, True, 5),
            Plan(2.900299310684204, -17, "nearest", False, True, 6),
        ),
        "bc24c89f1d044456": (  # gish
            Plan(1.6710165739059448, -27, "nearest", False, True, 4),
            Plan(1.6148006916046143, -26, "nearest", False, True, 4),
        ),
        "bc8e4b0636b34a63": (  # hard_elish
            Plan(15.0, -15, "up", True, True, 3),
            Plan(15.0, -16, "down", True, True, 3, (1,)),
        ),
        "9aa7c3c3cd64a15b": (  # hard_mish
            Plan(15.0, -30, "up", True, True, 2),
            None,
        ),
        "37c3a2a0d9604a1f": (  # hard_sigmoid
            Plan(5.0, -16, "down", True, True, 1),
            None,
        ),
        "0947e41e23bb8c3b": (  # hard_sigmoid_keras2
            Plan(6.0, -16, "down", True, True, 1),
            None,
        ),
        "d008a91785aa141a": (  # hard_swish
            Plan(5.0, -16, "down", True, True, 2),
            None,
        ),
        "9cd74124e4cce87f": (  # hexpo
            Plan(2.3999977111816406, -16, "down", True, True, 4),
            Plan(0.9999989867210388, -16, "down", False, False, 4),
        ),
        "dbd925d29e78aeb6": (  # isrlu
            Plan(3.444441080093384, -31, "down", False, True, 4),
            Plan(3.444441080093384, -31, "down", False, True, 4),
        ),
        "1a8d4ca9a0e2ef63": (  # isru
            Plan(1.722220540046692, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "e23c066e6b01352a": (  # jump_relu
            None,
            Plan(1000.0, -1, "down", True, True, 1),
        ),
        "4eaa6eba3af43218": (  # lecun_tanh
            Plan(2.3917500972747803, -15, "nearest", True, True, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "4ac2d2c928d5b6a8": (  # lisht
            Plan(4.276493549346924, -15, "nearest", True, True, 4),
            Plan(2.2857120037078857, -15, "nearest", True, True, 5),
        ),
        "de87f19fdeb24e81": (  # log_sigmoid
            Plan(1.8568646907806396, -9, "nearest", True, False, 3, (27,)),
            Plan(1.1428560018539429, -13, "nearest", True, False, 4),
        ),
        "9a4101a97caec2c8": (  # logish
            Plan(1.7943906784057617, -16, "nearest", False, True, 4),
            Plan(1.073824405670166, -17, "nearest", False, True, 5),
        ),
        "ed44e337275164c2": (  # mish
            Plan(1.5508869886398315, -25, "nearest", False, True, 4),
            Plan(1.9551914930343628, -18, "nearest", False, True, 4),
        ),
        "7fd0d2e84d40f495": (  # mpelu
            Plan(4.799995422363281, -30, "up", True, True, 4),
            Plan(2.5833306312561035, -31, "down", False, True, 3),
        ),
        "5e0273f26bb40246": (  # ncu
            Plan(0.9687490463256836, -15, "nearest", False, False, 3),
            None,
        ),
        "2e29c0adf934d093": (  # nlrelu
            Plan(1.9374980926513672, 0, "up", True, False, 5),
            None,
        ),
        "fea7a255edc9052f": (  # pelu
            Plan(4.799995422363281, -30, "up", True, True, 4),
            Plan(2.5833306312561035, -31, "down", False, True, 3),
        ),
        "eca23e00a6868632": (  # penalized_tanh
            Plan(4.324319839477539, -15, "up", True, True, 3),
            Plan(1.3333319425582886, -15, "up", False, False, 5),
        ),
        "d013e7e6e86160cf": (  # phish
            Plan(2.421182870864868, -22, "nearest", False, True, 6),
            Plan(2.248241424560547, -16, "nearest", False, True, 6, (0,)),
        ),
        "7499efa789822a94": (  # probit
            Plan(2.522993564605713, -23, "nearest", False, True, 6, (2,)),
            Plan(2.2142834663391113, -15, "nearest", False, False, 6, (0, 30, 31)),
        ),
        "ca4b2ff4fc2c8952": (  # pserf
            Plan(2.7725603580474854, -25, "nearest", False, True, 4),
            Plan(2.0020835399627686, -24, "nearest", False, True, 4),
        ),
        "03d8ac9f57aac8d9": (  # ptelu
            Plan(8.3603515625, -30, "down", True, True, 3),
            Plan(2.5833306312561035, -31, "down", False, True, 4),
        ),
        "52e838f83e8b6415": (  # quick_gelu
            Plan(2.3791797161102295, -21, "nearest", False, True, 5),
            Plan(1.3043465614318848, -21, "nearest", False, True, 5),
        ),
        "67f597641d572c06": (  # repu
            Plan(1.9374980926513672, 0, "up", True, False, 3),
            Plan(1.9374980926513672, 0, "up", True, False, 2),
        ),
        "9e59d5669c80ab50": (  # resech
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 6),
        ),
        "42634e01d4af2f82": (  # reu
            Plan(3.444441080093384, -30, "up", False, True, 4),
            Plan(1.9374980926513672, -31, "down", False, True, 4),
        ),
        "226dc440ff992d39": (  # rootsig
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
            Plan(1.722220540046692, -15, "nearest", False, False, 4),
        ),
        "89bc8a5b31852142": (  # scaled_sigmoid
            Plan(2.090087890625, -15, "nearest", True, True, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "2985e0f18d699bc1": (  # selu
            Plan(4.948448657989502, -31, "down", True, True, 4),
            Plan(2.5833306312561035, -30, "up", False, True, 3),
        ),
        "1db2d844d83f22dc": (  # serf
            Plan(1.6652195453643799, -27, "nearest", False, True, 4),
            Plan(1.967211127281189, -24, "nearest", False, True, 4),
        ),
        "0e453415636c0132": (  # serlu
            Plan(3.444441080093384, -31, "down", False, True, 4),
            Plan(1.9374980926513672, -30, "up", False, True, 4),
        ),
        "36448774cd413ef3": (  # sgelu
            Plan(4.808285236358643, -15, "nearest", True, True, 4),
            Plan(3.114090919494629, -15, "nearest", True, True, 4),
        ),
        "95db0390f1582dd5": (  # sigmoid
            Plan(1.6438339948654175, -20, "nearest", False, True, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "417a17822199a014": (  # sign_relu
            None,
            Plan(3.444441080093384, -31, "down", False, True, 4),
        ),
        "20125c25607f5ead": (  # silu
            Plan(1.3675199747085571, -22, "nearest", False, True, 4),
            Plan(1.073824405670166, -17, "nearest", False, True, 5),
        ),
        "efc7f2a30234aea0": (  # sine
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "985fcef535ee1958": (  # sinlu
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
            Plan(1.2916653156280518, -15, "nearest", False, False, 5),
        ),
        "a6293b73b2edc0dc": (  # slu
            Plan(5.333327770233154, -30, "up", True, True, 3),
            Plan(1.9374980926513672, -31, "down", False, True, 3, (0,)),
        ),
        "c5af7e309b1e9eec": (  # smish
            Plan(1.3223127126693726, -21, "nearest", False, True, 5),
            Plan(1.4678884744644165, -13, "nearest", False, True, 4),
        ),
        "8b4b88f7c164fd5a": (  # smu
            Plan(959.9990234375, -16, "down", True, True, 1, (15, 16)),
            Plan(959.9990234375, -16, "down", True, True, 1, (15, 16)),
        ),
        "36be87638756d68d": (  # smu_1
            Plan(959.9990234375, -15, "up", True, True, 1, (15, 16)),
            Plan(959.9990234375, -16, "down", True, True, 1, (15, 16)),
        ),
        "148ebf1e5b210bea": (  # snake
            Plan(0.9687490463256836, -15, "nearest", False, False, 6),
            None,
        ),
        "b1d5917b6d7a9548": (  # soft_clipping
            Plan(1.316871166229248, -21, "nearest", False, True, 4),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "c558c25050e99c7f": (  # soft_modulus_q
            Plan(15.151004791259766, -16, "down", True, True, 3),
            None,
        ),
        "09e3c9b3244b8960": (  # soft_modulus_t
            Plan(
                460.40264892578125,
                -15,
                "nearest",
                True,
                True,
                2,
                (11, 12, 13, 14, 15, 16, 17, 18, 19),
            ),
            Plan(228.4305419921875, -15, "nearest", True, True, 4, (15,)),
        ),
        "85bdad56f2dc36f8": (  # soft_plus_plus
            Plan(3.052628517150879, -14, "nearest", True, True, 3),
            Plan(1.4637209177017212, -16, "nearest", True, True, 3),
        ),
        "05e143a29d5cab34": (  # softplus
            Plan(1.8568646907806396, -22, "nearest", False, True, 3, (4,)),
            Plan(1.1428560018539429, -18, "nearest", False, True, 4),
        ),
        "0c4447e93789fe74": (  # softsign
            None,
            Plan(1.3333319425582886, -16, "down", False, False, 6),
        ),
        "91e3c433c8804c78": (  # sparse_plus
            Plan(15.0, -16, "down", True, True, 2),
            Plan(15.0, -16, "down", True, True, 1),
        ),
        "e270d54da1bab63b": (  # sparse_sigmoid
            Plan(15.0, -16, "down", True, True, 1),
            Plan(15.0, -16, "down", True, True, 1, (1,)),
        ),
        "2fc97dd9025aae6b": (  # sqnl
            Plan(7.575502395629883, -16, "down", True, True, 2),
            Plan(7.0, -15, "down", True, True, 1),
        ),
        "da93a0f4537d8299": (  # sqrt_softplus
            Plan(1.2916653156280518, -15, "nearest", False, False, 3),
            Plan(1.2916653156280518, -15, "nearest", False, False, 3),
        ),
        "a82c8562c14b6117": (  # squareplus
            Plan(0.9393336772918701, -15, "nearest", False, True, 4),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "a87025e7af9e4f4b": (  # srs
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
            Plan(1.2916653156280518, -15, "nearest", False, False, 4),
        ),
        "589a7f47d8223f77": (  # star_relu
            Plan(1.9374980926513672, -1, "down", True, False, 2),
            None,
        ),
        "02f98b36e8bc1731": (  # swish
            Plan(1.3675199747085571, -22, "nearest", False, True, 4),
            Plan(1.073824405670166, -17, "nearest", False, True, 5),
        ),
        "49080bc92df23832": (  # symlog
            Plan(1.3333319425582886, -16, "down", False, False, 6),
            Plan(1.3333319425582886, -16, "down", False, False, 5),
        ),
        "c102cb73a4bcd89e": (  # tanh
            Plan(4.18017578125, -15, "nearest", True, True, 3),
            Plan(0.9687490463256836, -15, "nearest", False, False, 6),
        ),
        "d1314bf02565ecf9": (  # tanh_exp
            Plan(2.9515726566314697, -27, "nearest", False, True, 4),
            Plan(2.750713586807251, -25, "nearest", False, True, 4),
        ),
        "ac8bb790df6ad9ba": (  # tanh_shrink
            Plan(4.833328723907471, -15, "nearest", True, True, 5),
            Plan(2.4946212768554688, -15, "nearest", True, True, 6),
        ),
        "5df5104bd1f700f1": (  # xielu
            Plan(1.6423825025558472, -12, "up", True, False, 4),
            Plan(3.444441080093384, -30, "up", False, True, 3),
        ),
    }
)
