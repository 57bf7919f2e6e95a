"""Where may a kernel compute in float? Measures it and writes `rectifier.kernels.single`.

Every activation and derivative of the catalog is compiled twice, in the arithmetic of
``native/math_single.hpp`` (float) and of ``native/math_wide.hpp`` (double, right to 1e-10), and
compared on one float in `--step` of every sign and binade, on all where the worst of those comes
near the bar, and on all beside the break points of the formula, at the default parameters. An
interval around 0 in which the float result keeps within `VALUE_ULP` and `SLOPE_ULP` is recorded, if
it is wide enough to be of use; elsewhere a kernel computes in double. Beside a zero crossing of a
derivative, the unit is that of the smaller of the values a quarter to either side.

A gated unit is measured as a function of its gate, for a few values of what is gated; those that
are not linear in it compute in double.

Needs a C++ compiler and a processor with fused multiply-add. To be run again when a formula or
``math_single.hpp`` changed: what is recorded goes by a digest of the formula.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import math
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import breakpoints
from rectifier.expression import Variable
from rectifier.expression.tree import Call
from rectifier.kernels.emit_cpp import digest, emit_activation
from rectifier.kernels.emit_gated import emit_unit

ROOT = Path(__file__).parents[1]
VALUE_ULP = 1.95
"""The bar is 2; what is left is for compilers that fuse other products and sums."""
SLOPE_ULP = 3.9
"""The bar is 4."""
PRODUCT_ULP = 1.0
"""How much more a gated unit may be off: it is the product of x with what keeps the bars,
and an ulp of a number just above a power of two is two of one just below."""
NEAR = 0.75
"""From this share of the bar on, an eighth of a binade is measured on all of its floats."""
USEFUL = 8.0
"""An interval that does not reach this far to both sides is not recorded."""
PER_OCTAVE = 8
BESIDE = 16
"""Floats to either side of a break point that are all compared: x + 3 rounds to 6 just below 3."""
LEAST = -30
"""Below two to this power all floats are one bin."""

GATED_X = (0, 1234, -765, 1999)
"""Thousandths of what is gated, so that the product rounds; 0 stands for the slope by it."""

_SHIM = """
#include <algorithm>
#include <limits>
#include "loop.hpp"
#include "gated.hpp"
#undef RECTIFIER_KERNELS
#undef RECTIFIER_GATED
#define RECTIFIER_KERNELS(name)
#define RECTIFIER_GATED(name)
namespace rectifier::emitted {
%s
}
namespace rectifier {

double unit_of(double a) {
  int exponent = 0;
  std::frexp(a, &exponent);
  return std::ldexp(1.0, std::max(exponent, -125) - 24);
}

template <class A, Kind kind>
double worst_between(std::uint32_t first, std::uint32_t last, std::uint32_t step,
                     const double* given) {
  constexpr std::size_t block = 1024;
  float x[block], single[block], ones[block];
  double wide[3][block], at[3][block], unity[block];
  const Parameters<double> broad(given, A::count);
  std::fill(ones, ones + block, 1.0F);
  std::fill(unity, unity + block, 1.0);
  double worst = 0;
  for (std::uint64_t bits = first; bits < last; bits += std::uint64_t{step} * block) {
    for (std::size_t i = 0; i < block; ++i) {
      const std::uint64_t here = std::min<std::uint64_t>(bits + i * step, last - 1);
      x[i] = of_bits<float>(static_cast<std::uint32_t>(here));
      at[0][i] = x[i];
      at[1][i] = 0.75 * x[i];
      at[2][i] = 1.25 * x[i];
    }
    plain_loop<A, Single, kind>(x, ones, single, block, usual<A>);
    for (int k = 0; k < (kind == Kind::forward ? 1 : 3); ++k) {
      plain_loop<A, Wide, kind>(at[k], unity, wide[k], block, broad);
    }
    for (std::size_t i = 0; i < block; ++i) {
      const double exact = wide[0][i];
      if (A::waves && A::far(1.25 * x[i], given)) return HUGE_VAL;
      double size = std::fabs(exact);
      if (kind == Kind::backward && wide[1][i] * wide[2][i] < 0) {
        size = std::max(size, std::min(std::fabs(wide[1][i]), std::fabs(wide[2][i])));
      }
      if (!(size < std::numeric_limits<float>::max())) {
        if (static_cast<float>(exact) != single[i]) return HUGE_VAL;
        continue;
      }
      const double error = std::fabs(single[i] - exact) / unit_of(size);
      if (!(error <= worst)) worst = error == error ? error : HUGE_VAL;
    }
  }
  return worst;
}

// A unit as a function of its gate; what is gated, in thousandths, is 1 for the slope by it.
template <class A, int of>
struct Gate {
  static constexpr std::size_t count = 0;
  static constexpr double defaults[] = {0};
  static constexpr bool waves = false;
  static bool far(double, const double*) { return false; }
  template <class M>
  RECTIFIER_INLINE static typename M::real value(typename M::real x, const typename M::real*) {
    typename M::real p[A::count];
    p[0] = x;
    for (std::size_t k = 1; k < A::count; ++k) p[k] = static_cast<float>(A::defaults[k]);
    if constexpr (of == 0) return A::template slope<M>(1, p);
    return A::template value<M>(static_cast<float>(of * 0.001), p);
  }
  template <class M>
  RECTIFIER_INLINE static typename M::real slope(typename M::real x, const typename M::real*) {
    typename M::real p[A::count];
    p[0] = x;
    for (std::size_t k = 1; k < A::count; ++k) p[k] = static_cast<float>(A::defaults[k]);
    return A::template gate_slope<M>(static_cast<float>(of * 0.001), p);
  }
};

struct Row {
  double (*value)(std::uint32_t, std::uint32_t, std::uint32_t, const double*);
  double (*slope)(std::uint32_t, std::uint32_t, std::uint32_t, const double*);
};
const Row rows[] = {
%s
};
const bool has_fused_multiply_add = true;

}  // namespace rectifier
extern "C" double worst(int row, int slope, std::uint32_t first, std::uint32_t last,
                        std::uint32_t step, const double* given) {
  const rectifier::Row& found = rectifier::rows[row];
  return (slope ? found.slope : found.value)(first, last, step, given);
}
"""


def build(specs: list[Activation], units: list[Activation], folder: Path) -> ctypes.CDLL:
    """Compile the comparison of activations, and of gated units in `GATED_X` rows each."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise SystemExit("needs a C++ compiler")
    compared = [f"emitted::{spec.name}" for spec in specs]
    compared += [f"Gate<emitted::gated_{unit.name}, {of}>" for unit in units for of in GATED_X]
    rows = ",\n".join(
        f"  {{worst_between<{each}, Kind::forward>, worst_between<{each}, Kind::backward>}}"
        for each in compared
    )
    emitted = "\n".join((*map(emit_activation, specs), *map(emit_unit, units)))
    source, built = folder / "ranges.cpp", folder / "ranges.so"
    source.write_text(_SHIM % (emitted, rows), encoding="utf-8")
    flags = ["-std=gnu++17", "-O2", "-ftree-vectorize", "-march=x86-64-v3", "-fno-math-errno"]
    flags += ["-fno-trapping-math", "-fno-thread-jumps", "-fno-split-paths"]
    flags += ["-fno-tree-pre", "-fPIC", "-shared"]
    command = [compiler, *flags, f"-I{ROOT / 'native'}", str(source), "-o", str(built)]
    subprocess.run(command, check=True)
    library = ctypes.CDLL(str(built))
    library.worst.restype = ctypes.c_double
    return library


