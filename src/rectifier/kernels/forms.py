"""Better forms of subexpressions, which the mathematics of ``native/`` have beside the primitives.

Layer: kernels, on the standard library alone, below `rectifier.kernels.emit_cpp`. A product such
as ``a * sigmoid(b)`` is one quotient; ``norm_cdf(a) + a * norm_pdf(a)`` shares its exponential and
need not cancel: a mathematics may compute them faster or more sharply than the primitives one by
one. Which subexpressions these are is said here; how each is computed, in ``native/``. In double, a
form computes what the primitives do; where it does in float is measured for every formula, see
`rectifier.kernels.single`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rectifier.expression import Expr, Variable, parse, simplify, substitute
from rectifier.expression.tree import Call, Constant
from rectifier.kernels.bounds import Bounds

Form = tuple[str, tuple[Expr, ...]]
"""The name of a function of ``native/``, and its arguments."""

PAIRS = "odd_cubic"
"""The form whose result may be a pair of numbers."""

TAKE_PAIRS: Mapping[str, tuple[int, ...]] = {
    "mul_sigmoid": (1,),
    "inner_mul_sigmoid": (1,),
    "gate_slope": (0, 1),
}
"""The forms that take such pairs, and as which arguments."""

INNER = ("mul_sigmoid", "own_norm_cdf", "sigmoid")
"""The functions with a sharper form, ``inner_`` and the name, for where they are not the result."""

PRODUCTS = frozenset({"mul_own_norm_cdf"})
"""The forms of a product of a that gain nothing where a is a constant."""

ON_CPU = frozenset(
    {
        "half_sum_root",
        "half_sum_root_slope",
        "log1p_sigmoid_gate_slope",
        "mul_log1p_sigmoid",
        "mul_own_norm_cdf",
        "mul_tanh_exp",
        "mul_tanh_log1p_sigmoid",
        "own_erf_softplus",
        "own_erf_softplus_slope",
        "own_tanh",
        "tanh_exp_gate_slope",
        "tanh_log1p_sigmoid_gate_slope",
    }
)
"""The forms that only ``native/`` has; a GPU computes in double what they are part of."""

_T = "exp(minimum(b, 22))"
_N = f"({_T} * ({_T} + 2))"
_S = "tanh(log1p(sigmoid(b)))"
_H = "where(abs(a) < 1e18, sqrt(a ** 2 + b), abs(a))"
_REST = f"b / (2 * maximum({_H} + abs(a), 1e-30))"

_PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("mul_own_norm_cdf", "ab", "a * (maximum(b, -40) * norm_cdf(b))"),
    ("own_norm_cdf", "a", "maximum(a, -40) * norm_cdf(a)"),
    (
        "own_norm_cdf_slope",
        "a",
        "norm_cdf(a) + minimum(maximum(a, -40), 40) * norm_pdf(a)",
    ),
    (
        "own_norm_cdf_slope",
        "a",
        "where(a > -40, 1, 0) * norm_cdf(a) + maximum(a, -40) * norm_pdf(a)",
    ),
    ("mul_tanh_softplus", "ab", f"a * ({_N} / ({_N} + 2))"),
    ("tanh_softplus", "b", f"{_N} / ({_N} + 2)"),
    (
        "tanh_softplus_gate_slope",
        "ab",
        f"({_N} + 4 * a * {_T} * ({_T} + 1) / ({_N} + 2)) / ({_N} + 2)",
    ),
    (
        "tanh_exp_gate_slope",
        "ab",
        "tanh(exp(b)) + a * exp(b) * (4 * sigmoid(2 * exp(b)) * sigmoid(-(2 * exp(b))))",
    ),
    (
        "tanh_log1p_sigmoid_gate_slope",
        "ab",
        f"{_S} + a * (1 - {_S} ** 2) * sigmoid(b) * sigmoid(-b) / (1 + sigmoid(b))",
    ),
    (
        "log1p_sigmoid_gate_slope",
        "ab",
        "log1p(sigmoid(b)) + a * sigmoid(b) * sigmoid(-b) / (1 + sigmoid(b))",
    ),
    ("mul_tanh_exp", "ab", "a * tanh(exp(b))"),
    ("mul_tanh_log1p_sigmoid", "ab", f"a * {_S}"),
    ("mul_log1p_sigmoid", "ab", "a * log1p(sigmoid(b))"),
    ("own_tanh", "a", "a * tanh(a)"),
    ("own_erf_softplus", "a", "maximum(a, -800) * erf(softplus(a))"),
    (
        "own_erf_softplus_slope",
        "a",
        "erf(softplus(a)) + minimum(maximum(a, -800), 40) * 1.1283791670955126"
        " * exp(-softplus(minimum(a, 40)) ** 2) * sigmoid(a)",
    ),
    ("half_sum_root", "ab", f"maximum(a, 0) + {_REST}"),
    (
        "half_sum_root_slope",
        "ab",
        f"where(a > 0, 1 - {_REST} / {_H}, {_REST} / maximum({_H}, 1e-30))",
    ),
    ("tanh_squared", "a", "tanh(a) ** 2"),
    ("minus_tanh", "ba", "where(abs(a) < 1, b, a - tanh(a))"),
)
"""The function, its arguments, and what it computes."""

_KNOWN = tuple((name, order, parse(text, ("a", "b"))) for name, order, text in _PATTERNS)
_GATE_SLOPE = parse("sigmoid(b) + a * (sigmoid(b) * sigmoid(-b) * c)", ("a", "b", "c"))
_CLIPPED = parse("where(maximum(a, b) < c, where(a > b, d, 0), 0)", ("a", "b", "c", "d"))
_BETWEEN = parse("where(a > b, where(a < c, d, 0), 0)", ("a", "b", "c", "d"))
"""The slope of a number held between two, by the rules and with one operation less: a maximum that
is taken for its comparison alone makes hard_tanh's kernel a tenth slower."""
_CUBIC = parse("a * (b + c * a ** 2)", ("a", "b", "c"))

