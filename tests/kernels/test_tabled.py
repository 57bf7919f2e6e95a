"""Kernels by piecewise polynomials: how they are made, and that the installed ones are right.

Where the processor lacks the instructions, the installed kernels compute the formula; what is asked
of them here holds then too.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import evaluate, parse
from rectifier.kernels import native, tabled
from rectifier.kernels.emit_cpp import digest_with_defaults
from rectifier.kernels.half_plans import HALF_PLANS
from rectifier.kernels.near_plans import NEAR_PLANS
from rectifier.kernels.plans import PLANS
from rectifier.kernels.tabled import CELLS, Plan

BARS = {False: 2.0, True: 4.0}
"""In ulp of fp32: for values and for derivatives, as the accuracy table has it."""

TABLED = [
    (name, slope)
    for name in catalog.names()
    for slope in (False, True)
    if PLANS.get(digest_with_defaults(catalog.get(name)), (None, None))[slope] is not None
]

needs_native = pytest.mark.skipif(not native.available(), reason="no compiled kernels")


def plan_of(name: str, slope: bool) -> Plan:
    plan = PLANS[digest_with_defaults(catalog.get(name))][slope]
    assert plan is not None
    return plan


def run(name: str, slope: bool, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    spec = catalog.get(name)
    defaults = tuple(param.default for param in spec.params.values())
    y = np.empty_like(x) if out is None else out
    kind: native.Kind = "backward" if slope else "forward"
    grad = np.ones_like(x) if slope else None
    native.unary(name, kind, x, y, grad=grad, parameters=defaults)
    return y


def exactly(spec: Activation, slope: bool, x: np.ndarray) -> np.ndarray:
    expression = spec.derivative_expression if slope else spec.value_expression
    defaults = {name: param.default for name, param in spec.params.items()}
    with np.errstate(all="ignore"):
        found = evaluate(expression, FLOAT64, {"x": x, **defaults})
        return np.where(np.isnan(x), np.nan, np.broadcast_to(found, x.shape))


def around(x: float, count: int) -> np.ndarray:
    bits = np.array([x], np.float32).view(np.int32).astype(np.int64)
    return (bits + np.arange(-count, count + 1)).astype(np.int32).view(np.float32)


def points(name: str, slope: bool) -> np.ndarray:
    """All over the cells; floats beside their edges and centres; subnormals; both zeros."""
    plan, rng = plan_of(name, slope), np.random.default_rng(5)
    ends = [edge for cell in range(plan.cells) for edge in plan.edges(cell) if math.isfinite(edge)]
    ends += [-edge for edge in ends if plan.fold]
    beside = [around(edge, 6) for edge in ends]
    sizes = np.geomspace(1e-45, 1, 400)
    parts = [rng.uniform(min(ends) - 1, max(ends) + 1, 12000), sizes, -sizes, [0.0, -0.0], *beside]
    found = np.concatenate(parts).astype(np.float32)
    return found[np.isfinite(found)]  # the bits below those of 0 are no number's


@needs_native
@pytest.mark.parametrize(("name", "slope"), TABLED)
def test_tabled_kernels_keep_the_bars(name: str, slope: bool) -> None:
    spec, x = catalog.get(name), points(name, slope)
    got, wide = run(name, slope, x).astype(np.float64), x.astype(np.float64)
    true = exactly(spec, slope, wide)
    size = np.abs(true)
    if slope:  # beside a zero crossing the unit is that of the smaller of the values around
        left, right = exactly(spec, True, wide * 0.75), exactly(spec, True, wide * 1.25)
        least = np.minimum(np.abs(left), np.abs(right))
        size = np.where(left * right < 0, np.maximum(size, least), size)
    unit = np.ldexp(1.0, np.maximum(np.frexp(size)[1], -125) - 24)
    error = np.abs(got - true) / unit
    worst = int(np.argmax(error))
    assert error[worst] <= BARS[slope], (x[worst], got[worst], true[worst])


@needs_native
@pytest.mark.parametrize(("name", "slope"), TABLED)
def test_ends_signs_and_neighbours(name: str, slope: bool) -> None:
    x = points(name, slope)[:700]
    alone = np.concatenate([run(name, slope, x[k : k + 1]) for k in range(67)])
    special = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e5, -1e5], np.float32)
    with np.errstate(over="ignore"):
        true = exactly(catalog.get(name), slope, special.astype(np.float64)).astype(np.float32)
    for size in (1, 15, 16, 17, 63, 64, 65, 67):
        for shift in (0, 1):
            assert np.array_equal(run(name, slope, x[shift:size]), alone[shift:size])
    mixed = x[:67].copy()
    mixed[5:40:5] = special
    got = run(name, slope, mixed)
    assert np.allclose(got[5:40:5], true, rtol=1e-6, atol=0, equal_nan=True)
    keep = np.ones(67, bool)
    keep[5:40:5] = False
    inside = keep & np.array([_in_a_cell(plan_of(name, slope), v) for v in x[:67]])
    assert np.array_equal(got[inside], alone[inside])
    in_place = mixed.copy()
    run(name, slope, in_place, in_place)
    assert np.array_equal(in_place, got, equal_nan=True)
    zeros = np.array([0.0, -0.0], np.float32)
    of_zeros = exactly(catalog.get(name), slope, zeros.astype(np.float64))
    f = _scalar(name, slope)
    known = [math.copysign(1, f(z)) for z in (0.0, -0.0)]  # maximum(-0, 0) may be either
    in_the_table = -plan_of(name, slope).first not in plan_of(name, slope).aside
    if in_the_table and not of_zeros.any() and np.array_equal(known, np.copysign(1, of_zeros)):
        assert np.array_equal(np.signbit(run(name, slope, zeros)), np.signbit(of_zeros))


def _scalar(name: str, slope: bool) -> tabled.Function:
    spec = catalog.get(name)
    expression = spec.derivative_expression if slope else spec.value_expression
    return tabled.scalar_function(expression, spec.parameters())


def _in_a_cell(plan: Plan, x: float) -> bool:
    ends = (plan.edges(cell) for cell in range(plan.cells) if cell not in plan.aside)
    at = abs(x) if plan.fold else x
    return any(low < at < high for low, high in ends)


def _of_bfloat16(name: str) -> list[Plan | None]:
    return list(HALF_PLANS.get(digest_with_defaults(catalog.get(name)), (None, None)))


@needs_native
@pytest.mark.parametrize("name", [name for name in catalog.names() if any(_of_bfloat16(name))])
def test_every_number_of_bfloat16(name: str) -> None:
    """By tables of its own: a value, a slope, and a slope times a gradient, rounded once."""
    torch = pytest.importorskip("torch")
    x = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    spec, wide = catalog.get(name), x.double().numpy()
    defaults = tuple(param.default for param in spec.params.values())
    finite = np.isfinite(wide)
    for slope, plan in enumerate(_of_bfloat16(name)):
        if plan is None:
            continue
        true = exactly(spec, bool(slope), wide)
        size = np.abs(true)
        if slope:
            left, right = exactly(spec, True, wide * 0.75), exactly(spec, True, wide * 1.25)
            least = np.minimum(np.abs(left), np.abs(right))
            size = np.where(np.sign(left) * right < 0, np.maximum(size, least), size)
        for by in (1.0, 1.453125) if slope else (1.0,):
            got = torch.empty_like(x)
            grad = torch.full_like(x, by) if slope else None
            kind: native.Kind = "backward" if slope else "forward"
            native.unary(name, kind, x, got, grad=grad, parameters=defaults)
            wanted = np.float64(by) * true
            unit = np.ldexp(1.0, np.maximum(np.frexp(by * size)[1], -125) - 8)
            with np.errstate(invalid="ignore"):
                off = np.abs(got.double().numpy() - wanted)
            near = (off <= (0.52 if by != 1 else 0.51) * unit) | (got.double().numpy() == wanted)
            near |= np.abs(wanted) > 3.38e38
            worst = int(np.argmax(np.where(finite & ~near, off / unit, -1)))
            assert near[finite].all(), (wide[worst], float(got[worst]), wanted[worst])
            assert torch.isnan(got[torch.isnan(x)]).all()


@needs_native
def test_other_parameters_are_computed_by_the_formula() -> None:
    x = np.linspace(-5, 5, 1001).astype(np.float32)
    y = np.empty_like(x)
    native.unary("elu", "forward", x, y, parameters=(0.5,))
    exact = np.where(x > 0, x, 0.5 * np.expm1(x.astype(np.float64)))
    assert np.allclose(y, exact, rtol=3e-7, atol=0)


def evaluated(rows: list[list[float]], plan: Plan, x: float) -> float:
    """Return the polynomial of a number's cell, in double."""
    cell = next(k for k in range(plan.cells) if plan.edges(k)[0] <= x <= plan.edges(k)[1])
    centre, *powers = (row[cell] for row in rows)
    return math.fsum(power * (x - centre) ** k for k, power in enumerate(powers))