def bins() -> list[tuple[int, int]]:
    """Return the bit patterns of positive floats, in pieces of an eighth of a binade; infinity."""
    width = (1 << 23) // PER_OCTAVE
    start = (127 + LEAST) << 23
    edges = [0, *range(start, 255 << 23, width), 255 << 23, (255 << 23) + 1]
    return list(itertools.pairwise(edges))


def reach(
    library: ctypes.CDLL,
    row: int,
    slope: bool,
    sign: int,
    step: int,
    given: np.ndarray,
    bar: float,
    kinks: list[int],
) -> float:
    """Return up to where float arithmetic keeps the bar on one side of 0."""

    def worst(first: int, last: int, step: int) -> float:
        ends = (ctypes.c_uint32(bits | sign << 31) for bits in (first, last))
        there = ctypes.c_void_p(given.ctypes.data)
        found: float = library.worst(row, int(slope), *ends, ctypes.c_uint32(step), there)
        return found

    for first, last in bins():
        finer = max(1, step // 64) * 1024 if first == 0 else step
        error = worst(first, last, finer)
        if NEAR * bar < error <= bar and first > 0:
            error = worst(first, last, 1)
        for kink in kinks:
            if first <= kink < last:
                error = max(error, worst(max(kink - BESIDE, 0), kink + BESIDE + 1, 1))
        if error > bar:
            last_right = first - (first == 255 << 23)
            return float(np.array(last_right, np.uint32).view(np.float32))
    return math.inf


def break_points(spec: Activation, sign: int) -> list[int]:
    """Return the bit patterns, without sign, of an activation's break points on one side of 0."""
    found = breakpoints(spec.expression, spec.parameters())
    side = [abs(point) for point in found if (point < 0) == bool(sign)]
    return [int(bits) for bits in np.array(side, np.float32).view(np.uint32)]


def is_linear(unit: Activation) -> bool:
    """Say whether a gated unit is a product of x with a function of the gate."""
    root = unit.value_expression
    return isinstance(root, Call) and root.op == "mul" and Variable("x") in root.args


def gated_ranges(library: ctypes.CDLL, row: int, step: int) -> list[tuple[float, float] | None]:
    """Return for which gates a unit's value, and its slopes, keep the bars."""
    given = np.zeros(16)
    found: list[tuple[float, float] | None] = []
    last = row + len(GATED_X)
    for parts in (
        [(each, False, VALUE_ULP + PRODUCT_ULP) for each in range(row + 1, last)],
        [
            (row, False, VALUE_ULP),
            *((each, True, SLOPE_ULP + PRODUCT_ULP) for each in range(row + 1, last)),
        ],
    ):
        ends = [
            min(reach(library, each, slope, s, step, given, bar, []) for each, slope, bar in parts)
            for s in (1, 0)
        ]
        found.append((-ends[0], ends[1]) if min(ends) >= USEFUL else None)
    return found


def main() -> None:
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=64, help="one float in so many")
    parser.add_argument("--only", nargs="*", help="names; what is known of others stays")
    options = parser.parse_args()
    every = [catalog.gated(name) for name in catalog.gated_names()]
    units = [unit for unit in every if is_linear(unit)]
    if options.only:
        units = [unit for unit in units if unit.name in options.only]
    names = catalog.names() if options.only is None else options.only
    specs = [catalog.get(name) for name in names if name in catalog.names()]
    with tempfile.TemporaryDirectory() as folder:
        library = build(specs, units, Path(folder))
        lines, gated = [], []
        for row, spec in enumerate(specs):
            given = np.zeros(16)
            given[: len(spec.params)] = [param.default for param in spec.params.values()]
            found = []
            for slope, bar in ((False, VALUE_ULP), (True, SLOPE_ULP)):
                ends = [
                    reach(library, row, slope, s, options.step, given, bar, break_points(spec, s))
                    for s in (1, 0)
                ]
                found.append((-ends[0], ends[1]) if min(ends) >= USEFUL else None)
            lines += entry(spec, found)
        for number, unit in enumerate(units):
            first = len(specs) + number * len(GATED_X)
            gated += entry(unit, gated_ranges(library, first, options.step))
    write("SINGLE", lines, {spec.name for spec in specs})
    write("GATED", gated, {unit.name for unit in units})


