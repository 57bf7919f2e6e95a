"""Functions whose shape is learned: smooth maximum units and Padé units. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

_SMU = Source(
    "Koushik Biswas, Sandeep Kumar, Shilpak Banerjee, Ashish Kumar Pandey",
    "SMU: smooth activation function for deep networks using smoothing maximum technique",
    2021,
    url="https://arxiv.org/abs/2111.04682",
    equation="((1+α)x + (1-α)x erf(μ(1-α)x)) / 2",
)
_ALPHA = Param(0.25, description="slope far on the negative side")
# (1 + erf(v)) / 2 = norm_cdf(sqrt(2) v): no cancellation on the left, whatever alpha is.
_Z = "(1.4142135623730951 * mu * ((1 - alpha) * x))"

# With a = (1-alpha) x and h = sqrt(a^2 + mu^2): (a + h) / 2 = max(a, 0) + (h - |a|) / 2, and
# h - |a| = mu^2 / (h + |a|) neither cancels nor overflows. The bound 1e-30 keeps 0 / 0 out.
_H = "sqrt(((1 - alpha) * x) ** 2 + mu ** 2)"
_SPREAD = f"maximum({_H} + abs((1 - alpha) * x), 1e-30)"

_TOP, _BOTTOM = 5, 4
# Least squares fit to leaky_relu (slope 0.01) on 6001 even points of [-3, 3]; a test redoes it.
_START = {
    "a0": 0.03356343681,
    "a1": 0.505,
    "a2": 1.653176085,
    "a3": 2.009367076,
    "a4": 0.9314524388,
    "a5": 0.1523257415,
    "b1": 0.0,
    "b2": 3.978944705,
    "b3": 0.0,
    "b4": 0.3016351317,
}


def _horner(variable: str, coefficients: list[str]) -> str:
    """Return the polynomial with these coefficients, lowest power first, by Horner's rule."""
    text = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        text = f"({coefficient} + {variable} * {text})"
    return text


def _slope(variable: str, coefficients: list[str]) -> str:
    """Return the derivative of that polynomial."""
    scaled = [f"({power} * {c})" for power, c in enumerate(coefficients)]
    return _horner(variable, scaled[1:])


def _pade() -> tuple[str, str, str]:
    """Return formula, stable value and stable derivative of the Padé unit P(x) / (1 + |A(x)|).

    x ** 5 overflows at x = 5e7 in fp32 and makes inf / inf. Beyond 1 both polynomials are therefore
    divided by x ** 4 and written in t = 1 / x: f = x g(t) and f' = g - t g'.
    """
    a = [f"a{power}" for power in range(_TOP + 1)]
    b = [f"b{power}" for power in range(1, _BOTTOM + 1)]
    formula = "({}) / (1 + abs({}))".format(
        " + ".join(["a0", "a1 * x", *(f"a{k} * x ** {k}" for k in range(2, _TOP + 1))]),
        " + ".join(["b1 * x", *(f"b{k} * x ** {k}" for k in range(2, _BOTTOM + 1))]),
    )
    inner = f"(x * {_horner('x', b)})"
    near = f"({_horner('x', a)} / (1 + abs{inner}))"
    near_slope = (
        f"(({_slope('x', a)} - {near} * (sign{inner} * {_slope('x', ['0', *b])}))"
        f" / (1 + abs{inner}))"
    )
    t = "(1 / where(abs(x) > 1, x, 1))"
    tail, bottom = _horner(t, a[::-1]), _horner(t, b[::-1])
    far = f"({tail} / (({t} ** 2) ** 2 + abs({bottom})))"
    far_slope = (
        f"({far} - {t} * ({_slope(t, a[::-1])}"
        f" - {far} * (4 * {t} * {t} ** 2 + sign({bottom}) * {_slope(t, b[::-1])}))"
        f" / (({t} ** 2) ** 2 + abs({bottom})))"
    )
    return (
        formula,
        f"where(abs(x) > 1, x * {far}, {near})",
        f"where(abs(x) > 1, {far_slope}, {near_slope})",
    )


_FORMULA, _STABLE, _STABLE_DERIVATIVE = _pade()

ACTIVATIONS = (
    entry(
        __name__,
        "smu",
        "((1 + alpha) * x + (1 - alpha) * x * erf(mu * (1 - alpha) * x)) / 2",
        class_name="SMU",
        aliases=("smooth_maximum_unit",),
        summary="A smooth maximum of x and alpha x, by the error function.",
        params={
            "alpha": _ALPHA,
            "mu": Param(1e6, learnable=True, weight_decay=False, description="sharpness"),
        },
        stable=(f"where({_Z} < -40, alpha * x, alpha * x + (1 - alpha) * x * norm_cdf({_Z}))"),
        stable_derivative=(
            f"alpha + (1 - alpha) * (norm_cdf({_Z}) + clip({_Z}, -40, 40) * norm_pdf({_Z}))"
        ),
        source=_SMU,
    ),
    entry(
        __name__,
        "smu_1",
        "((1 + alpha) * x + sqrt((1 - alpha) ** 2 * x ** 2 + mu ** 2)) / 2",
        class_name="SMU1",
        aliases=("smooth_maximum_unit_1",),
        summary="A smooth maximum of x and alpha x, by a square root.",
        params={
            "alpha": _ALPHA,
            "mu": Param(
                4.352665993287951e-9,
                learnable=True,
                weight_decay=False,
                description="width of the bend",
            ),
        },
        stable=f"alpha * x + maximum((1 - alpha) * x, 0) + mu * (mu / {_SPREAD}) / 2",
        stable_derivative=(
            "alpha + (1 - alpha) * where((1 - alpha) * x > 0, 1 - {q}, {q})".format(
                q=f"(mu / maximum({_H}, 1e-30) * (mu / {_SPREAD}) / 2)"
            )
        ),
        source=Source(
            _SMU.authors,
            _SMU.title,
            _SMU.year,
            url=_SMU.url,
            equation="((1+α)x + √((1-α)²x² + μ²)) / 2",
        ),
    ),
    entry(
        __name__,
        "pau",
        _FORMULA,
        class_name="PAU",
        aliases=("pade", "pade_activation_unit"),
        summary="A learned quotient of polynomials of degrees 5 and 4 that starts near leaky ReLU.",
        params={
            name: Param(
                start,
                learnable=True,
                weight_decay=False,
                description=f"coefficient of x**{name[1]} "
                + ("above" if name[0] == "a" else "below"),
            )
            for name, start in _START.items()
        },
        stable=_STABLE,
        stable_derivative=_STABLE_DERIVATIVE,
        source=Source(
            "Alejandro Molina, Patrick Schramowski, Kristian Kersting",
            "Padé Activation Units: End-to-end Learning of Flexible Activation Functions in Deep "
            "Networks",
            2019,
            url="https://arxiv.org/abs/1907.06732",
            equation="the safe form, F(x) = Σ aⱼ xʲ / (1 + |Σ bₖ xᵏ|), degrees 5 and 4",
        ),
        differs="Starts from our own least squares fit to leaky ReLU on [-3, 3].",
    ),
)

ADVICE = {
    "": Advice(
        "Where the shape itself is to be learned and the data suffice for it.",
        "Small data sets, and where speed counts: quotients and error functions cost several times"
        " a rectifier.",
        (
            "Molina et al. 2019, arXiv:1907.06732",
            "Dubey et al. 2021, arXiv:2109.14545",
        ),
    ),
}
