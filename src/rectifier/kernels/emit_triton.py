"""Print the catalog as Triton device functions; run by CMake while rectifier is being built.

Layer: kernels, on the standard library alone, as `rectifier.kernels.emit_cpp`, whose choice of
forms it shares: ``python -m rectifier.kernels.emit_triton FILE`` with ``PYTHONPATH=src``. What it
prints is the module ``rectifier._triton``: for each activation its value, its derivative and those
by what may be learned, for each gated unit both derivatives, in each arithmetic that is right.
Mathematics and loops are in `rectifier.kernels.gpu`.
"""

from __future__ import annotations

import argparse
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rectifier import catalog
from rectifier.activation import Activation, Param
from rectifier.expression import PRIMITIVES, Expr, Variable, postorder, to_text
from rectifier.expression.tree import Call, Constant
from rectifier.kernels.bounds import Bounds, bounds
from rectifier.kernels.emit_cpp import digest
from rectifier.kernels.forms import (
    INNER,
    ON_CPU,
    PAIRS,
    TAKE_PAIRS,
    Form,
    arrange,
    form,
    odd_cubic,
)
from rectifier.kernels.measured import DOUBLE, FAR, REACH, SINGLE_BUT
from rectifier.kernels.single import EVERY, SINGLE, Interval

_HEAD = '''\
"""The catalog as Triton device functions. Printed by rectifier.kernels.emit_triton; not to edit."""

import triton
import triton.language as tl

from rectifier.kernels.gpu import basics, fast, single, wide
from rectifier.kernels.gpu.basics import const
'''

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
}  # fmt: skip
_SUMS = {
    "fma": "basics.fma({0}, {1}, {2})",
    "fma_less": "basics.fma({0}, {1}, -{2})",
    "less_fma": "basics.fma(-{0}, {1}, {2})",
}
_BASIC = {
    "square": "square", "abs": "absolute", "sign": "sign", "maximum": "maximum",
    "minimum": "minimum",
}  # fmt: skip
_REAL = {"wide": "tl.float64", "single": "tl.float32", "fast": "tl.float32"}
"""The type that each kind of mathematics computes in."""

_HARMLESS = frozenset(
    {"mul", "square", "neg", "abs", "sign", "maximum", "minimum", "where", "lt", "le", "gt", "ge"}
)
"""Operations that keep float's accuracy for any values of the parameters, a few of them in a row.

Products may be off by half a unit each, and nothing here cancels.
"""

_MOST_PRODUCTS = 2


def emit_function(
    name: str,
    expression: Expr,
    parameters: Mapping[str, Param],
    mathematics: str,
    gated: bool = False,
) -> str:
    """Return a device function that computes an expression, each shared subexpression once.

    Args:
        name: What the function is to be called.
        expression: The expression over ``x`` and the parameters.
        parameters: The parameters, in the order in which they lie in memory.
        mathematics: A module of `rectifier.kernels.gpu`: ``"wide"``, ``"single"`` or ``"fast"``.
        gated: Whether the first parameter is an argument beside ``x`` and not in memory.
    """
    names = list(parameters)
    variables = {"x": "x"}
    if gated:
        variables[names.pop(0)] = "gate"
    kind = _REAL[mathematics]
    expression = arrange(expression)
    order = list(postorder(expression))
    between = bounds(expression, parameters)
    used = Counter(a for node in order if isinstance(node, Call) for a in node.args)
    forms: dict[Expr, Form] = {}
    needed = {expression}
    alone: set[Expr] = set()  # needed as one number, not as a pair
    for node in reversed(order):
        if isinstance(node, Call) and node in needed:
            cubic = odd_cubic(node) if node not in alone and node is not expression else None
            function, given = cubic or _with_product(
                form(node, between, used, ON_CPU), between, used
            )
            if function in INNER and node is not expression:
                function = f"inner_{function}"
            forms[node] = function, given
            needed.update(given)
            pairs = TAKE_PAIRS.get(function, ())
            alone.update(each for place, each in enumerate(given) if place not in pairs)
    paired = {n for n, (f, _) in forms.items() if f == PAIRS and mathematics == "single"}
    lines: list[str] = []
    printed: dict[Expr, str] = {}
    for node in order:
        if node not in needed:
            continue
        if isinstance(node, Variable):
            printed[node] = variables.get(node.name) or f"p{names.index(node.name)}"
            if node.name not in variables:
                at = names.index(node.name)
                lines.append(f"{printed[node]} = tl.load(p + {at} * width).to({kind})")
        elif isinstance(node, Constant):
            printed[node] = f"c{len(lines)}"
            lines.append(f"{printed[node]} = tl.full((), {node.value!r}, {kind})")
        elif isinstance(node, Call) and node in forms:
            printed[node] = f"t{len(lines)}"
            lines.append(
                f"{printed[node]} = {_operation(forms[node], printed, paired, mathematics)}"
            )
    result = printed[expression]
    compares = any(isinstance(node, Call) and PRIMITIVES[node.op].boolean for node in printed)
    if compares or Variable("x") not in printed:  # then NaN would go in and a number come out
        result = f"tl.where(x != x, x, {result})"
    arguments = "x, gate, p, width" if gated else "x, p, width"
    body = "\n".join(f"    {line}" for line in [*lines, f"return {result}"])
    return f"@triton.jit\ndef {name}({arguments}):\n{body}\n"


