"""Padé units in all their versions: formulas that neither overflow nor lose digits, and starts.

Layer: catalog; a leading underscore keeps it out of the scan. P has degree 5 and the other
polynomial degree 4; the versions differ in what stands below:

- A: 1 + Σ |bₖ xᵏ|, k = 1 … 4
- B: 1 + |Σ bₖ xᵏ|, k = 1 … 4 (the paper's safe unit)
- C: 0.1 + |Σ bₖ xᵏ|, k = 0 … 4
- D: B, with every coefficient drawn from ± 10 % of itself while training
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rectifier.errors import UnknownNameError

Version = Literal["A", "B", "C"]

_TOP, _BOTTOM = 5, 4


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


def names(version: Version) -> tuple[list[str], list[str]]:
    """Return the names of the coefficients above and below, lowest power first."""
    first = 0 if version == "C" else 1
    return [f"a{k}" for k in range(_TOP + 1)], [f"b{k}" for k in range(first, _BOTTOM + 1)]


def formulas(version: Version) -> tuple[str, str, str]:
    """Return formula, stable value and stable derivative of a Padé unit.

    x ** 5 overflows at x = 5e7 in fp32 and makes inf / inf. Beyond 1 both polynomials are therefore
    divided by x ** 4 and written in t = 1 / x: f = x g(t) and f' = g - t g'.
    """
    a, b = names(version)
    terms = [f"{name} * x ** {name[1]}" if name[1] > "1" else f"{name} * x" for name in b]
    t = "(1 / where(abs(x) > 1, x, 1))"
    least = "0.1" if version == "C" else "1"
    if version == "A":
        sizes, size, small = [f"abs({name})" for name in b], "abs(x)", f"abs({t})"
        below = " + ".join(f"abs({term})" for term in terms)
        near, near_rise = f"({size} * {_horner(size, sizes)})", _slope(size, ["0", *sizes])
        near_rise = f"(sign(x) * {near_rise})"
        far, far_rise = _horner(small, sizes[::-1]), _slope(small, sizes[::-1])
        far_rise = f"(sign({t}) * {far_rise})"
    else:
        shown = ["b0", *terms[1:]] if version == "C" else terms
        below = f"abs({' + '.join(shown)})"
        inner = _horner("x", b) if version == "C" else f"(x * {_horner('x', b)})"
        rise = _slope("x", b if version == "C" else ["0", *b])
        near, near_rise = f"abs({inner})", f"(sign({inner}) * {rise})"
        bottom = _horner(t, b[::-1])
        far, far_rise = f"abs({bottom})", f"(sign({bottom}) * {_slope(t, b[::-1])})"
    above = " + ".join(["a0", "a1 * x", *(f"a{k} * x ** {k}" for k in range(2, _TOP + 1))])
    value = f"({_horner('x', a)} / ({least} + {near}))"
    value_slope = f"(({_slope('x', a)} - {value} * {near_rise}) / ({least} + {near}))"
    # t ** 4 times the number below: for A and B that is 1.
    power, power_rise = f"({t} ** 2) ** 2", f"4 * {t} * {t} ** 2"
    if version == "C":
        power, power_rise = f"0.1 * ({power})", f"0.4 * {t} * {t} ** 2"
    tail = _horner(t, a[::-1])
    ratio = f"({tail} / ({power} + {far}))"
    ratio_slope = (
        f"({ratio} - {t} * ({_slope(t, a[::-1])} - {ratio} * ({power_rise} + {far_rise}))"
        f" / ({power} + {far}))"
    )
    return (
        f"({above}) / ({least} + {below})",
        f"where(abs(x) > 1, x * {ratio}, {value})",
        f"where(abs(x) > 1, {ratio_slope}, {value_slope})",
    )


def start(version: Version, like: str) -> dict[str, float]:
    """Return the published coefficients with which a version starts near another activation.

    Args:
        version: ``"A"``, ``"B"`` (also for D) or ``"C"``.
        like: One of the activations of `STARTS`.

    Raises:
        UnknownNameError: None are published for that.
    """
    if like not in STARTS[version]:
        raise UnknownNameError("activation with published coefficients", like, STARTS[version])
    above, below = STARTS[version][like]
    a, b = names(version)
    return dict(zip((*a, *b), (*above, *below), strict=True))


STARTS: Mapping[Version, Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "A": {
        "relu": (
            (
                0.029963801610813613,
                0.6168978366891341,
                2.37534759733888,
                3.0659900472408443,
                1.5246831881677423,
                0.2528070864040542,
            ),
            (
                -1.191550121923625,
                4.4080487697236626,
                0.9110357113686055,
                0.34884977946384615,
            ),
        ),
        "leaky_relu": (
            (
                0.029792778657264946,
                0.6183735264987601,
                2.323309062531321,
                3.051936237265109,
                1.4854203263828845,
                0.2510244961111299,
            ),
            (
                -1.1419548357285474,
                4.393159974992486,
                0.8714712309957245,
                0.34719662339598834,
            ),
        ),
        "tanh": (
            (
                -1.0804622559204184e-08,
                1.0003008043819048,
                -2.5878199375289335e-08,
                0.09632129918392647,
                3.4775841628196104e-09,
                0.0004255709234726337,
            ),
            (
                -0.0013027181209176277,
                0.428349017422072,
                1.4524304083061898e-09,
                0.010796648111337176,
            ),
        ),
        "sigmoid": (
            (
                0.4999992534599381,
                0.25002157564685185,
                0.14061924500301096,
                0.049420492431596394,
                0.00876714851885483,
                0.0006442412789159799,
            ),
            (
                2.1694506382753683e-09,
                0.28122766100417684,
                1.0123620714203357e-05,
                0.017531988049946,
            ),
        ),
        "gelu": (
            (
                -0.0012423594497499122,
                0.5080497063245629,
                0.41586363182937475,
                0.13022718688035761,
                0.024355900098993424,
                0.00290283948155535,
            ),
            (
                -0.06675015696494944,
                0.17927646217001553,
                0.03746682605496631,
                1.6561610853276082e-10,
            ),
        ),
        "swish": (
            (
                3.054879741161051e-07,
                0.5000007853744493,
                0.24999783422824703,
                0.05326628273219478,
                0.005803034571292244,
                0.0002751961022402342,
            ),
            (
                -4.111554955950634e-06,
                0.10652899335007572,
                -1.2690007399796238e-06,
                0.0005502331264140556,
            ),
        ),
    },
    "B": {
        "relu": (
            (
                0.033897129202224346,
                0.4999985439606278,
                1.6701363611130988,
                1.9901021632350815,
                0.9413089613384323,
                0.1509133373584318,
            ),
            (
                -2.1040152094202414e-05,
                3.980247851167207,
                -3.166344237241501e-05,
                0.30183382300945066,
            ),
        ),
        "leaky_relu": (
            (
                0.03355815733452378,
                0.5050059186781659,
                1.6534697310952233,
                2.0100501552600014,
                0.9319195586484518,
                0.15242646398275836,
            ),
            (
                4.812831860534153e-05,
                3.9802479055059194,
                1.5837587665720168e-05,
                0.30183382839661377,
            ),
        ),
        "tanh": (
            (
                2.1172949817857366e-09,
                0.9999942495075363,
                6.276332768876106e-07,
                0.10770864506559906,
                2.946556898117109e-08,
                0.000871124373591946,
            ),
            (
                6.376908337817277e-07,
                0.44101418051922986,
                2.2747661404467182e-07,
                0.014581039909092108,
            ),
        ),
        "sigmoid": (
            (
                0.5000000002774382,
                0.2500039727332485,
                0.05544474230118124,
                0.006888449237990345,
                0.00048491391666921244,
                1.5646015289718136e-05,
            ),
            (
                7.956371345839366e-06,
                0.11088550952772189,
                7.76547864226066e-07,
                0.0009697684428133153,
            ),
        ),
        "gelu": (
            (
                -0.0004221071456647063,
                0.49999955516606254,
                0.40270535451115536,
                0.07366976895222031,
                -0.012954788054484537,
                -0.0037414002583076983,
            ),
            (
                4.9585381197087913e-05,
                0.1472977407631199,
                1.1645825701440633e-05,
                -0.007483871514842074,
            ),
        ),
        "swish": (
            (
                3.2597006782059475e-07,
                0.500000007624051,
                0.2500169540800127,
                0.05327519598927768,
                0.005804580590860159,
                0.00027529600705133663,
            ),
            (
                3.917294261258692e-05,
                0.1065308384054887,
                3.7991514117509955e-06,
                0.0005503052126186067,
            ),
        ),
    },
    "C": {
        "relu": (
            (
                0.7865035431863266,
                11.601593145754968,
                38.7535199511595,
                46.17884158100411,
                21.842701976543186,
                3.501924367528041,
            ),
            (
                23.103140929589287,
                0.0004299501319296557,
                92.356987965797,
                0.000308676388304253,
                7.003817416523842,
            ),
        ),
        "leaky_relu": (
            (
                0.863943144302673,
                13.001131096231564,
                42.56763919941753,
                51.74757697869782,
                23.99165145314087,
                3.924120833060723,
            ),
            (
                25.644974747512343,
                -0.0013495866374991824,
                102.47308203485366,
                -0.0017931970367811253,
                7.77090005615082,
            ),
        ),
        "tanh": (
            (
                9.143817420311582e-08,
                46.87601105103956,
                9.606864506795431e-05,
                5.048980033620479,
                4.469361939672058e-06,
                0.04083504407681448,
            ),
            (
                46.77628057640709,
                9.74704061164436e-05,
                20.67310382546532,
                3.473303618435723e-05,
                0.6835046974230089,
            ),
        ),
        "sigmoid": (
            (
                9.292539203868202,
                4.646322961463492,
                1.0304346137104188,
                0.12802035070214404,
                0.009012006389028321,
                0.000290782121558725,
            ),
            (
                18.485078400296143,
                0.00010692547716301122,
                2.0608158064816653,
                1.0436027843534009e-05,
                0.01802321462478323,
            ),
        ),
        "gelu": (
            (
                -0.06332215990776038,
                75.00371336515258,
                60.40299979439254,
                11.046215295208759,
                -1.944610878554029,
                -0.5613502889957269,
            ),
            (
                149.90738995374193,
                -0.00414880098336288,
                22.09585877904437,
                -0.0009128752792880584,
                -1.122625040450191,
            ),
        ),
        "swish": (
            (
                9.623223463794738e-06,
                14.75722171199872,
                7.379106424221765,
                1.5723856435823387,
                0.17131862639152923,
                0.008125189146807921,
            ),
            (
                29.41444303593795,
                0.0011467081629387187,
                3.144198880793362,
                0.00011121774973276025,
                0.016241982787967915,
            ),
        ),
    },
}
"""Coefficients above and below, fitted on [-3, 3].

Source: the file rationals_config.json of rational_activations 0.2.0, by the authors of the paper
(Molina, Schramowski, Kersting; https://github.com/ml-research/rational_activations, MIT licence).
"""
