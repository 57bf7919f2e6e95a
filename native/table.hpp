// What the compiled kernels look like from outside: the table that the emitted file fills.
//
// Layer: native/, between the emitted kernels (which define the table) and the bindings (which read
// it).

#pragma once

#include <cstddef>

namespace rectifier {

constexpr std::size_t most_parameters = 16;

// y[i] = f(x[i]), or y[i] = g[i] f'(x[i]), for i below n. y may be x or g.
using Kernel = void (*)(const float* x, const float* g, float* y, std::size_t n,
                        const double* parameters);

struct Entry {
  const char* name;
  const char* digest;  // of the formula, as rectifier.kernels.emit_cpp computes it
  std::size_t parameters;
  Kernel forward;
  Kernel backward;
};

extern const Entry table[];
extern const std::size_t table_size;

}  // namespace rectifier
