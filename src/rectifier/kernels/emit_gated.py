"""Print the gated units of the catalog as C++; run by CMake while rectifier is being built.

Layer: kernels, on the standard library alone, as `rectifier.kernels.emit_cpp`, whose expressions it
prints: ``python -m rectifier.kernels.emit_gated FILE`` with ``PYTHONPATH=src``. The loops around a
unit are in ``native/gated.hpp``; where the function of the gate is an activation with tables
(`rectifier.kernels.plans`), those of ``native/gated_tabled.hpp`` come before them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.expression import Variable, substitute
from rectifier.expression.tree import call
from rectifier.kernels.emit_cpp import (
    by_table,
    digest,
    digest_with_defaults,
    emit_expression,
    interval,
    kernels,
    near_plans,
)
from rectifier.kernels.plans import PLANS
from rectifier.kernels.single import GATED
from rectifier.kernels.tabled import emit_table, shape

_HEAD = """\
// Printed by rectifier.kernels.emit_gated from the catalog. Not to be edited.

#include "gated_tabled.hpp"

namespace rectifier {
namespace emitted {

"""


def emit_unit(unit: Activation) -> str:
    """Return the C++ of one gated unit: value, both derivatives, and the loops over them."""
    parameters = unit.params  # "gate" is the first
    value, slopes = GATED.get(digest(unit), (None, None))
    defaults = ", ".join(repr(param.default) for param in parameters.values())
    return "\n".join(
        (
            f"// {unit.name}: {unit.formula}",
            f"struct gated_{unit.name} {{",
            f"  static constexpr std::size_t count = {len(parameters)};",
            f"  static constexpr double defaults[] = {{{defaults}}};",
            f"  static constexpr Range value_single = {interval(value)};",
            f"  static constexpr Range slope_single = {interval(slopes)};",
            emit_expression("value", unit.value_expression, parameters),
            emit_expression("slope", unit.derivative_expression, parameters),
            emit_expression("gate_slope", unit.parameter_derivative("gate"), parameters),
            "};",
            f"RECTIFIER_GATED(gated_{unit.name})",
        )
    )


def gating(unit: Activation) -> Activation | None:
    """Return the activation of the catalog that the gate passes through, if the unit is a product.

    That is one whose expression is the unit's derivative by ``x``, with the same parameters but for
    the gate: then the unit is ``x`` times it.
    """
    x = Variable("x")
    function = unit.derivative_expression
    if unit.value_expression != call("mul", x, function):
        return None
    function = substitute(function, {"gate": x})
    others = [(name, param.default) for name, param in unit.params.items()][1:]
    for each in catalog.all_activations():
        defaults = [(name, param.default) for name, param in each.params.items()]
        if each.value_expression == function and defaults == others:
            return each
    return None


def emit_by_table(unit: Activation) -> str:
    """Return the C++ of a unit's kernels by table; empty where its gate has none."""
    activation = gating(unit)
    if activation is None:
        return ""
    plan, slope = PLANS.get(digest_with_defaults(activation), (None, None))
    if plan is None or slope is None:
        return ""
    name = f"gated_{unit.name}"
    parameters = {each: param.default for each, param in unit.params.items()}
    kernel = f"{activation.name}_{kernels(activation)[1]}"
    lines = [
        f"void {kernel}(const float*, const float*, float*, std::size_t, const double*);",
        f"RECTIFIER_GATED_PRODUCT({name})",
    ]
    product = f"{name}_product"
    for way, cells in (("tabled", plan), ("near", near_plans(activation)[0])):
        if cells is not None:
            constant = f"{name}_{way}_cells"
            lines.append(emit_table(constant, activation.value_expression, parameters, cells))
            lines.append(by_table(f"{name}_{way}_product", product, constant, True, cells))
            product = f"{name}_{way}_product"
    lines.append(f"RECTIFIER_GATED_TABLED({name}, {product}, {kernel}, {shape(plan)})")
    return "\n".join(lines)


def emit() -> str:
    """Return the C++ source file with all gated units and their table."""
    units = [catalog.gated(name) for name in catalog.gated_names()]
    of_tables = {unit.name: emit_by_table(unit) for unit in units}
    rows = "".join(_row(unit, bool(of_tables[unit.name])) for unit in units)
    body = "\n\n".join(f"{emit_unit(unit)}\n{of_tables[unit.name]}" for unit in units)
    return (
        f"{_HEAD}{body}\n\n}}  // namespace emitted\n\n"
        f"const GatedEntry gated_table[] = {{\n{rows}}};\n"
        f"const std::size_t gated_table_size = {len(units)};\n\n}}  // namespace rectifier\n"
    )


def _row(unit: Activation, has_tables: bool) -> str:
    name = f"emitted::gated_{unit.name}"
    kinds = ("tabled_forward", "tabled_backward", "half_forward", "half_backward")
    kernels = [f"{name}_{kind}" for kind in kinds]
    if not has_tables:
        kernels = [f"{name}_forward", f"{name}_backward", "nullptr", "nullptr"]
    return (
        f'    {{"{unit.name}", "{digest(unit)}", {len(unit.params)},\n     '
        f"{', '.join(kernels[:2])},\n     {', '.join(kernels[2:])}}},\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the C++ source to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the C++ file to write")
    file: Path = parser.parse_args(arguments).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(emit(), encoding="utf-8")


if __name__ == "__main__":
    main()