def _with_product(plain: Form, between: Mapping[Expr, Bounds], used: Mapping[Expr, int]) -> Form:
    """Return a sum with a product that nothing else uses as one operation, rounded once.

    So do the compilers of the C++ kernels, and `rectifier.kernels.single` was measured with it.
    """
    function, given = plain
    if function not in ("add", "sub"):
        return plain
    for place, product in enumerate(given):
        if not isinstance(product, Call) or used[product] > 1:
            continue
        inner, factors = form(product, between, used, ON_CPU)
        if inner == "square":
            inner, factors = "mul", factors * 2
        if inner == "mul":
            kind = "fma" if function == "add" else ("fma_less", "less_fma")[place]
            return kind, (*factors, given[1 - place])
    return plain


def _operation(form: Form, printed: Mapping[Expr, str], paired: set[Expr], mathematics: str) -> str:
    """Return what computes one operation; `paired` are printed as pairs."""
    function, given = form
    names = [printed[argument] for argument in given]
    if function == PAIRS:
        constants = [a.value for a in given[1:] if isinstance(a, Constant)]
        if mathematics == "single":
            constants = [part for value in constants for part in _in_two(value)]
        return f"{mathematics}.{function}({', '.join((names[0], *map(repr, constants)))})"
    if not paired.isdisjoint(given):
        several = TAKE_PAIRS[function]
        names = [
            name if place not in several
            else f"{name}[0], {name}[1]" if given[place] in paired
            else f"{name}, const({name}, 0.0)"
            for place, name in enumerate(names)
        ]  # fmt: skip
        return f"{mathematics}.{function}_pairs({', '.join(names)})"
    if function in _INFIX:
        return f" {_INFIX[function]} ".join(names)
    if function in _SUMS:
        return _SUMS[function].format(*names)
    if function == "neg":
        return f"-{names[0]}"
    if function == "where":
        return f"tl.where({', '.join(names)})"
    if function in _BASIC:
        return f"basics.{_BASIC[function]}({', '.join(names)})"
    if function == "div_constant":
        divisor = given[1]
        assert isinstance(divisor, Constant)  # what makes it this form
        return f"{mathematics}.div_constant({names[0]}, {divisor.value!r})"
    if function == "pow" and given[1] == Constant(3.0):
        return f"{names[0]} * {names[0]} * {names[0]}"
    if function == "pow" and given[1] == Constant(4.0):
        return f"basics.square(basics.square({names[0]}))"
    if function == "pow":
        return f"wide.pow({', '.join(names)})"
    return f"{mathematics}.{function}({', '.join(names)})"


def _in_two(value: float) -> tuple[float, float]:
    """Return the nearest float to a number, and what is left of it."""
    near: float = struct.unpack("f", struct.pack("f", value))[0]
    return near, value - near


def is_harmless(expression: Expr) -> bool:
    """Say whether float is accurate enough for an expression whatever its parameters are."""
    products: dict[Expr, int] = {}
    for node in postorder(expression):
        if not isinstance(node, Call):
            products[node] = 0
        elif node.op not in _HARMLESS:
            return False
        else:
            own = int(node.op in ("mul", "square"))
            products[node] = own + sum(products[argument] for argument in node.args)
    return products[expression] <= _MOST_PRODUCTS


