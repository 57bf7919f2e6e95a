"""Where may a kernel compute in float? Measures it and writes `rectifier.kernels.single`.

Every activation and derivative of the catalog is compiled twice, in the arithmetic of
``native/math_single.hpp`` (float) and of ``native/math_wide.hpp`` (double, right to 1e-10), and
compared on one float in `--step` of every sign and binade and on all beside the break points of the
formula, at the default parameters. An interval around 0 in which the float result keeps within
`VALUE_ULP` and `SLOPE_ULP` is recorded, if it is wide enough to be of use; elsewhere a kernel
computes in double. Beside a zero crossing of a derivative, the unit is that of the smaller of the
values a quarter to either side.

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
from rectifier.kernels.emit_cpp import digest, emit_activation

ROOT = Path(__file__).parents[1]
VALUE_ULP = 1.8
"""The bar is 2; what is left is for the floats between those measured."""
SLOPE_ULP = 3.6
"""The bar is 4."""
USEFUL = 8.0
"""An interval that does not reach this far to both sides is not recorded."""
PER_OCTAVE = 8
BESIDE = 16
"""Floats to either side of a break point that are all compared: x + 3 rounds to 6 just below 3."""
LEAST = -30
"""Below two to this power all floats are one bin."""

_SHIM = """
#include <algorithm>
#include <limits>
#include "loop.hpp"
#undef RECTIFIER_KERNELS
#define RECTIFIER_KERNELS(name)
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
  const Parameters<float> narrow(given);
  const Parameters<double> broad(given);
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
    plain_loop<A, Single, kind>(x, ones, single, block, narrow);
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


def build(specs: list[Activation], folder: Path) -> ctypes.CDLL:
    """Compile the comparison of all activations."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise SystemExit("needs a C++ compiler")
    rows = ",\n".join(
        f"  {{worst_between<emitted::{s.name}, Kind::forward>, "
        f"worst_between<emitted::{s.name}, Kind::backward>}}"
        for s in specs
    )
    source, built = folder / "ranges.cpp", folder / "ranges.so"
    source.write_text(_SHIM % ("\n".join(map(emit_activation, specs)), rows), encoding="utf-8")
    flags = ["-std=gnu++17", "-O2", "-ftree-vectorize", "-march=x86-64-v3", "-fno-math-errno"]
    flags += ["-fno-trapping-math", "-fno-thread-jumps", "-fno-split-paths", "-fPIC", "-shared"]
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


def main() -> None:
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=64, help="one float in so many")
    parser.add_argument("--only", nargs="*", help="names; nothing is written then")
    options = parser.parse_args()
    specs = [catalog.get(name) for name in options.only or catalog.names()]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        library = build(specs, Path(folder))
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
                if options.only:
                    print(spec.name, "slope" if slope else "value", ends, flush=True)
            print(spec.name, *found, flush=True)
            if any(found):
                lines.append(f"        {digest(spec)!r}: ({shown(found[0])}, {shown(found[1])}),")
                lines[-1] = lines[-1].replace("'", '"') + f"  # {spec.name}"
    if not options.only:
        write(lines)


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


def write(lines: list[str]) -> None:
    """Put the entries into the module that the emitter reads."""
    path = ROOT / "src/rectifier/kernels/single.py"
    head, start, rest = path.read_text(encoding="utf-8").partition("SINGLE: Mapping")
    kind = start + rest.partition(" = ")[0]
    note = rest[rest.index('"""By the digest') :]
    body = "\n".join(lines)
    text = f"{head}{kind} = MappingProxyType(\n    {{\n{body}\n    }}\n)\n{note}"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
