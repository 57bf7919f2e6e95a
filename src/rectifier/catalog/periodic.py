"""Functions with a wave in them: sine, cosine, Snake, growing cosine. Layer: catalog.

Sine and cosine have no limit at infinity and give NaN there, and so does everything here whose
value or slope has no limit either. Beside an infinite x a bounded wave is dropped, so that the
limit of the sum is right.
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_STEPS = "abs(x) < 1.5707963267948966"


def _wave(text: str, angle: str) -> str:
    """Return a bounded wave that is left out where it is nothing beside an infinite x."""
    return f"where(abs({angle}) < 3e38, {text}, 0)"


_SINE, _COSINE = "a * sin(b * x)", "a * cos(b * x)"
_GATE = "sigmoid(x)"

ACTIVATIONS = (
    entry(
        __name__,
        "sine",
        "sin(omega * x)",
        class_name="Sine",
        aliases=("sin_activation", "siren"),
        summary="The sine, of a frequency of choice.",
        params={"omega": Param(1.0, description="frequency")},
        source=Source(
            "Vincent Sitzmann, Julien N. P. Martel, Alexander W. Bergman, David B. Lindell, "
            "Gordon Wetzstein",
            "Implicit Neural Representations with Periodic Activation Functions",
            2020,
            url="https://arxiv.org/abs/2006.09661",
        ),
        differs="The default frequency is 1; SIREN uses 30, together with its own initialisation.",
    ),
    entry(
        __name__,
        "cosine",
        "cos(x)",
        class_name="Cosine",
        aliases=("cos_activation",),
        summary="The cosine, as of random Fourier features.",
        source=Source(
            "Ali Rahimi, Benjamin Recht",
            "Random Features for Large-Scale Kernel Machines",
            2007,
            url="https://papers.nips.cc/paper/2007/hash/"
            "013a006f03dbc5392effeb8f18fda755-Abstract.html",
        ),
    ),
    entry(
        __name__,
        "cosine_squasher",
        f"where({_STEPS}, (1 + sin(x)) / 2, where(x > 0, 1, 0))",
        class_name="CosineSquasher",
        summary="Half a wave that rises from 0 to 1, flat before and after.",
        stable=(f"where({_STEPS}, sin(x / 2 + 0.7853981633974483) ** 2, where(x > 0, 1, 0))"),
        source=Source(
            "A. Ronald Gallant, Halbert White",
            "There exists a neural network that does not make avoidable mistakes",
            1988,
            url="https://doi.org/10.1109/ICNN.1988.23903",
        ),
    ),
    entry(
        __name__,
        "snake",
        "x + sin(alpha * x) ** 2 / alpha",
        class_name="Snake",
        summary="The identity with a periodic part on it, for signals that repeat.",
        params={"alpha": learned(1.0, "frequency", low=1e-6)},
        stable=f"x + {_wave('sin(alpha * x) ** 2 / alpha', 'alpha * x')}",
        source=Source(
            "Liu Ziyin, Tilman Hartwig, Masahito Ueda",
            "Neural Networks Fail to Learn Periodic Functions and How to Fix It",
            2020,
            url="https://arxiv.org/abs/2006.08195",
            equation="Snake_a(x) = x + (1/a) sin²(ax)",
        ),
    ),
    entry(
        __name__,
        "gcu",
        "x * cos(x)",
        class_name="GCU",
        aliases=("growing_cosine",),
        summary="The growing cosine unit.",
        source=Source(
            "Mathew Mithra Noel, Arunkumar L, Advait Trivedi, Praneet Dutta",
            "Growing Cosine Unit: A Novel Oscillatory Activation Function That Can Speedup "
            "Training and Reduce Parameters in Convolutional Neural Networks",
            2021,
            url="https://arxiv.org/abs/2108.12943",
            equation="C(z) = z cos z",
        ),
    ),
    entry(
        __name__,
        "sinlu",
        f"(x + {_SINE}) * {_GATE}",
        class_name="SinLU",
        aliases=("sinu_sigmoidal_linear",),
        summary="SiLU with a learned sine on its input.",
        params={
            "a": learned(1.0, "height of the wave"),
            "b": learned(1.0, "frequency of the wave"),
        },
        stable=f"(maximum(x, -800) + {_wave(_SINE, 'b * x')}) * {_GATE}",
        stable_derivative=(
            "where(x < -800, 0, sigmoid(x) * (1 + a * b * cos(b * x)"
            f" + (clip(x, -800, 800) + {_wave(_SINE, 'b * x')}) * sigmoid(-x)))"
        ),
        source=Source(
            "Ashis Paul, Rajarshi Bandyopadhyay, Jin Hee Yoon, Zong Woo Geem, Ram Sarkar",
            "SinLU: Sinu-Sigmoidal Linear Unit",
            2022,
            url="https://doi.org/10.3390/math10030337",
            equation="SinLU(x) = (x + a sin bx) · σ(x)",
        ),
    ),
    entry(
        __name__,
        "coslu",
        f"(x + {_COSINE}) * {_GATE}",
        class_name="CosLU",
        aliases=("cosinu_sigmoidal_linear",),
        summary="SiLU with a learned cosine on its input.",
        params={
            "a": learned(1.0, "height of the wave"),
            "b": learned(1.0, "frequency of the wave"),
        },
        stable=f"(maximum(x, -800) + {_wave(_COSINE, 'b * x')}) * {_GATE}",
        stable_derivative=(
            "where(x < -800, 0, sigmoid(x) * (1 - a * b * sin(b * x)"
            f" + (clip(x, -800, 800) + {_wave(_COSINE, 'b * x')}) * sigmoid(-x)))"
        ),
        source=Source(
            "Evgenii Pishchik",
            "Trainable Activations for Image Classification",
            2023,
            url="https://doi.org/10.20944/preprints202301.0463.v1",
            equation="CosLU(x) = (x + α cos(βx)) σ(x)",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Signals that repeat, and networks that represent an image, a sound or a field.",
        "General classification, where many minima come with the waves.",
        (
            "Sitzmann et al. 2020, arXiv:2006.09661",
            "Parascandolo et al. 2017, Taming the Waves",
        ),
    ),
    "sine": Advice(
        "Coordinates to values (images, fields, differential equations), with SIREN's "
        "initialisation and omega 30 in the first layer.",
        "Ordinary features without that initialisation.",
        ("Sitzmann et al. 2020, arXiv:2006.09661",),
    ),
    "snake": Advice(
        "Series with a period that must be continued beyond the data, and sound synthesis.",
        "Data without a period.",
        ("Ziyin et al. 2020, arXiv:2006.08195",),
    ),
}