def _has_power(expression: Expr) -> bool:
    return any(
        isinstance(node, Call)
        and node.op == "pow"
        and node.args[1] not in (Constant(3.0), Constant(4.0))
        for node in postorder(expression)
    )


def _has_form_of_cpu(expression: Expr, parameters: Mapping[str, Param]) -> bool:
    """Say whether what was measured in float was measured in a form that a GPU does not have."""
    expression = arrange(expression)
    order = [node for node in postorder(expression) if isinstance(node, Call)]
    between = bounds(expression, parameters)
    used = Counter(argument for node in order for argument in node.args)
    return any(form(node, between, used)[0] in ON_CPU for node in order)


def emit_part(
    name: str, part: str, activation: Activation, expression: Expr, interval: Interval
) -> tuple[str, str]:
    """Return the functions of a value or a derivative, and the row that says when each is right."""
    stem = f"{name}_{part}"
    parameters = activation.params
    functions = [emit_function(f"{stem}_wide", expression, parameters, "wide")]
    harmless = is_harmless(expression)
    if (digest(activation), part) in SINGLE_BUT or _has_form_of_cpu(expression, parameters):
        interval = None
    if harmless:
        interval = (-EVERY, EVERY)
    single = fast = "None"
    if interval is not None and not _has_power(expression):
        single = f"{stem}_single"
        functions.append(emit_function(single, expression, parameters, "single"))
    measured = part in ("value", "slope") and (digest(activation), part) not in DOUBLE
    if (measured or harmless) and not _has_power(expression):
        fast = f"{stem}_fast"
        functions.append(emit_function(fast, expression, parameters, "fast"))
    reach = REACH if (digest(activation), part) in FAR else EVERY
    ends = ", ".join(f'float("{end}")' for end in (*(interval or (0.0, 0.0)), reach))
    return "\n\n".join(functions), f"({stem}_wide, {single}, {fast}, {ends}, {harmless})"


def emit_activation(activation: Activation) -> tuple[str, str]:
    """Return the functions of an activation, and its row of the table."""
    name = activation.name
    ranges = SINGLE.get(digest(activation), (None, None))
    value, value_row = emit_part(name, "value", activation, activation.value_expression, ranges[0])
    slope, slope_row = emit_part(
        name, "slope", activation, activation.derivative_expression, ranges[1]
    )
    functions, rows = [value, slope], []
    for parameter in activation.learnable:
        expression = activation.parameter_derivative(parameter)
        part, row = emit_part(name, f"by_{parameter}", activation, expression, None)
        functions.append(part)
        rows.append(f'"{parameter}": {row}')
    text = "\n\n".join((f"# {name}: {to_text(activation.expression)}", *functions))
    learned = f"{{{', '.join(rows)}}}"
    return text, f'    "{name}": ("{digest(activation)}", {value_row}, {slope_row}, {learned}),\n'


def emit_unit(unit: Activation) -> tuple[str, str]:
    """Return the functions of a gated unit, and its row of the table."""
    parts = (
        ("value", unit.value_expression),
        ("slope", unit.derivative_expression),
        ("gate_slope", unit.parameter_derivative("gate")),
    )
    functions, names = [], []
    for part, expression in parts:
        for mathematics in ("wide", "fast"):
            name = f"gated_{unit.name}_{part}_{mathematics}"
            functions.append(emit_function(name, expression, unit.params, mathematics, gated=True))
            names.append(name)
    body = "\n\n".join(functions)
    row = f'    "{unit.name}": ("{digest(unit)}", {", ".join(names)}),\n'
    return f"# {unit.name}: {unit.formula}\n\n{body}", row


def emit(wanted: Sequence[Activation | str] | None = None) -> str:
    """Return the module for some activations and all gated units, or for all of the catalog."""
    texts, rows = zip(
        *(emit_activation(catalog.get(a)) for a in wanted or catalog.all_activations()),
        strict=True,
    )
    units, unit_rows = zip(
        *(emit_unit(catalog.gated(name)) for name in catalog.gated_names()), strict=True
    )
    body = "\n\n".join((*texts, *units))
    return (
        f"{_HEAD}\n\n{body}\n\n"
        f"ACTIVATIONS = {{\n{''.join(rows)}}}\n\nGATED = {{\n{''.join(unit_rows)}}}\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the module to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the Python file to write")
    file: Path = parser.parse_args(arguments).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(emit(), encoding="utf-8")


if __name__ == "__main__":
    main()
