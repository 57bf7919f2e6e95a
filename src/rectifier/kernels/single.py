"""Where float arithmetic keeps the accuracy bars, as measured; read when the kernels are printed.

Layer: kernels (standard library only). Written by ``benchmarks/float_ranges.py``, which says how;
not to be edited by hand. Whatever is not listed here is computed in double.
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
        "abfa5a85ba7a26d9": ((-EVERY, 16490000000000.0), (-5767000.0, 11530000.0)),  # smu
        "eb56731563643989": (None, (-EVERY, EVERY)),  # smu_1
        "7bac0a80ea78a521": ((-EVERY, EVERY), (-1.844e19, 1.844e19)),  # softsign
        "896c0a04172dd1cb": ((-EVERY, EVERY), (-1.844e19, 1.844e19)),  # elliott
        "3696019d3d49c87b": (None, (-1.844e19, 1.844e19)),  # arctan
        "f6d088b6ca229ffd": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu6
        "06930d48f19b9f3d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relun
        "2806199171fd7da1": ((-EVERY, EVERY), (-EVERY, EVERY)),  # bounded_leaky_relu
        "16e123ad5c808885": ((-EVERY, EVERY), (-EVERY, EVERY)),  # threshold
        "8459563aff5dff2e": ((-EVERY, EVERY), (-EVERY, EVERY)),  # shifted_relu
        "b1a13eea94214a92": ((-EVERY, EVERY), (-EVERY, EVERY)),  # displaced_relu
        "9254fde3fbda789d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # tlu
        "1b4ffd7d90aa444c": ((-EVERY, EVERY), (-80.0, EVERY)),  # elu
        "f375d31189ea1f8e": (None, (-80.0, EVERY)),  # selu
        "3e3a200447c08f9f": ((-EVERY, EVERY), (-80.0, EVERY)),  # celu
        "35242a6561d6272e": ((-EVERY, EVERY), (-80.0, EVERY)),  # pelu
        "2799600e15d2c9fc": ((-EVERY, EVERY), (-80.0, EVERY)),  # mpelu
        "4905f13748349a83": (None, (-80.0, EVERY)),  # serlu
        "47721ed84aafe697": ((-80.0, EVERY), (-80.0, EVERY)),  # reu
        "1ac8b74b9470ad22": ((-64.0, 3.402e38), None),  # elish
        "59427240eed595ab": ((-EVERY, EVERY), None),  # hard_elish
        "c6aff6bc56a4d827": ((-EVERY, EVERY), (-1.844e19, EVERY)),  # sign_relu
        "efc750dc3f42abf7": ((-EVERY, EVERY), (-64.0, EVERY)),  # slu
        "16b15bc62e60abdc": ((-EVERY, EVERY), (-32.0, EVERY)),  # ptelu
        "b55472e36528d1aa": ((-EVERY, EVERY), None),  # hard_sigmoid
        "032c450293841db0": (None, (-EVERY, EVERY)),  # hard_sigmoid_keras2
        "818d3958093158f4": ((-EVERY, EVERY), None),  # sparse_sigmoid
        "69fe91a8b221da1c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sparse_plus
        "87b57b0ee4b4b783": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_tanh
        "8e8744ba833df745": (None, (-EVERY, EVERY)),  # hard_swish
        "1f50ee2a2c23113b": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_mish
        "056d1e63529746a1": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sqnl
        "e3579d7067ffc92a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # step
        "a360008e12cc8371": ((-EVERY, EVERY), (-EVERY, EVERY)),  # sign
        "f0139c41db35cd37": ((-EVERY, EVERY), (-EVERY, EVERY)),  # identity
        "aef370204af49a1f": ((-73720.0, 73720.0), (-73720.0, 73720.0)),  # sine
        "a6156c7ede809b0c": ((-73720.0, 73720.0), (-73720.0, 73720.0)),  # cosine
        "094a8dc25ac392d2": (None, (-73720.0, 73720.0)),  # cosine_squasher
        "5501ec922c97ad6f": ((-EVERY, EVERY), (-EVERY, EVERY)),  # plu
        "d934dba80ebc8c81": ((-EVERY, EVERY), (-EVERY, EVERY)),  # srelu
        "196e7085f79f7b8c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # apl
        "6e5c2711c63e6c87": ((-EVERY, EVERY), (-EVERY, EVERY)),  # shilu
        "adedb9536742cc54": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_exponential
        "acd47ee75f84414f": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu_squared
        "79954973030b0163": (None, (-EVERY, 1.701e38)),  # star_relu
        "2c1fa848ebb5fdf5": ((-EVERY, EVERY), (-EVERY, EVERY)),  # repu
        "679dd528e8d3cb5a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # square
        "0be153264c99abd4": ((-EVERY, EVERY), (-EVERY, EVERY)),  # cube
        "dabb8addc5e0bf2c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # squ
        "4cc5ba244404b80d": (None, (-EVERY, EVERY)),  # ncu
        "b829337234d19e54": ((-EVERY, EVERY), (-EVERY, EVERY)),  # relu
        "e6a5f79fc005de3c": ((-EVERY, EVERY), (-EVERY, EVERY)),  # leaky_relu
        "03d74434a9f4e4ef": ((-EVERY, EVERY), (-EVERY, EVERY)),  # prelu
        "dedd02fa9d874714": ((-EVERY, EVERY), (-EVERY, EVERY)),  # rrelu
        "f14a649fa658bf68": ((-EVERY, EVERY), (-EVERY, EVERY)),  # lelelu
        "ec3d49d91e43826d": ((-EVERY, EVERY), (-EVERY, EVERY)),  # modulus
        "1b12e59a35e75b0a": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_modulus_q
        "9d1fc8484a862904": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_modulus_t
        "ba2b9476efb01125": ((-EVERY, EVERY), (-EVERY, EVERY)),  # lisht
        "0ce48c67b7f3cc44": ((-8.0, EVERY), (-32.0, EVERY)),  # aptx
        "70326c825576d1ba": ((-EVERY, EVERY), (-EVERY, EVERY)),  # hard_shrink
        "a70ba81a43ece380": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_shrink
        "4057587f984a6290": (None, (-EVERY, EVERY)),  # tanh_shrink
        "3d347dda433af456": ((-10.0, 1.844e19), None),  # clipped_gelu
        "1e057d6b33bc820f": (None, (-EVERY, EVERY)),  # sgelu
        "d4c5c3af266ffb2e": ((-16.0, 3.402e38), (-16.0, EVERY)),  # e_swish
        "3010e8c203fe346e": ((-EVERY, 3.402e38), None),  # bsilu
        "1ab6025b7b771e48": ((-EVERY, EVERY), (-EVERY, EVERY)),  # acon_b
        "ade3141831055c3b": ((-EVERY, EVERY), (-EVERY, EVERY)),  # acon_c
        "54e400f4d81b78d1": ((-10.0, 1.844e19), (-10.0, 12090000000000.0)),  # gelu
        "8aef72c1ec7dda9f": ((-64.0, 3.402e38), (-64.0, EVERY)),  # silu
        "d0e0b2e63b6034af": ((-64.0, 3.402e38), (-64.0, EVERY)),  # swish
        "854bb70210982e46": ((-80.0, EVERY), (-64.0, EVERY)),  # softplus
        "f6cc54dfd6275988": ((-EVERY, 80.0), (-EVERY, 64.0)),  # log_sigmoid
        "d6cd001d8a01449f": ((-EVERY, EVERY), (-EVERY, EVERY)),  # soft_plus_plus
        "18524a64acf1e2a7": ((-EVERY, 1.169e38), (-EVERY, EVERY)),  # nlrelu
        "9059c43f6f60758b": ((-1.169e38, 1.169e38), (-EVERY, EVERY)),  # symlog
        "a28eca929c36afdd": ((-80.0, 88.0), (-80.0, 88.0)),  # exponential
        "7afbd220587280e9": ((-160.0, EVERY), (-160.0, EVERY)),  # sqrt_softplus
        "36f98e6139b7895e": (None, (-EVERY, EVERY)),  # bent_identity
        "c3b66b3fa8517f31": ((-64.0, EVERY), (-64.0, 64.0)),  # sigmoid
        "5bb589492bd00d3b": ((-EVERY, EVERY), (-32.0, 32.0)),  # tanh
        "2acb87afc5c6f9dd": ((-EVERY, EVERY), (-32.0, 32.0)),  # penalized_tanh
        "2be3f8c17937533e": ((-EVERY, EVERY), (-64.0, 64.0)),  # scaled_sigmoid
        "26a30576b5987c12": ((-EVERY, EVERY), (-64.0, 64.0)),  # bipolar_sigmoid
        "26913ceed4e359b3": ((-EVERY, EVERY), (-64.0, 64.0)),  # dynamic_tanh
        "6ae278eefdc99555": ((-EVERY, EVERY), (-80.0, 80.0)),  # hexpo
        "e777ed488dc803ef": (None, (-64.0, 64.0)),  # soft_clipping
        "f238d99cff584ca0": ((-80.0, EVERY), None),  # cloglog
        "247d2efe6d89b270": ((-10.0, 1.844e19), (-13.0, 13.0)),  # probit
    }
)
"""By the digest of the formula: the inputs for which value and derivative may use float."""
