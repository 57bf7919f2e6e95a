"""Shrinking functions: small inputs become smaller, or nothing. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

_DONOHO = Source(
    "David L. Donoho, Iain M. Johnstone",
    "Ideal spatial adaptation by wavelet shrinkage",
    1994,
    url="https://doi.org/10.1093/biomet/81.3.425",
)
_LAMBD = Param(0.5, low=0.0, description="how far from zero an input must be")

# tanh(x) = x / (1 + q) with the continued fraction q = x^2 / (3 + x^2 / (5 + ...)); so
# x - tanh(x) = x q / (1 + q), which cancels nothing. Nine steps are exact in fp64 for |x| < 1.
_Q = "x ** 2 / 19"
for _odd in range(17, 1, -2):
    _Q = f"x ** 2 / ({_odd} + {_Q})"

ACTIVATIONS = (
    entry(
        __name__,
        "hard_shrink",
        "where(abs(x) > lambd, x, 0)",
        class_name="HardShrink",
        aliases=("hardshrink",),
        summary="Passes what is far from zero, unchanged, and drops the rest.",
        params={"lambd": _LAMBD},
        source=_DONOHO,
    ),
    entry(
        __name__,
        "soft_shrink",
        "where(x > lambd, x - lambd, where(x < -lambd, x + lambd, 0))",
        class_name="SoftShrink",
        aliases=("softshrink",),
        summary="Moves every input towards zero by a fixed amount and drops what would pass it.",
        params={"lambd": _LAMBD},
        source=_DONOHO,
    ),
    entry(
        __name__,
        "tanh_shrink",
        "x - tanh(x)",
        class_name="TanhShrink",
        aliases=("tanhshrink",),
        summary="What tanh takes away from its input.",
        stable=f"where(abs(x) < 1, x * ({_Q}) / (1 + {_Q}), x - tanh(x))",
        # 1 - (1 - tanh(x)**2) has no digit left at x = 1e-9.
        stable_derivative="tanh(x) ** 2",
        source=Source(
            "Koray Kavukcuoglu, Marc'Aurelio Ranzato, Yann LeCun",
            "Fast Inference in Sparse Coding Algorithms with Applications to Object Recognition",
            2010,
            url="https://arxiv.org/abs/1010.3467",
            note="The earliest relative that we know of, a smooth shrinkage; the function by this "
            "name comes from the Torch library.",
        ),
        differs="Accurate near zero, where x - tanh(x) of other libraries has lost every digit.",
    ),
)

ADVICE = {
    "": Advice(
        "Sparse coding and denoising: small values become 0.",
        "Ordinary hidden layers: the middle, where most inputs are, has no gradient.",
        ("Gregor, LeCun 2010, Learning Fast Approximations of Sparse Coding",),
    ),
    "tanh_shrink": Advice(
        "Analysis: what tanh leaves of its input.",
        "Ordinary hidden layers: its slope at 0 is 0, where most inputs are.",
        ("Gregor, LeCun 2010, Learning Fast Approximations of Sparse Coding",),
    ),
}