FORMS = (
    *(name for name, _, _ in _PATTERNS),
    *(f"inner_{name}" for name in INNER),
    "cdf_plus_mul_pdf",
    "div_constant",
    "div_moderate",
    "gate_slope",
    "mul_norm_cdf",
    "mul_sigmoid",
    "mul_sigmoid_slope",
    "odd_cubic",
    "one_plus_mul_sigmoid",
    "sigmoid_slope",
)
"""What every mathematics of ``native/`` has beside the primitives."""

_MODERATE = (1e-30, 1e30)
"""Between these a divisor is a normal number of float, and so is its inverse."""


def form(
    node: Call,
    between: Mapping[Expr, Bounds],
    used: Mapping[Expr, int],
    without: frozenset[str] = frozenset(),
) -> Form:
    """Return the function that computes a node, and its arguments: a better form if it has one.

    Args:
        node: The node.
        between: Bounds of every node.
        used: How many nodes use a node.
        without: Forms of `_PATTERNS` that are not to be had.
    """
    for name, order, pattern in _KNOWN:
        if name not in without and _is(pattern, node.op):
            for bound in _bindings(pattern, node, {}):
                if name not in PRODUCTS or not isinstance(bound["a"], Constant):
                    return name, tuple(bound[letter] for letter in order)
    if node.op == "div" and isinstance(node.args[1], Constant):
        return "div_constant", node.args
    if node.op == "div":
        low, high = between[node.args[1]]
        if _MODERATE[0] < low and high < _MODERATE[1]:
            return "div_moderate", node.args
    if node.op not in ("mul", "add"):
        return node.op, node.args
    for one, two in (node.args, node.args[::-1]):
        if not isinstance(two, Call) or used[two] > 1:
            continue
        if node.op == "add" and two.op == "mul":
            found = _sum_form(one, two, between, used)
        elif node.op == "mul":
            found = _product_form(one, two, between, used)
        else:
            found = None
        if found is not None:
            return found
    return node.op, node.args


def odd_cubic(node: Expr) -> Form | None:
    """Return the form of ``a * (b + c * a ** 2)`` for constants b and c; None of anything else."""
    for bound in _bindings(_CUBIC, node, {}):
        if isinstance(bound["b"], Constant) and isinstance(bound["c"], Constant):
            return PAIRS, (bound["a"], bound["b"], bound["c"])
    return None


def arrange(root: Expr) -> Expr:
    """Return an expression that computes the same with fewer operations, or in better forms.

    Constant factors go into the branches of a choice, where they meet other constants, and the
    sigmoid among several factors comes last.
    """
    if not isinstance(root, Call):
        return root
    for bound in _bindings(_GATE_SLOPE, root, {}):
        return _gate_slope(**{name: arrange(each) for name, each in bound.items()})
    for bound in _bindings(_CLIPPED, root, {}):
        return substitute(_BETWEEN, {name: arrange(each) for name, each in bound.items()})
    node = Call(root.op, tuple(map(arrange, root.args)))
    if node.op != "mul":
        return node
    for one, two in (node.args, node.args[::-1]):
        if isinstance(one, Constant) and isinstance(two, Call):
            return _scaled(one, two, node)
    one, two = node.args
    if _is(one, "mul") and not _is(two, "sigmoid"):
        assert isinstance(one, Call)
        for first, second in (one.args, one.args[::-1]):
            if _is(second, "sigmoid") and not _is(first, "sigmoid"):
                return Call("mul", (Call("mul", (first, two)), second))
    return node


