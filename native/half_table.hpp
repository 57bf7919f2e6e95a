// Half precision by looking up: a kernel has only 65,536 inputs there, and so many results.
//
// Layer: native/, beside half.hpp, whose results these are. For kernels that neither are polynomials
// out of registers (tabled.hpp) nor a few operations, either of which is faster than memory is. A
// look-up takes a fraction of a nanosecond whatever the formula, where the arithmetic and both
// conversions take several; a table costs 65,536 results, so it is for long buffers. Each kernel has
// one table at most, for the parameters that it was first called with: parameters that are being
// learned differ each time, and are computed.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "half.hpp"

namespace rectifier {

// From so many elements on a table pays within a call or two.
constexpr std::size_t look_up_from = std::size_t{1} << 18;

// The results in half precision, or, for the backward pass, the slopes in float.
struct HalfTable {
  std::unique_ptr<std::uint16_t[]> values;
  std::unique_ptr<float[]> slopes;
};

// The table of the kernel in a row of the table of kernels; null where it has one for other
// parameters. The caller keeps it as long as it reads from it.
std::shared_ptr<const HalfTable> half_table(std::size_t row, bool backward, Half format,
                                            const double* parameters);

// y[i] = f(x[i]), or y[i] = g[i] f'(x[i]) where g is given.
void look_up(const HalfTable& table, Half format, const std::uint16_t* x, const std::uint16_t* g,
             std::uint16_t* y, std::size_t n);

}  // namespace rectifier
