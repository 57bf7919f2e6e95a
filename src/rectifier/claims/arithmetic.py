"""Claims that arithmetic or analysis settles. Layer: claims."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.lab import Lab
from rectifier.claims.record import Line, Picture, Quantity, Range

Array = NDArray[np.float64]


def _power(lab: Lab) -> Finding:
    del lab
    return Finding([statistics.exact(0.25**10)])


C07 = Claim(
    "C07",
    "Ten sigmoid layers shrink a gradient to 0.25¹⁰ ≈ 0.0000001",
    "0.25^10 ≈ 0.0000001",
    "4",
    "exact",
    "Arithmetic",
    "0.25¹⁰ = 2⁻²⁰ = 9.5·10⁻⁷, nearly ten times the figure given.",
    "Computed. The stated range is what rounds to 0.0000001.",
    (Quantity("0.25 to the tenth power", Range(0.5e-7, 1.5e-7)),),
    _power,
)


def scaling(*, seed: int, steps: int) -> dict[str, float]:
    """How far hidden activations of digits networks are from scaling with the input.

    Returns:
        Relative distance of h(2x) from 2 h(x): of the function alone, of a network without biases
        and of one with them, both trained.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    from rectifier import data

    found = data.get("digits").load(seed)
    # Brightness multiplies pixels, and pixels are not negative: back to 0 … .
    x = torch.from_numpy(found.train_x - found.train_x.min())
    y = torch.from_numpy(found.train_y)
    told = {}
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(seed))
    told["function"] = float((F.relu(2 * values) - 2 * F.relu(values)).abs().max())
    for name, bias in (("without", False), ("with", True)):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Linear(64, 64, bias=bias),
            nn.ReLU(),
            nn.Linear(64, 64, bias=bias),
            nn.ReLU(),
            nn.Linear(64, 10, bias=bias),
        )
        stepper = torch.optim.Adam(net.parameters(), lr=3e-3)
        for _ in range(steps):
            rows = torch.randint(len(x), (64,))
            loss = F.cross_entropy(net(x[rows]), y[rows])
            stepper.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            stepper.step()
        with torch.no_grad():
            once, twice = net[:4](x), net[:4](2 * x)
            told[name] = float((twice - 2 * once).norm() / (2 * once).norm())
    return told


def _homogeneous(lab: Lab) -> Finding:
    seeds = lab.seeds(4, 20)
    runs = lab.map(scaling, [{"seed": seed, "steps": 150} for seed in seeds])
    return Finding(
        [
            statistics.exact(max(run["function"] for run in runs)),
            statistics.spread([run["without"] for run in runs]),
            statistics.spread([run["with"] for run in runs]),
        ]
    )


C15 = Claim(
    "C15",
    "f(kx) = k f(x) for k > 0, so activations of a network scale with an image's brightness",
    "the network's activations scale proportionally",
    "4",
    "exact",
    "Nair and Hinton (2010), Rectified Linear Units Improve Restricted Boltzmann Machines, "
    "section 2",
    "Rectified units are intensity equivariant if they have zero biases and are noise-free.",
    "Digits networks of 64-64 trained with and without biases; relative distance of the second "
    "hidden layer at twice the brightness from twice its value; median, least and greatest over "
    "seeds.",
    (
        Quantity("of the function alone, largest error", Range(0, 1e-6)),
        Quantity(
            "of a trained network without biases, relative error",
            Range(0, 1e-5),
            "%",
            reading="a network without biases, as in the source",
            extremes=True,
        ),
        Quantity(
            "of a trained network with biases, relative error",
            Range(0, 1e-5),
            "%",
            reading="any network, as in the article",
            extremes=True,
        ),
    ),
    _homogeneous,
    words="rectified linear units preserve information about relative intensities as "
    "information travels through multiple layers of feature detectors",
)


def _gelu(lab: Lab) -> Finding:
    del lab
    import rectifier.numpy as rn

    x = np.linspace(-8.0, 8.0, 1_600_001)
    gap = np.abs(rn.gelu(x) - rn.gelu_tanh(x))
    worst = int(gap.argmax())
    some = np.linspace(-5.0, 5.0, 201)
    line = Line("", tuple(some), tuple(np.abs(rn.gelu(some) - rn.gelu_tanh(some))))
    return Finding(
        [statistics.exact(float(gap[worst]))],
        [Picture("Distance of GELU from its tanh form", "x", "absolute error", (line,))],
        [f"largest at x = ±{abs(x[worst]):.3f}"],
    )


C26 = Claim(
    "C26",
    "GELU is about 0.5x(1 + tanh[√(2/π)(x + 0.044715x³)])",
    "Approximation: f(x) ≈ 0.5x(1 + tanh[√(2/π)(x + 0.044715x³)])",
    "8",
    "exact",
    "Hendrycks and Gimpel (2016), Gaussian Error Linear Units, section 2",
    "Gives the same form as an approximation, without an error bound.",
    "Largest distance over 1.6 million points of [−8, 8], fp64, with this package's functions. "
    "Stated is what a picture cannot show: an error of at most 0.001.",
    (Quantity("largest absolute error", Range(0, 1e-3)),),
    _gelu,
    words="We can approximate the GELU with 0.5x(1 + tanh[√(2/π)(x + 0.044715x³)])",
)