def _gate_slope(a: Expr, b: Expr, c: Expr) -> Expr:
    """Return sigmoid(b) + a c sigmoid(b) sigmoid(-b) as `form` knows it."""
    product = Call("mul", (Call("mul", (a, c)), Call("sigmoid", (Call("neg", (b,)),))))
    return Call("mul", (Call("sigmoid", (b,)), Call("add", (Constant(1.0), product))))


def _scaled(factor: Constant, node: Call, product: Expr) -> Expr:
    """Return the product with a constant, which is given as it stands too."""
    if node.op == "where" and any(isinstance(arm, Constant) for arm in node.args[1:]):
        condition, *arms = node.args
        return Call("where", (condition, *(_times(factor, arm) for arm in arms)))
    if node.op == "where" and any(_constant_factor(arm) for arm in node.args[1:]):
        condition, *arms = node.args
        return Call("where", (condition, *(_times(factor, arm) for arm in arms)))
    return product


def _times(factor: Constant, node: Expr) -> Expr:
    if isinstance(node, Constant):
        return Constant(factor.value * node.value)
    found = _constant_factor(node)
    if found is not None:
        return Call("mul", (Constant(factor.value * found[0].value), found[1]))
    return Call("mul", (factor, node))


def _constant_factor(node: Expr) -> tuple[Constant, Expr] | None:
    if isinstance(node, Call) and node.op == "mul":
        for one, two in (node.args, node.args[::-1]):
            if isinstance(one, Constant):
                return one, two
    return None


def _is(node: Expr, op: str) -> bool:
    return isinstance(node, Call) and node.op == op


def _bindings(pattern: Expr, node: Expr, bound: dict[str, Expr]) -> Iterator[dict[str, Expr]]:
    """Yield what the variables of a pattern stand for where a node is of its form."""
    if isinstance(pattern, Variable):
        if bound.get(pattern.name, node) == node:
            yield bound | {pattern.name: node}
    elif not isinstance(pattern, Call):
        if pattern == node:
            yield bound
    elif isinstance(node, Call) and node.op == pattern.op:
        orders = [node.args]
        if node.op in ("add", "mul"):
            orders.append(node.args[::-1])
        for order in orders:
            yield from _all_bindings(pattern.args, order, bound)


def _all_bindings(
    patterns: tuple[Expr, ...], nodes: tuple[Expr, ...], bound: dict[str, Expr]
) -> Iterator[dict[str, Expr]]:
    if not patterns:
        yield bound
        return
    for first in _bindings(patterns[0], nodes[0], bound):
        yield from _all_bindings(patterns[1:], nodes[1:], first)


def _sum_form(
    one: Expr, product: Call, between: Mapping[Expr, Bounds], used: Mapping[Expr, int]
) -> Form | None:
    """Return a better form of a sum with a product that nothing else uses."""
    function, given = form(product, between, used)
    if one == Constant(1.0) and function == "mul_sigmoid":
        return "one_plus_mul_sigmoid", given
    if isinstance(one, Call) and one.op == "norm_cdf" and used[one] == 1:
        for factor, density in (product.args, product.args[::-1]):
            if isinstance(density, Call) and density.op == "norm_pdf" and density.args == one.args:
                return "cdf_plus_mul_pdf", (factor, *one.args)
    return None


def _product_form(
    one: Expr, two: Call, between: Mapping[Expr, Bounds], used: Mapping[Expr, int]
) -> Form | None:
    """Return a better form of a product whose second factor nothing else uses."""
    single = isinstance(one, Call) and used[one] == 1
    if two.op == "sigmoid":
        if isinstance(one, Call) and single:
            if one.op == "sigmoid" and _opposite(one.args[0], two.args[0]):
                return "sigmoid_slope", one.args
            function, given = form(one, between, used)
            if function == "mul_sigmoid" and _opposite(given[1], two.args[0]):
                return "mul_sigmoid_slope", given
            if function == "one_plus_mul_sigmoid" and _opposite(given[1], two.args[0]):
                return "gate_slope", (given[0], two.args[0])
        return "mul_sigmoid", (one, two.args[0])
    if two.op == "norm_cdf":
        return "mul_norm_cdf", (one, two.args[0])
    return None


def _opposite(one: Expr, two: Expr) -> bool:
    """Whether one expression is the other with its sign turned."""
    return simplify(-one) == simplify(two) or simplify(-two) == simplify(one)
