// What Python can call of the gated units. Buffers are checked by rectifier.kernels.gated, the only
// caller: addresses of contiguous float32 numbers in this process, that many of them.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gated.hpp"
#include "parts.hpp"
#include "team.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

// Source, and backward the result, are rows of two halves of `half` numbers; the others are rows of one.
// `last` says whether the second half gates.
void run_gated(std::size_t row, std::uintptr_t source, std::uintptr_t grad, std::uintptr_t out,
               std::size_t rows, std::size_t half, bool last, const std::vector<double>& parameters,
               std::size_t threads) {
  if (row >= gated_table_size || parameters.size() != gated_table[row].parameters) {
    throw nb::value_error("no such gated unit, or another number of parameters.");
  }
  const GatedEntry& entry = gated_table[row];
  const bool backward = grad != 0;
  const auto* from = reinterpret_cast<const float*>(source);
  const auto* by = reinterpret_cast<const float*>(grad);
  auto* to = reinterpret_cast<float*>(out);
  double values[most_parameters] = {};
  std::copy(parameters.begin(), parameters.end(), values);
  const GatedKernel kernel = backward ? entry.backward : entry.forward;
  const std::size_t gate_at = last ? half : 0;
  const std::size_t line_at = half - gate_at;
  const nb::gil_scoped_release unlocked;
  in_parallel(rows * half, threads, [&](std::size_t first, std::size_t size) {
    while (size > 0) {
      const std::size_t line = first / half;
      const std::size_t place = first % half;
      const std::size_t count = std::min(size, half - place);
      const float* x = from + line * 2 * half + place;
      if (backward) {
        float* y = to + line * 2 * half + place;
        kernel(x + line_at, x + gate_at, by + first, y + line_at, y + gate_at, count, values);
      } else {
        kernel(x + line_at, x + gate_at, nullptr, to + first, nullptr, count, values);
      }
      first += count;
      size -= count;
    }
  });
}

nb::dict gated_digests() {
  nb::dict found;
  for (std::size_t i = 0; i < gated_table_size; ++i) {
    found[gated_table[i].name] = gated_table[i].digest;
  }
  return found;
}

}  // namespace

void bind_gated(nb::module_& m) {
  m.def("gated_digests", &gated_digests);
  m.def("run_gated", &run_gated, "row"_a, "source"_a, "grad"_a, "out"_a, "rows"_a, "half"_a,
        "last"_a, "parameters"_a, "threads"_a);
}

}  // namespace rectifier