def test_a_table_is_its_function() -> None:
    f = tabled.scalar_function(parse("tanh(b * x)", ("x", "b")), {"b": 1.0})
    plan = Plan(1.5, -15, "nearest", True, True, 8)
    rows = tabled.table(f, plan)
    assert len(rows) == 10
    assert {len(row) for row in rows} == {CELLS}
    for x in (-40.0, -9.9, -3.2, -1e-6, 1e-30, 0.3, 0.34, 2.0, 8.0, 1e30):
        assert evaluated(rows, plan, x) == pytest.approx(math.tanh(x), rel=8e-8)


def test_coefficients_are_nearly_floats_at_centres() -> None:
    f = tabled.scalar_function(parse("exp(x)", ("x",)), {})
    centres, starts, *_ = tabled.table(f, Plan(2.0, -16, "down", False, False, 6))
    off = [abs(math.exp(c) / start - 1) for c, start in zip(centres, starts, strict=True)]
    assert max(off) < 2.0**-24 * 0.2  # a float beside a number of any size is off by up to 2**-24


def test_a_zero_of_third_order_has_no_lower_powers() -> None:
    f = tabled.scalar_function(parse("where(abs(x) < 1, x ** 3 / 3, x)", ("x",)), {})
    plan = Plan(4.0, -15, "nearest", False, False, 5)
    rows = tabled.table(f, plan)
    assert [row[15] for row in rows[:4]] == [0.0, 0.0, 0.0, 0.0]
    assert rows[4][15] == pytest.approx(1 / 3, rel=1e-7)


