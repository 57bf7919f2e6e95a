// What Python can call of the gated units. Buffers are checked by rectifier.kernels.gated, the only
// caller: addresses of contiguous numbers in this process, of one type, that many of them.

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

// How a unit's buffers lie: source, and backward the result, are rows of two halves of `half` numbers;
// the others are rows of one. `last` says whether the second half gates.
struct Rows {
  std::size_t rows;
  std::size_t half;
  bool last;
};

// Calls piece(x, gate, g, y, z, count) for the parts of the rows, in several threads; g and z are null
// forward.
template <typename T, typename Piece>
void over_rows(const Rows& of, const T* from, const T* by, T* to, std::size_t threads,
               const Piece& piece) {
  const std::size_t gate_at = of.last ? of.half : 0;
  const std::size_t line_at = of.half - gate_at;
  in_parallel(of.rows * of.half, threads, [&](std::size_t first, std::size_t size) {
    while (size > 0) {
      const std::size_t line = first / of.half;
      const std::size_t place = first % of.half;
      const std::size_t count = std::min(size, of.half - place);
      const T* x = from + line * 2 * of.half + place;
      if (by != nullptr) {
        T* y = to + line * 2 * of.half + place;
        piece(x + line_at, x + gate_at, by + first, y + line_at, y + gate_at, count);
      } else {
        piece(x + line_at, x + gate_at, static_cast<const T*>(nullptr), to + first,
              static_cast<T*>(nullptr), count);
      }
      first += count;
      size -= count;
    }
  });
}

// `type` is one of the numbers of rectifier.kernels.native.DTYPES.
void run_gated(std::size_t row, int type, std::uintptr_t source, std::uintptr_t grad,
               std::uintptr_t out, std::size_t rows, std::size_t half, bool last,
               const std::vector<double>& parameters, std::size_t threads) {
  if (row >= gated_table_size || parameters.size() != gated_table[row].parameters) {
    throw nb::value_error("no such gated unit, or another number of parameters.");
  }
  const GatedEntry& entry = gated_table[row];
  const bool backward = grad != 0;
  double values[most_parameters] = {};
  std::copy(parameters.begin(), parameters.end(), values);
  const Rows of{rows, half, last};
  const nb::gil_scoped_release unlocked;
  if (type == 0) {
    const GatedKernel kernel = backward ? entry.backward : entry.forward;
    over_rows(of, reinterpret_cast<const float*>(source), reinterpret_cast<const float*>(grad),
              reinterpret_cast<float*>(out), threads,
              [&](const float* x, const float* gate, const float* g, float* y, float* z,
                  std::size_t n) { kernel(x, gate, g, y, z, n, values); });
    return;
  }
  using Bits = std::uint16_t;
  const Half format = type == 2 ? Half::bfloat16 : Half::float16;
  over_rows(of, reinterpret_cast<const Bits*>(source), reinterpret_cast<const Bits*>(grad),
            reinterpret_cast<Bits*>(out), threads,
            [&](const Bits* x, const Bits* gate, const Bits* g, Bits* y, Bits* z, std::size_t n) {
              run_half(entry, backward, format, x, gate, g, y, z, n, values);
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
  m.def("run_gated", &run_gated, "row"_a, "type"_a, "source"_a, "grad"_a, "out"_a, "rows"_a,
        "half"_a, "last"_a, "parameters"_a, "threads"_a);
}

}  // namespace rectifier
