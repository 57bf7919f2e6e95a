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


def _fraction() -> tuple[str, str]:
    """Return numerator and denominator, in u = x ** 2, of x - tanh(x) = x top / bottom.

    tanh(x) = x / (1 + q) with the continued fraction q = u / (3 + u / (5 + ...)); so
    x - tanh(x) = x q / (1 + q), which cancels nothing. Nine steps are exact in fp64 for abs(x) < 1.
    """
    top, bottom = [0, 1], [19]
    for odd in range(17, 1, -2):
        longest = max(len(top), len(bottom))
        sums = [0] * longest
        for power, coefficient in enumerate(bottom):
            sums[power] += odd * coefficient
        for power, coefficient in enumerate(top):
            sums[power] += coefficient
        top, bottom = [0, *bottom], sums
    total = [0] * max(len(top), len(bottom))
    for part in (top, bottom):
        for power, coefficient in enumerate(part):
            total[power] += coefficient
    return _polynomial(top), _polynomial(total)


def _polynomial(coefficients: list[int]) -> str:
    text = str(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"({coefficient} + x ** 2 * {text})" if coefficient else f"(x ** 2 * {text})"
    return text


_TOP, _BOTTOM = _fraction()

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
        stable=f"where(abs(x) < 1, x * ({_TOP} / {_BOTTOM}), x - tanh(x))",
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
