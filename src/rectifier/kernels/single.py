"""Where float arithmetic keeps the accuracy bars, as measured; read when the kernels are printed.

Layer: kernels (standard library only). Written by ``benchmarks/float_ranges.py``, which says how;
not to be edited by hand. Whatever is not listed here is computed in double, unless it is
in a cell of a table (`rectifier.kernels.plans`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

Interval = tuple[float, float] | None

EVERY = math.inf
"""The end of an interval that has none: float arithmetic is right up to infinity, and at it."""

SINGLE: Mapping[str, tuple[Interval, Interval]] = MappingProxyType(
    {
        "1ab6025b7b771e48": ((-112.0, 112.0), (-112.0, 112.0)),  # acon_b
        "ade3141831055c3b": ((-112.0, 112.0), (-112.0, 112.0)),  # acon_c
        "196e7085f79f7b8c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # apl
        "3696019d3d49c87b": (None, (-1.844e19, 1.844e19)),  # arctan
        "6fe3fccc19597396": ((-EVERY, EVERY), (-EVERY, EVERY)),  # bent_identity
        "26a30576b5987c12": ((-3.402e38, 3.402e38), (-80.0, 80.0)),  # bipolar_sigmoid
        "2806199171fd7da1": ((-EVERY, EVERY), (-EVERY, EVERY)),  # bounded_leaky_relu
        "3e3a200447c08f9f": ((-EVERY, EVERY), (-80.0, EVERY)),  # celu
        "3d347dda433af456": ((-10.0, 1.844e19), None),  # clipped_gelu
        "f238d99cff584ca0": ((-80.0, EVERY), None),  # cloglog
        "a6156c7ede809b0c": ((-73720.0, 73720.0), (-73720.0, 73720.0)),  # cosine
        "094a8dc25ac392d2": (None, (-73720.0, 73720.0)),  # cosine_squasher
        "0be153264c99abd4": ((-EVERY, EVERY), (-EVERY, EVERY)),  # cube
        "b1a13eea94214a92": ((-EVERY, EVERY), (-EVERY, EVERY)),  # displaced_relu
        "26913ceed4e359b3": ((-EVERY, EVERY), (-80.0, 80.0)),  # dynamic_tanh
        "d4c5c3af266ffb2e": ((-88.0, 3.402e38), None),  # e_swish
        "896c0a04172dd1cb": ((-EVERY, EVERY), (-1.844e19, 1.844e19)),  # elliott
        "1b4ffd7d90aa444c": ((-EVERY, EVERY), (-80.0, EVERY)),  # elu
        "a28eca929c36afdd": ((-80.0, 88.0), (-80.0, 88.0)),  # exponential
        "54e400f4d81b78d1": ((-13.0, EVERY), (-13.0, EVERY)),  # gelu
        "098d629fbe384adc": ((-10.0, 4026000000.0), (-9.0, 257600000000.0)),  # gelu_tanh
        "1f50ee2a2c23113b": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_mish
        "70326c825576d1ba": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_shrink
        "3ec0472888f00067": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_sigmoid
        "032c450293841db0": (None, (-EVERY, EVERY)),  # hard_sigmoid_keras2
        "8e8744ba833df745": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_swish
        "87b57b0ee4b4b783": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_tanh
        "6ae278eefdc99555": ((-EVERY, EVERY), (-80.0, 80.0)),  # hexpo
        "f0139c41db35cd37": ((-EVERY, EVERY), (-EVERY, EVERY)),  # identity
        "48c8a275be9ba526": (None, (-6597000000000.0, EVERY)),  # isrlu
        "54f6f55ce61bd5cd": (None, (-6597000000000.0, 6597000000000.0)),  # isru
        "e6a5f79fc005de3c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # leaky_relu
        "f14a649fa658bf68": ((-EVERY, EVERY), (-EVERY, EVERY)),  # lelelu
        "ba2b9476efb01125": ((-3.402e38, 3.402e38), (-EVERY, EVERY)),  # lisht
        "f6cc54dfd6275988": ((-EVERY, 64.0), (-EVERY, 88.0)),  # log_sigmoid
        "bb2eec614faf8248": ((-80.0, 3.402e38), (-80.0, EVERY)),  # logish
        "70037c29d7c7b63a": ((-80.0, 2.536e19), (-80.0, EVERY)),  # mish
        "ec3d49d91e43826d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # modulus
        "2799600e15d2c9fc": ((-EVERY, EVERY), (-80.0, EVERY)),  # mpelu
        "4cc5ba244404b80d": (None, (-EVERY, EVERY)),  # ncu
        "18524a64acf1e2a7": ((-EVERY, 1.169e38), (-EVERY, EVERY)),  # nlrelu
        "35242a6561d6272e": ((-EVERY, EVERY), (-80.0, EVERY)),  # pelu
        "2acb87afc5c6f9dd": ((-EVERY, EVERY), (-40.0, 40.0)),  # penalized_tanh
        "43463ce3676d74a6": ((-EVERY, EVERY), (-EVERY, EVERY)),  # plu
        "03d74434a9f4e4ef": ((-EVERY, EVERY), (-EVERY, EVERY)),  # prelu
        "247d2efe6d89b270": ((-10.0, 1.844e19), (-13.0, 13.0)),  # probit
        "16b15bc62e60abdc": ((-EVERY, EVERY), (-40.0, EVERY)),  # ptelu
        "b829337234d19e54": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu
        "f6d088b6ca229ffd": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu6
        "acd47ee75f84414f": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu_squared
        "06930d48f19b9f3d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relun
        "2c1fa848ebb5fdf5": ((-EVERY, EVERY), (-EVERY, EVERY)),  # repu
        "47721ed84aafe697": ((-80.0, EVERY), (-80.0, EVERY)),  # reu
        "dedd02fa9d874714": ((-EVERY, EVERY), (-EVERY, EVERY)),  # rrelu
        "2be3f8c17937533e": ((-3.402e38, 3.402e38), (-80.0, 80.0)),  # scaled_sigmoid
        "f375d31189ea1f8e": ((-EVERY, EVERY), (-80.0, EVERY)),  # selu
        "e3204343c402f657": ((-80.0, 3.402e38), (-80.0, EVERY)),  # serf
        "1e057d6b33bc820f": (None, (-EVERY, EVERY)),  # sgelu
        "8459563aff5dff2e": ((-EVERY, EVERY), (-EVERY, EVERY)),  # shifted_relu
        "6e5c2711c63e6c87": ((-EVERY, EVERY), (-EVERY, EVERY)),  # shilu
        "c3b66b3fa8517f31": ((-88.0, EVERY), (-80.0, 80.0)),  # sigmoid
        "a360008e12cc8371": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sign
        "c6aff6bc56a4d827": ((-EVERY, EVERY), (-1.844e19, EVERY)),  # sign_relu
        "8aef72c1ec7dda9f": ((-88.0, EVERY), (-80.0, EVERY)),  # silu
        "aef370204af49a1f": ((-73720.0, 73720.0), (-73720.0, 73720.0)),  # sine
        "efc750dc3f42abf7": ((-EVERY, EVERY), (-88.0, EVERY)),  # slu
        "ad0ebf44266c3eba": ((-80.0, 1.063e38), (-80.0, EVERY)),  # smish
        "abfa5a85ba7a26d9": ((-EVERY, 16490000000000.0), (-EVERY, EVERY)),  # smu
        "eb56731563643989": (None, (-EVERY, EVERY)),  # smu_1
        "e777ed488dc803ef": (None, (-88.0, 88.0)),  # soft_clipping
        "36b6b35d40ceac61": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_exponential
        "1b12e59a35e75b0a": (None, (-EVERY, EVERY)),  # soft_modulus_q
        "9d1fc8484a862904": (None, (-EVERY, EVERY)),  # soft_modulus_t
        "d6cd001d8a01449f": ((-EVERY, EVERY), (-88.0, EVERY)),  # soft_plus_plus
        "a70ba81a43ece380": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_shrink
        "854bb70210982e46": ((-64.0, EVERY), (-88.0, EVERY)),  # softplus
        "7bac0a80ea78a521": ((-EVERY, EVERY), (-1.844e19, 1.844e19)),  # softsign
        "69fe91a8b221da1c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sparse_plus
        "818d3958093158f4": ((-EVERY, EVERY), None),  # sparse_sigmoid
        "056d1e63529746a1": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sqnl
        "7afbd220587280e9": ((-160.0, EVERY), (-160.0, EVERY)),  # sqrt_softplus
        "dabb8addc5e0bf2c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # squ
        "679dd528e8d3cb5a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # square
        "d0ad107e9b5041ab": ((-1.844e19, 1.844e19), (-1.268e19, 1.844e19)),  # squareplus
        "d934dba80ebc8c81": ((-EVERY, EVERY), (-EVERY, EVERY)),  # srelu
        "79954973030b0163": (None, (-EVERY, 1.701e38)),  # star_relu
        "e3579d7067ffc92a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # step
        "d0e0b2e63b6034af": ((-88.0, 3.402e38), (-80.0, EVERY)),  # swish
        "9059c43f6f60758b": ((-1.169e38, 1.169e38), (-EVERY, EVERY)),  # symlog
        "5bb589492bd00d3b": ((-EVERY, EVERY), (-40.0, 40.0)),  # tanh
        "b658976a11911248": ((-80.0, 3.402e38), (-80.0, EVERY)),  # tanh_exp
        "4057587f984a6290": ((-EVERY, EVERY), (-EVERY, EVERY)),  # tanh_shrink
        "16e123ad5c808885": ((-EVERY, EVERY), (-EVERY, EVERY)),  # threshold
        "9254fde3fbda789d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # tlu
    }
)
"""By the digest of the formula: the inputs for which value and derivative may use float."""

GATED: Mapping[str, tuple[Interval, Interval]] = MappingProxyType(
    {
        "0adee16a036b3c7a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # bilinear
        "2605c4a2982f6bd7": ((-13.0, 3.402e38), (-13.0, EVERY)),  # geglu
        "7bd3c320cedd0cb8": ((-10.0, 4294000000.0), None),  # geglu_tanh
        "121de95f8e2e06f0": ((-88.0, EVERY), (-80.0, 80.0)),  # glu
        "1b0ffc9fbd88f389": ((-EVERY, EVERY), (-EVERY, EVERY)),  # reglu
        "176d93166a26db80": ((-88.0, 3.402e38), (-80.0, 7.922e29)),  # swiglu
    }
)
"""By the digest of the gated unit's formula: the gates for which value and slopes may use float."""
