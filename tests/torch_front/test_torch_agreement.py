"""Shared names mean the same: the catalog against torch.nn.functional in fp64, value and slope.

Where torch itself is wrong (`rectifier`'s own accuracy tests say where) the grid stays away: tails
below -5, and softplus above its switch to the identity at 20.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import rectifier.torch as rt

PAIRS: dict[str, tuple[str, dict[str, float], Callable[[Tensor], Tensor]]] = {
    "relu": ("relu", {}, F.relu),
    "relu6": ("relu6", {}, F.relu6),
    "leaky_relu": ("leaky_relu", {}, F.leaky_relu),
    "rrelu, evaluating": ("rrelu", {}, F.rrelu),
    "threshold": (
        "threshold",
        {"threshold": 0.7, "value": -2.0},
        lambda x: F.threshold(x, 0.7, -2),
    ),
    "elu": ("elu", {"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    "celu": ("celu", {"alpha": 0.7}, lambda x: F.celu(x, 0.7)),
    "selu": ("selu", {}, F.selu),
    "gelu": ("gelu", {}, F.gelu),
    "gelu by tanh": ("gelu_tanh", {}, lambda x: F.gelu(x, approximate="tanh")),
    "silu": ("silu", {}, F.silu),
    "mish": ("mish", {}, F.mish),
    "softplus": ("softplus", {"beta": 2.0}, lambda x: F.softplus(x, 2.0, 40.0)),
    "softsign": ("softsign", {}, F.softsign),
    "logsigmoid": ("log_sigmoid", {}, F.logsigmoid),
    "sigmoid": ("sigmoid", {}, torch.sigmoid),
    "tanh": ("tanh", {}, torch.tanh),
    "tanhshrink": ("tanh_shrink", {}, F.tanhshrink),
    "softshrink": ("soft_shrink", {}, F.softshrink),
    "hardshrink": ("hard_shrink", {}, F.hardshrink),
    "hardtanh": ("hard_tanh", {}, F.hardtanh),
    "hardsigmoid": ("hard_sigmoid", {}, F.hardsigmoid),
    "hardswish": ("hard_swish", {}, F.hardswish),
}

ROUNDED_BY_TORCH = {"celu": 2e-7, "hardsigmoid": 1e-7}
"""torch keeps 1 / alpha, and 1 / 6, in fp32 when it differentiates these in fp64."""


def slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(f(x).sum(), x)
    return found


@pytest.mark.parametrize("case", PAIRS)
def test_shared_names_mean_the_same(case: str) -> None:
    name, given, theirs = PAIRS[case]
    ours = getattr(rt.functional, name)
    x = torch.linspace(-5.03, 9, 352, dtype=torch.float64)  # meets no kink
    torch.testing.assert_close(ours(x, **given), theirs(x), rtol=1e-13, atol=1e-15)
    got = slope(lambda t: ours(t, **given), x)
    rtol = ROUNDED_BY_TORCH.get(case, 1e-12)
    torch.testing.assert_close(got, slope(theirs, x), rtol=rtol, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("Hardtanh", "hard_tanh"),
        ("Hardswish", "hard_swish"),
        ("Hardsigmoid", "hard_sigmoid"),
        ("Hardshrink", "hard_shrink"),
        ("Softshrink", "soft_shrink"),
        ("Tanhshrink", "tanh_shrink"),
        ("LogSigmoid", "log_sigmoid"),
        ("Softsign", "softsign"),
        ("ReLU6", "relu6"),
        ("RReLU", "rrelu"),
        ("CELU", "celu"),
        ("Threshold", "threshold"),
    ],
)
def test_names_of_torchs_modules_lead_to_the_entry(name: str, theirs: str) -> None:
    from rectifier import catalog

    assert catalog.get(name).name == theirs