def entry(spec: Activation, found: list[tuple[float, float] | None]) -> list[str]:
    """Print what was found of an activation; return it as source code, if it is of use."""
    print(spec.name, *found, flush=True)
    line = f'        "{digest(spec)}": ({shown(found[0])}, {shown(found[1])}),  # {spec.name}'
    return [line] if any(found) else []


def shown(found: tuple[float, float] | None) -> str:
    """Return an interval as source code, its ends cut to four digits."""
    if found is None:
        return "None"
    ends = [str(cut(abs(end))) if math.isfinite(end) else "EVERY" for end in found]
    return f"(-{ends[0]}, {ends[1]})"


def cut(number: float) -> float:
    """Return a number with its digits after the fourth dropped."""
    scale = 10.0 ** (math.floor(math.log10(number)) - 3)
    return float(f"{math.floor(number / scale) * scale:.4g}")


def write(name: str, lines: list[str], measured: set[str]) -> None:
    """Put the entries into the module that the emitter reads; what else is known there stays."""
    path = ROOT / "src/rectifier/kernels/single.py"
    head, start, rest = path.read_text(encoding="utf-8").partition(f"{name}: Mapping")
    kind, equals, rest = rest.partition(" = MappingProxyType(\n    {")
    old, note = rest.split("}\n)\n", 1)
    known = [line for line in old.splitlines() if line.strip()]
    kept = [line for line in known if line.rpartition("# ")[2] not in measured]
    body = "\n".join(sorted(kept + lines, key=lambda line: line.rpartition("# ")[2]))
    text = f"{head}{start}{kind}{equals}\n{body}\n    }}\n)\n{note}"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