def _leaky_fits(lab: Lab) -> Finding:
    del lab
    import rectifier.numpy as rn

    x = np.linspace(-3.0, 3.0, 600_001)
    quarter: Array = np.where(x > 0, x, 0.25 * x)
    hundredth: Array = np.where(x > 0, x, 0.01 * x)
    return Finding(
        [
            statistics.exact(float(np.abs(rn.smu(x, mu=2.0) - quarter).max())),
            statistics.exact(float(np.abs(rn.smu(x) - quarter).max())),
            statistics.exact(float(np.abs(rn.pau(x) - hundredth).max())),
        ]
    )


C31 = Claim(
    "C31",
    "SMU and PAU approximate leaky ReLU",
    "approximate Leaky ReLU using rational polynomials with learnable parameters",
    "13",
    "exact",
    "Biswas et al. (2021), SMU, arXiv 2111.04682; Molina, Schramowski and Kersting (2019), Padé "
    "Activation Units, arXiv 1907.06732",
    "Two separate papers; the article cites the first for both. PAU is set to fit leaky ReLU at "
    "the start and learns from there; SMU tends to leaky ReLU as its parameter grows.",
    "Largest distance on [−3, 3] from leaky ReLU of the slope that each paper uses, at the "
    "published start values; for SMU also where it is smooth (μ = 2).",
    (
        Quantity("SMU at μ = 2, largest error", None),
        Quantity("SMU at its start value, largest error", Range(0, 0.1)),
        Quantity("PAU at its start values, largest error", Range(0, 0.1)),
    ),
    _leaky_fits,
    words="a new novel activation function based on approximation of known activation "
    "functions like Leaky ReLU",
)


def _linear_stack(lab: Lab) -> Finding:
    del lab
    generator = np.random.default_rng(0)
    worst = []
    for layers in (2, 10, 50):
        matrices = [generator.normal(0, 1 / math.sqrt(64), (64, 64)) for _ in range(layers)]
        x = generator.normal(size=(64, 100))
        stacked = x
        for matrix in matrices:
            stacked = matrix @ stacked
        product = np.linalg.multi_dot(matrices[::-1])
        worst.append(float(np.linalg.norm(stacked - product @ x) / np.linalg.norm(product @ x)))
    return Finding([statistics.exact(max(worst))])


C35 = Claim(
    "C35",
    "Without an activation a stack of layers is one linear map",
    "the result would still be linear",
    "1",
    "exact",
    "Linear algebra",
    "A product of matrices is a matrix.",
    "Stacks of 2, 10 and 50 random 64×64 layers against the product of their matrices, fp64, "
    "relative distance. Stated: no more than rounding.",
    (Quantity("relative distance of a stack from one matrix", Range(0, 1e-10)),),
    _linear_stack,
)


def hinges(function: Array, knots: Array) -> tuple[Array, Array, float]:
    """A hidden layer of ReLU units whose sum is the polygon through points.

    Args:
        function: Values at the knots.
        knots: Rising places.

    Returns:
        Biases and outward weights of the units max(0, x - bias), and the constant to add.
    """
    slopes = np.diff(function) / np.diff(knots)
    return knots[:-1], np.diff(slopes, prepend=0.0), float(function[0])


def _universal(lab: Lab) -> Finding:
    del lab
    import rectifier.numpy as rn

    def target(x: Array) -> Array:
        made: Array = np.sin(6 * x) * np.exp(-x) + np.abs(x - 1)
        return made

    x = np.linspace(0.0, 2.0, 20_001)
    widths = [4, 16, 64, 256, 1024]
    errors = []
    for width in widths:
        knots = np.linspace(0.0, 2.0, width + 1)
        biases, weights, constant = hinges(target(knots), knots)
        made = rn.relu(x[:, None] - biases) @ weights + constant
        errors.append(float(np.abs(made - target(x)).max()))
    line = Line("", tuple(map(float, widths)), tuple(errors))
    return Finding(
        [statistics.exact(errors[-1]), statistics.exact(errors[2] / errors[-1])],
        [
            Picture(
                "Error of a ReLU network built, not trained",
                "units",
                "largest error",
                (line,),
                True,
            )
        ],
    )


C36 = Claim(
    "C36",
    "ReLU networks can stand for any continuous function",
    "To learn these non-linear relationships, neural networks need non-linear activation functions",
    "1, 19",
    "exact",
    "Zhang, Lu and Zhao (2024), JMLR 25(35), Deep Network Approximation: Beyond ReLU",
    "A network with one of many activations, three times as wide and twice as deep, comes as near "
    "as one likes to any ReLU network; that ReLU networks are universal is older (Leshno et al. "
    "1993).",
    "One hidden layer built from a function with a kink, 4 to 1024 units at equal distances; "
    "largest error on [0, 2]. Sixteen times the units should give far less than a tenth of the "
    "error.",
    (
        Quantity("largest error with 1024 units", Range(0, 1e-3)),
        Quantity("error with 64 units over error with 1024", Range(low=10.0), "×"),
    ),
    _universal,
    words="can be approximated to arbitrary precision by a ϱ-activated network of width 3N "
    "and depth 2L on any bounded set",
)