def test_a_kink_belongs_to_the_cell_that_the_rounding_says() -> None:
    down, up = (Plan(2.0, -16, how, False, False, 4) for how in ("down", "up"))
    assert down.edges(16) == (0.0, 0.5)
    assert up.edges(16) == (-0.5, 0.0)


def test_a_sharp_zero_has_its_first_coefficient_as_two_floats_of_one_sign() -> None:
    f = tabled.scalar_function(parse("-0.7 * tanh(x)", ("x",)), {})
    plan = Plan(2.0, -15, "nearest", False, False, 9, sharp=1)
    rows = tabled.table(f, plan)
    assert len(rows) == plan.rows == 12
    assert [row[15] for row in rows[:2]] == [0.0, 0.0]
    assert rows[2][15] + rows[-1][15] == pytest.approx(-0.7, rel=2e-9)
    assert abs(rows[2][15]) < abs(rows[-1][15]) * 2.0**-22
    assert rows[2][15] <= 0 > rows[-1][15]
    assert rows[-1][14] == rows[-1][16] == 0.0  # no zero is there


def test_a_sharp_zero_of_third_order_has_its_third() -> None:
    f = tabled.scalar_function(parse("where(abs(x) < 1, x ** 3 / 3, x)", ("x",)), {})
    rows = tabled.table(f, Plan(4.0, -15, "nearest", False, False, 5, sharp=3))
    assert [row[15] for row in rows[:4]] == [0.0, 0.0, 0.0, 0.0]
    assert math.copysign(1, rows[3][15]) == -1  # times 0 and added, it keeps the sign of 0
    assert rows[4][15] + rows[-1][15] == pytest.approx(1 / 3, rel=2e-9)


def test_a_sharp_zero_of_second_order_has_its_second() -> None:
    f = tabled.scalar_function(parse("0.7 * x * tanh(x)", ("x",)), {})
    rows = tabled.table(f, Plan(4.0, 0, "down", False, False, 9, sharp=2, fold="even"))
    assert [row[0] for row in rows[:2]] == [0.0, 0.0]
    assert math.copysign(1, rows[2][0]) == -1  # times 0 and added, it keeps the sign of 0
    assert rows[3][0] + rows[-1][0] == pytest.approx(0.7, rel=2e-9)
    assert abs(rows[3][0]) < abs(rows[-1][0]) * 2.0**-22


