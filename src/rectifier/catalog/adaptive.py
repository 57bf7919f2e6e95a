"""Functions whose shape is learned: smooth maximum units and Padé units. Layer: catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rectifier.activation import Activation, Param, Source
from rectifier.catalog._entry import Advice, entry
from rectifier.catalog._pade import Version, formulas, start

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


def _molina(equation: str = "", note: str = "") -> Source:
    """Return the source of the Padé units."""
    return Source(
        "Alejandro Molina, Patrick Schramowski, Kristian Kersting",
        "Padé Activation Units: End-to-end Learning of Flexible Activation Functions in Deep "
        "Networks",
        2019,
        url="https://arxiv.org/abs/1907.06732",
        equation=equation,
        note=note,
    )


def _pade(
    name: str, version: Version, start: Mapping[str, float], *, class_name: str, **fields: Any
) -> Activation:
    """Return the entry of a Padé unit that starts from some coefficients."""
    formula, stable, slope = formulas(version)
    return entry(
        __name__,
        name,
        formula,
        class_name=class_name,
        params={
            each: Param(
                value,
                learnable=True,
                weight_decay=False,
                description=f"coefficient of x**{each[1]} "
                + ("above" if each[0] == "a" else "below"),
            )
            for each, value in start.items()
        },
        stable=stable,
        stable_derivative=slope,
        **fields,
    )


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
    _pade(
        "pau",
        "B",
        _START,
        class_name="PAU",
        aliases=("pade", "pade_activation_unit", "pau_b"),
        summary="A learned quotient of polynomials of degrees 5 and 4 that starts near leaky ReLU.",
        source=_molina(
            equation="the safe form, F(x) = Σ aⱼ xʲ / (1 + |Σ bₖ xᵏ|), degrees 5 and 4",
        ),
        differs="Starts from our own least squares fit to leaky ReLU on [-3, 3], within 2e-3 of "
        "the published coefficients.",
    ),
    _pade(
        "pau_a",
        "A",
        start("A", "leaky_relu"),
        class_name="PAUA",
        summary="A Padé unit with the size of every term below, so that nothing cancels there.",
        source=_molina(note="Version A of the authors' package rational_activations."),
    ),
    _pade(
        "pau_c",
        "C",
        start("C", "leaky_relu"),
        class_name="PAUC",
        summary="A Padé unit whose denominator has a constant coefficient of its own.",
        source=_molina(note="Version C of the authors' package rational_activations."),
    ),
    _pade(
        "pau_d",
        "B",
        _START,
        class_name="PAUD",
        summary="A Padé unit whose coefficients are noisy while it trains.",
        source=_molina(note="Version D of the authors' package rational_activations."),
        differs="Starts as pau does. The function is that of evaluation; the module of the PyTorch "
        "front end draws every coefficient from ± 10 % of itself while it trains.",
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
