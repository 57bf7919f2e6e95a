"""Print the gated units of the catalog as C++; run by CMake while rectifier is being built.

Layer: kernels, on the standard library alone, as `rectifier.kernels.emit_cpp`, whose expressions it
prints: ``python -m rectifier.kernels.emit_gated FILE`` with ``PYTHONPATH=src``. The loops around a
unit are in ``native/gated.hpp``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.kernels.emit_cpp import digest, emit_expression, interval
from rectifier.kernels.single import GATED

_HEAD = """\
// Printed by rectifier.kernels.emit_gated from the catalog. Not to be edited.

#include "gated.hpp"

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


def emit() -> str:
    """Return the C++ source file with all gated units and their table."""
    units = [catalog.gated(name) for name in catalog.gated_names()]
    rows = "".join(
        f'    {{"{unit.name}", "{digest(unit)}", {len(unit.params)}, '
        f"emitted::gated_{unit.name}_forward, emitted::gated_{unit.name}_backward}},\n"
        for unit in units
    )
    body = "\n\n".join(emit_unit(unit) for unit in units)
    return (
        f"{_HEAD}{body}\n\n}}  // namespace emitted\n\n"
        f"const GatedEntry gated_table[] = {{\n{rows}}};\n"
        f"const std::size_t gated_table_size = {len(units)};\n\n}}  // namespace rectifier\n"
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