@pytest.mark.parametrize(
    ("formula", "fold", "side"),
    [
        ("x * tanh(x)", "even", 1),
        ("tanh(x)", "odd", 1),
        ("sigmoid(x)", "rises", -1),
        ("sigmoid(-x)", "falls", 1),
    ],
)
def test_a_folded_table_is_of_the_side_where_the_function_is_small(
    formula: str, fold: str, side: int
) -> None:
    f = tabled.scalar_function(parse(formula, ("x",)), {})
    plan = Plan(2.0, 0, "down", False, False, 8, fold=fold)
    rows = tabled.table(f, plan)
    assert {len(row) for row in rows} == {plan.cells} == {CELLS // 2}
    for x in (0.01, 0.7, 3.3, 7.9):
        assert evaluated(rows, plan, x) == pytest.approx(f(side * x), rel=8e-8)


def test_even_cells_have_their_centres_in_the_middle() -> None:
    f = tabled.scalar_function(parse("tanh(x)", ("x",)), {})
    plan = Plan(2.0, -16, "nearest", False, False, 9, even=True)
    rows = tabled.table(f, plan)
    assert rows[0] == [k / 2 - 8 for k in range(CELLS)]
    assert rows[1] == [tabled.single(math.tanh(c)) for c in rows[0]]
    assert plan.edges(0) == (-8.25, -7.75)
    assert plan.looked_up == plan.rows - 1 == 10
    for x in (-7.7, -1.2, -1e-30, 0.3, 7.7):
        assert evaluated(rows, plan, x) == pytest.approx(math.tanh(x), rel=8e-8)


def test_even_cells_of_a_folded_function_begin_in_the_middle_of_the_first() -> None:
    plan = Plan(4.0, 0, "nearest", False, False, 6, fold="odd", even=True, wide=True)
    assert plan.cells == CELLS
    assert plan.edges(0) == (0.0, 0.125)
    assert plan.edges(31) == (7.625, 7.875)


def test_a_wide_table_has_twice_the_cells() -> None:
    f = tabled.scalar_function(parse("exp(x)", ("x",)), {})
    plan = Plan(4.0, -32, "down", False, False, 5, wide=True)
    rows = tabled.table(f, plan)
    assert {len(row) for row in rows} == {2 * CELLS} == {plan.cells}
    for x in (-7.9, 0.1, 7.9):
        assert evaluated(rows, plan, x) == pytest.approx(math.exp(x), rel=8e-8)


def test_the_centre_is_where_a_function_touches_zero() -> None:
    f = tabled.scalar_function(parse("sin(x - 0.7) ** 2", ("x",)), {})
    plan = Plan(2.0, -16, "down", False, False, 7)
    centre, start, *_ = tabled.column(f, plan, 17)
    assert centre == tabled.single(0.7)
    assert start == pytest.approx((centre - 0.7) ** 2)


NEAR = [
    (name, slope)
    for name, slope in TABLED
    if NEAR_PLANS.get(digest_with_defaults(catalog.get(name)), (None, None))[slope] is not None
]


@needs_native
@pytest.mark.parametrize(("name", "slope"), NEAR)
def test_beside_and_beyond_even_cells(name: str, slope: bool) -> None:
    """What is in none of them comes from the other table, whatever is beside it."""
    plan = NEAR_PLANS[digest_with_defaults(catalog.get(name))][slope]
    assert plan is not None
    assert plan.even
    edges = [edge for cell in range(plan.cells) for edge in plan.edges(cell)]
    x = np.concatenate([around(edge, 40) for edge in {*edges, *(-edge for edge in edges)}])
    x = x[np.isfinite(x)]
    spec, wide = catalog.get(name), x.astype(np.float64)
    true = exactly(spec, slope, wide)
    got = run(name, slope, x)
    most = np.abs(exactly(spec, slope, np.linspace(-9, 9, 1000))).max()
    least = most * 2.0**-22 if slope else 2.0**-148  # a slope may have zeros, a value be subnormal
    assert np.allclose(got, true, rtol=BARS[slope] * 2.0**-23, atol=least)
    alone = np.concatenate([run(name, slope, x[k : k + 1]) for k in range(0, len(x), 37)])
    assert np.array_equal(got[::37], alone)


FOLDED = [(name, slope) for name, slope in TABLED if plan_of(name, slope).fold]


@needs_native
@pytest.mark.parametrize(("name", "slope"), FOLDED)
def test_both_sides_of_a_folded_table_are_one(name: str, slope: bool) -> None:
    fold = plan_of(name, slope).fold
    x = np.linspace(0, 20, 3001, dtype=np.float32)
    above, below = run(name, slope, x), run(name, slope, -x)
    ends = {"even": above, "odd": -above, "rises": 1 - above, "falls": 1 - above}
    near_one = 0.0 if fold in ("even", "odd") else BARS[slope] * 2.0**-24  # what 1 - above loses
    assert np.allclose(below, ends[fold], rtol=3e-7, atol=near_one)
