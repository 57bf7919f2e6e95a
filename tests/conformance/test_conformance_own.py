"""An activation that its user defined has what a built-in one has, on every front end.

Keras, which needs a process for each backend, is in tests/keras_front/keras_checks.py, and
comparing in tests/compare.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import jax
import numpy as np
import pytest
import torch
from conformance_fronts import ROUNDED_ONCE, Front, NumPy, Torch
from conformance_reference import grid, judge
from test_conformance_jax import IN_ITSELF, WIDER, Jax

import rectifier
import rectifier.jax as rj
import rectifier.torch as rt
from rectifier import Param, define
from rectifier.analysis.operations import values
from rectifier.cli.main import run_command

GATE = {"gate": Param(1.5, learnable=True, sharing="channel"), "c": 0.25}
OWN = define("own", "x * sigmoid(gate * x) + c * x", **GATE)


@pytest.mark.parametrize(
    "front",
    [
        NumPy({"float32": 1.0, "float16": 0.51}),
        Torch(ROUNDED_ONCE),
        Jax(IN_ITSELF, WIDER, underflows=True),
    ],
    ids=lambda front: type(front).__name__,
)
def test_values_and_slopes(front: Front) -> None:
    for dtype, bar in front.bars.items():
        x = grid(dtype, subnormal=not front.underflows)
        for order, compute in enumerate((front.value, front.slope)):
            got = compute(OWN, x, dtype)
            found = judge(OWN, order, dtype, x, got, underflows=front.underflows)
            # The argument of its sigmoid is rounded, then magnified by its size.
            assert found.ulp <= max(bar, 110.0 if front.underflows and dtype == "float32" else 0)
            assert not found.faults


def test_parameters_are_learned() -> None:
    x = np.linspace(-3, 3, 12).reshape(4, 3)
    true = values(OWN.parameter_derivative("gate"), x, OWN.parameters()).sum(0)
    module = rt.activation(OWN, 3, dtype=torch.float64)
    module(torch.from_numpy(x)).sum().backward()
    np.testing.assert_allclose(module.gate.grad, true, rtol=1e-12)
    with jax.enable_x64(True):
        f = rj.function(OWN)
        got = jax.grad(lambda gate: f(x, gate=gate).sum())(np.full(3, 1.5))
    np.testing.assert_allclose(got, true, rtol=1e-12)
    assert pickle.loads(pickle.dumps(OWN)) == OWN


def test_gain_card_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gain = rectifier.gain(OWN)
    z = np.random.default_rng(0).standard_normal(400_000)
    assert gain == pytest.approx(
        1 / np.sqrt(np.mean(NumPy({}).value(OWN, z, "float64") ** 2)), 0.01
    )
    weight = rt.init_(torch.nn.Sequential(torch.nn.Linear(64, 64), rt.activation(OWN)))
    assert weight
    card = rectifier.card(OWN)
    assert card.gain == gain
    assert card.formula == "x * sigmoid(gate * x) + c * x"
    files = [tmp_path / "own.html", tmp_path / "own.png"]
    formula = "x * sigmoid(1.5 * x) + 0.25 * x"
    options = ["--html", str(files[0]), "--png", str(files[1])]
    assert run_command(["show", "own", "--define", formula, *options]) == 0
    assert all(file.stat().st_size > 1000 for file in files)
    assert run_command(["show", "own", "--define", formula]) == 0
    assert f"{gain:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "formula",
    ["maximum(x, 0) ** p", "abs(x) ** p * sign(x)", "exp(p * log(maximum(x, 0)))"],
)
@pytest.mark.parametrize("power", [2.0, 0.5])
def test_a_learned_exponent(formula: str, power: float) -> None:
    """0 ** p log(0) is 0 for p > 0, and a root of max(x, 0) is flat below 0."""
    spec = define("power", formula, p=Param(power, learnable=True))
    x = np.array([-2.0, 0.0, 0.5, 3.0])
    used = np.abs(x) if "abs" in formula else np.maximum(x, 0)
    log = np.log(np.where(used > 0, used, 1))
    by_p = np.where(used > 0, used**power * log, 0) * (np.sign(x) if "abs" in formula else 1)
    by_x = np.where(used > 0, power * np.where(used > 0, used, 1) ** (power - 1), 0)
    np.testing.assert_allclose(values(spec.parameter_derivative("p"), x, spec.parameters()), by_p)
    np.testing.assert_allclose(rectifier.numpy.function(spec).derivative(x), by_x)
    module, given = rt.activation(spec, dtype=torch.float64), torch.from_numpy(x).requires_grad_()
    module(given).sum().backward()
    np.testing.assert_allclose(module.p.grad, [by_p.sum()])
    np.testing.assert_allclose(given.grad, by_x)
    with jax.enable_x64(True):
        f = rj.function(spec)
        got = jax.grad(lambda x, p: f(x, p=p).sum(), (0, 1))(jax.numpy.array(x), np.array(power))
    np.testing.assert_allclose(got[0], by_x)
    np.testing.assert_allclose(got[1], by_p.sum())


def test_the_root_of_what_is_flat() -> None:
    spec, x = define("half_root", "sqrt(maximum(x, 0))"), np.array([-2.0, 0.0, 4.0])
    np.testing.assert_array_equal(rectifier.numpy.function(spec).derivative(x), [0, 0, 0.25])
    given = torch.from_numpy(x).requires_grad_()
    rt.activation(spec)(given).sum().backward()
    np.testing.assert_array_equal(given.grad, [0, 0, 0.25])
    slopes = jax.grad(lambda x: rj.function(spec)(x).sum())(jax.numpy.array(x, "float32"))
    np.testing.assert_array_equal(slopes, [0, 0, 0.25])


@pytest.mark.parametrize("family", ["gated", "rowwise"])
def test_integers_become_floating_everywhere(family: str) -> None:
    """As for activations of one number; PyTorch refused them here and the others did not."""
    whole = np.arange(-4, 4).reshape(2, 4)
    for name in getattr(rectifier.catalog, f"{family}_names")():
        given = {"k": 2} if "topk" in name else {}
        front = getattr(rectifier.numpy, family)(name)
        want = front(whole, **given)
        assert want.dtype == np.float64
        got = getattr(rt, family)(name)(torch.from_numpy(whole), **given)
        assert got.dtype == torch.get_default_dtype()
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
        got = getattr(rj, family)(name)(jax.numpy.asarray(whole), **given)
        assert got.dtype == jax.numpy.zeros(()).dtype
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
