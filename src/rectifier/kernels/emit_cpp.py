"""Print an activation of the catalog as C++; run by CMake while rectifier is being built.

Layer: kernels, on the standard library alone, since at build time nothing else is installed:
``python -m rectifier.kernels.emit_cpp FILE`` with ``PYTHONPATH=src``. One C++ function per
primitive lives in ``native/vector_math.hpp`` and the loop around a kernel in ``native/loop.hpp``;
this module prints only what differs from one activation to the next.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.expression import PRIMITIVES, Expr, Variable, postorder, to_text
from rectifier.expression.tree import Call, Constant

EMITTED = ("mish",)
"""The activations that are compiled, by name; the only list of them."""

FUNCTIONS: Mapping[str, str] = MappingProxyType({name: f"math::{name}" for name in PRIMITIVES})
"""The C++ function of each primitive: of the same name, in ``native/vector_math.hpp``."""

_HEAD = """\
// Printed by rectifier.kernels.emit_cpp from the catalog. Not to be edited.

#include "loop.hpp"
#include "table.hpp"

namespace rectifier {
"""


def digest(activation: Activation) -> str:
    """Return the text by which a compiled kernel is matched to an activation.

    It is of everything that the emitted code depends on: parameters in order, value, derivative.
    """
    parts = (
        ",".join(activation.params),
        to_text(activation.value_expression),
        to_text(activation.derivative_expression),
    )
    return hashlib.sha256("; ".join(parts).encode()).hexdigest()[:16]


def emit_expression(name: str, expression: Expr, parameters: Sequence[str]) -> str:
    """Return a C++ function that computes an expression, each shared subexpression once.

    Args:
        name: What the function is to be called.
        expression: The expression over ``x`` and the parameters.
        parameters: Names of the parameters, in the order in which the function takes them.

    Returns:
        A function of ``x`` and of an array with the parameters' values.
    """
    variables = {"x": "x"} | {p: f"p[{i}]" for i, p in enumerate(parameters)}
    lines = [f"RECTIFIER_INLINE real {name}(real x, [[maybe_unused]] const real* p) {{"]
    printed: dict[Expr, str] = {}
    for node in postorder(expression):
        if isinstance(node, Constant):
            printed[node] = f"real({node.value!r})"
        elif isinstance(node, Variable):
            printed[node] = variables[node.name]
        elif isinstance(node, Call):
            kind = "bool" if PRIMITIVES[node.op].boolean else "real"
            arguments = ", ".join(printed[argument] for argument in node.args)
            printed[node] = f"t{len(lines)}"
            lines.append(f"  const {kind} {printed[node]} = {FUNCTIONS[node.op]}({arguments});")
    result = printed[expression]
    compares = any(isinstance(node, Call) and PRIMITIVES[node.op].boolean for node in printed)
    if compares or Variable("x") not in printed:  # then NaN would go in and a number come out
        result = f"x != x ? x : {result}"
    lines.append(f"  return {result};")
    lines.append("}")
    return "\n".join(lines)


def emit_activation(activation: Activation) -> str:
    """Return the C++ of one activation: value, derivative and the loops over both."""
    parameters = tuple(activation.params)
    name = activation.name
    return "\n\n".join(
        (
            f"// {activation.name}: {to_text(activation.expression)}",
            emit_expression(f"{name}_value", activation.value_expression, parameters),
            emit_expression(f"{name}_slope", activation.derivative_expression, parameters),
            f"RECTIFIER_KERNEL({name})",
        )
    )


def emit(wanted: Sequence[Activation | str] = EMITTED) -> str:
    """Return the whole C++ source file for some activations or their names."""
    activations = [catalog.get(activation) for activation in wanted]
    rows = "".join(
        f'    {{"{a.name}", "{digest(a)}", {len(a.params)}, '
        f"{a.name}_forward, {a.name}_backward}},\n"
        for a in activations
    )
    table = (
        f"const Entry table[] = {{\n{rows}}};\nconst std::size_t table_size = {len(activations)};\n"
    )
    body = "\n\n".join(emit_activation(a) for a in activations)
    return f"{_HEAD}\n{body}\n\n{table}\n}}  // namespace rectifier\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the C++ source to the file that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the C++ file to write")
    output: Path = parser.parse_args(arguments).output
    output.write_text(emit(), encoding="utf-8")


if __name__ == "__main__":
    main()
