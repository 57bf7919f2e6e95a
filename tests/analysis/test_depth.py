"""Predictions for depth against networks that are drawn and run, and against closed forms."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from rectifier import catalog
from rectifier.analysis import gain, propagation
from rectifier.analysis.mean_field import averages, product
from rectifier.analysis.operations import values
from rectifier.definition import define
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError


def drawn(name, depth, width, nets, *, weight, bias_std=0.0, correlation=0.5, seed=0):
    """Mean square, correlation and squared gradient norm at each level, a row for each network."""
    spec = catalog.get(name)
    given, rng = spec.parameters(), np.random.default_rng(seed)
    variance, between, gradient, mean = (np.zeros((nets, depth + 1)) for _ in range(4))
    for net in range(nets):
        z = rng.standard_normal((2, width))
        z[1] = correlation * z[0] + math.sqrt(1 - correlation**2) * z[1]
        levels, matrices = [z], []
        for _ in range(depth):
            matrices.append(rng.standard_normal((width, width)) * weight / math.sqrt(width))
            bias = bias_std * rng.standard_normal(width)
            levels.append(values(spec.value_expression, levels[-1], given) @ matrices[-1].T + bias)
        back = rng.standard_normal(width)
        for level in range(depth, -1, -1):
            h = levels[level]
            if level < depth:
                slope = values(spec.derivative_expression, h[0], given)
                back = (matrices[level].T @ back) * slope
            gradient[net, level] = back @ back
            variance[net, level] = (h[0] ** 2).mean()
            mean[net, level] = values(spec.value_expression, h[0], given).mean()
            between[net, level] = (h[0] * h[1]).mean() / math.sqrt(
                (h[0] ** 2).mean() * (h[1] ** 2).mean()
            )
    return variance, between, gradient, mean


@pytest.mark.parametrize(
    ("name", "bias_std", "weight"),
    [
        ("relu", 0.0, None),
        ("tanh", 0.0, None),
        ("tanh", 0.3, 1.5),
        ("silu", 0.0, None),
        ("elu", 0.2, 1.1),
        ("softplus", 0.0, None),
    ],
)
def test_predictions_hold_for_drawn_networks(name, bias_std, weight) -> None:
    depth, width, nets = 8, 250, 50
    theory = propagation(name, depth, width=width, bias_std=bias_std, gain=weight)
    factor = gain(name) if weight is None else weight
    assert theory.gain == factor
    variance, between, gradient, mean = drawn(
        name, depth, width, nets, weight=factor, bias_std=bias_std
    )
    error = variance.std(axis=0) / math.sqrt(nets)
    expected = theory.variance * (1 + theory.shift)
    assert np.all(np.abs(variance.mean(axis=0) - expected) < 4 * error + 0.005)
    # The sampled mean square of N units scatters by 2 / N about the variance itself.
    scatter = np.sqrt(theory.spread**2 + 2 / width)
    measured = variance.std(axis=0) / theory.variance
    small = theory.spread < 0.5  # to first order only
    assert small.sum() > 3
    assert measured[small] == pytest.approx(scatter[small], rel=0.35)
    error = between.std(axis=0) / math.sqrt(nets)
    assert np.all(np.abs(between.mean(axis=0) - theory.correlation) < 4 * error + 0.01)
    assert mean.mean(axis=0) == pytest.approx(theory.mean, rel=0.03, abs=0.02)
    typical = np.sqrt(gradient.mean(axis=0) / gradient[:, -1].mean())
    assert typical == pytest.approx(theory.gradient, rel=0.1)


def test_relu_has_closed_forms() -> None:
    spec = catalog.get("relu")
    for c in (-1.0, -0.3, 0.0, 0.5, 0.999, 1.0):  # the arc-cosine kernel of Cho and Saul (2009)
        angle = math.acos(c)
        kernel = (math.sin(angle) + (math.pi - angle) * c) / (2 * math.pi)
        assert product(spec, {}, (1.0, 1.0), c) == pytest.approx(kernel, abs=1e-11)
        assert product(spec, {}, (4.0, 9.0), c) == pytest.approx(6 * kernel, abs=1e-10)
    deep = propagation("relu", 100, width=1000, correlation=1.0)
    assert deep.variance == pytest.approx(np.ones(101), abs=1e-9)
    assert deep.gradient == pytest.approx(np.ones(101), abs=1e-9)
    assert deep.stability == "marginal"
    assert deep.spread == pytest.approx(np.sqrt(5 * np.arange(101) / 1000), rel=1e-6)
    half = propagation("relu", 100, gain=1.0, correlation=1.0)
    assert half.variance == pytest.approx(0.5 ** np.arange(101), rel=1e-6)
    assert half.gradient == pytest.approx(0.5 ** (np.arange(100, -1, -1) / 2), rel=1e-6)


@pytest.mark.parametrize(("name", "variance", "c"), [("tanh", 2.0, 0.4), ("gelu", 0.7, -0.6)])
def test_products_by_another_quadrature(name: str, variance: float, c: float) -> None:
    f = {"tanh": math.tanh, "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2}[name]
    s, across = math.sqrt(variance), math.sqrt(1 - c * c)

    def integrand(a: float, b: float) -> float:
        density = math.exp(-(a * a + b * b) / 2) / (2 * math.pi)
        return f(s * a) * f(s * (c * a + across * b)) * density

    want = dblquad(integrand, -9, 9, -9, 9, epsabs=1e-11)[0]
    got = product(catalog.get(name), {}, (variance, variance), c)
    assert got == pytest.approx(want, abs=1e-10)


@pytest.mark.parametrize("name", ["tanh", "gelu", "step", "relu_squared", "sine"])
def test_elasticity_is_the_slope_of_the_variance_map(name: str) -> None:
    spec = catalog.get(name)
    seconds = [averages(spec, spec.parameters(), q).second for q in (0.99, 1.01)]
    numeric = math.log(seconds[1] / seconds[0]) / math.log(1.01 / 0.99)
    assert propagation(name, 1).elasticity == pytest.approx(numeric, abs=1e-3)


@pytest.mark.parametrize("width", [1, 2, 3, (5, 4, 3, 2, 2, 2, 2, 2)])
def test_networks_born_dead_are_as_many_as_predicted(width) -> None:
    depth, nets = 8, 4000
    theory = propagation("relu", depth, width=width, inputs=4)
    bound = np.cumprod(1 - 0.5 ** np.array(theory.width[1:], float))
    assert theory.born_dead[1:] == pytest.approx(1 - bound, abs=1e-12)
    rng = np.random.default_rng(0)
    h = rng.standard_normal((nets, 4))
    dead = np.zeros((depth + 1, nets), bool)
    for level in range(1, depth + 1):
        sizes = theory.width[level - 1], theory.width[level]
        weight = rng.standard_normal((nets, *sizes))
        h = np.einsum("ni,nij->nj", np.maximum(h, 0) if level > 1 else h, weight)
        dead[level] = dead[level - 1] | (h <= 0).all(axis=1)
    share = dead.mean(axis=1)
    allowed = 4 * np.sqrt(theory.born_dead * (1 - theory.born_dead) / nets) + 1e-12
    assert np.all(np.abs(share - theory.born_dead) <= allowed)


def test_narrow_networks_shift_as_predicted() -> None:
    """laplace at width 80: the theory of wide layers alone says 1."""
    theory = propagation("laplace", 8, width=80, correlation=1.0)
    variance = drawn("laplace", 8, 80, 600, weight=gain("laplace"))[0][:, -1]
    error = variance.std() / math.sqrt(600)
    assert variance.mean() < 1 - 2.5 * error
    assert abs(variance.mean() - (1 + theory.shift[-1])) < 2.5 * error


def test_functions_without_a_flat_part_are_never_born_dead() -> None:
    assert not propagation("gelu", 20, width=1).born_dead.any()
    narrow = propagation("relu6", 20, width=2, gain=3.0)
    assert narrow.born_dead[-1] > propagation("relu", 20, width=2).born_dead[-1]
    assert propagation("step", 3).born_dead[1] == 1


def test_schemes_and_widths_change_what_fans_they_divide_by() -> None:
    for scheme, factor in (("he_normal", 1), ("he_normal_fan_out", 2), ("xavier_normal", 4 / 3)):
        falling = propagation("relu", 1, width=100, inputs=200, scheme=scheme)
        assert falling.variance[1] == pytest.approx(factor, rel=1e-9)
    assert propagation("relu", 3, scheme="lecun").variance[3] == pytest.approx(1 / 8)
    tiny = propagation("relu", 3, width=1000, scheme="alexnet")
    assert tiny.variance[3] == pytest.approx(0.05**3)
    pinned = propagation("gelu", 50, scheme="lsuv", input_variance=3.0)
    assert pinned.variance[1:] == pytest.approx(np.ones(50), rel=1e-9)
    assert not pinned.spread.any()
    assert pinned.stability == "attracting"


def test_signals_that_explode_or_vanish_end_in_what_they_are() -> None:
    burst = propagation("exponential", 12, gain=2.0)
    assert np.isinf(burst.variance[-1])
    assert math.isnan(burst.correlation[-1])
    json.dumps(burst.to_dict(), allow_nan=False)
    faint = propagation("cube", 12, gain=0.01)
    assert faint.variance[-1] == pytest.approx(0, abs=1e-200)
    assert not burst.keeps_variance()
    assert propagation("tanh", 100, width=4000).keeps_variance()
    assert propagation("tanh", 100, width=100).keeps_variance(networks=40)
    assert not propagation("tanh", 100, width=100).keeps_variance()


def test_a_batch_strays_less_than_one_input() -> None:
    """At width 512 one input leaves 10 % for want of units alone; inputs share little of that."""
    theory = propagation("tanh", 30, width=512, correlation=0.0)
    assert not theory.keeps_variance()
    assert theory.keeps_variance(samples=64)
    alike = propagation("tanh", 30, width=512, correlation=1.0)
    assert alike.common == pytest.approx(alike.spread)
    assert not alike.keeps_variance(samples=64)
    assert not propagation("elu", 100, width=512, correlation=0.0).keeps_variance(samples=10_000)
    rng, batches = np.random.default_rng(3), []
    for _ in range(2):
        h = rng.standard_normal((64, 512))
        for _ in range(30):
            h = np.tanh(h) @ rng.standard_normal((512, 512)) * (gain("tanh") / math.sqrt(512))
            batches.append(((h**2).mean(), (h[0] ** 2).mean()))
    off = np.abs(np.array(batches) - 1).max(axis=0)
    assert off[0] < 0.1 < off[1]


def test_a_formula_of_ones_own_and_parameters() -> None:
    own = define("swash", "x * sigmoid(b * x)", b=1.0)
    mine, theirs = propagation(own, 5), propagation("silu", 5)
    assert mine.variance == pytest.approx(theirs.variance, abs=1e-9)
    assert mine.correlation == pytest.approx(theirs.correlation, abs=1e-9)
    assert propagation("leaky_relu", 2, negative_slope=1.0).slope == pytest.approx(1)
    assert propagation(own, 5, b=3.0).parameters == {"b": 3.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"depth": 0}, "depth must be"),
        ({"width": [3, 3]}, "one width for each of 5 layers"),
        ({"width": 0}, "width must be"),
        ({"scheme": "identity"}, "theory of wide layers says nothing"),
        ({"bias_std": -1}, "bias_std"),
        ({"input_variance": 0.0}, "input_variance"),
        ({"correlation": 2}, "correlation"),
        ({"gain": 0}, "gain must be"),
    ],
)
def test_wrong_arguments(given, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        propagation("relu", **{"depth": 5, **given})


def test_unknown_names_and_no_gain() -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        propagation("rleu")
    with pytest.raises(InvalidActivationError, match="no finite moments"):
        propagation(define("f", "exp(x ** 2)"))
    taken = {"depth", "width", "inputs", "scheme", "gain", "bias_std", "correlation"}
    assert not taken & {p for spec in catalog.all_activations() for p in spec.params}
