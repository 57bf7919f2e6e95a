// What the compiled kernels look like from outside: the table that the emitted files fill.
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

// The same on double.
using Kernel64 = void (*)(const double* x, const double* g, double* y, std::size_t n,
                          const double* parameters);

struct Entry {
  const char* name;
  const char* digest;  // of the formula, as rectifier.kernels.emit_cpp computes it
  std::size_t parameters;
  Kernel forward;
  Kernel backward;
  Kernel64 forward64;
  Kernel64 backward64;
};

extern const Entry table[];
extern const std::size_t table_size;

// Whether the code that runs here rounds a * b + c once, which math_single.hpp relies on.
extern const bool has_fused_multiply_add;

// Whether none of these is a NaN or an infinity.
bool are_finite(const float* x, std::size_t n);

}  // namespace rectifier
