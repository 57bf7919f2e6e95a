// The loops of gated units: functions of two numbers, x and the gate.
//
// Layer: native/, beside loop.hpp. A unit is emitted as a struct with value, slope (by x) and
// gate_slope over a mathematics; the gate is its first parameter. Computed in double, rounded once:
// these loops move two or five numbers for each result, so memory is their limit soonest.

#pragma once

#include <cstddef>

#include "loop.hpp"

namespace rectifier {

// Forward: y = f(x, gate). Backward: y = g df/dx and z = g df/dgate.
using GatedKernel = void (*)(const float* x, const float* gate, const float* g, float* y, float* z,
                             std::size_t n, const double* parameters);

struct GatedEntry {
  const char* name;
  const char* digest;
  std::size_t parameters;  // the gate among them
  GatedKernel forward;
  GatedKernel backward;
};

extern const GatedEntry gated_table[];
extern const std::size_t gated_table_size;

template <class A, Kind kind>
RECTIFIER_INLINE void gated_loop(const float* x, const float* gate, const float* g, float* y,
                                 float* z, std::size_t n, const double* given) {
  const Parameters<double> fixed(given);
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) {
    double p[A::count];
    p[0] = static_cast<double>(gate[i]);
    for (std::size_t k = 1; k < A::count; ++k) p[k] = fixed.values[k];
    const double at = static_cast<double>(x[i]);
    if constexpr (kind == Kind::forward) {
      y[i] = static_cast<float>(A::template value<Wide>(at, p));
    } else {
      const double by = static_cast<double>(g[i]);
      y[i] = static_cast<float>(by * A::template slope<Wide>(at, p));
      z[i] = static_cast<float>(by * A::template gate_slope<Wide>(at, p));
    }
  }
}

}  // namespace rectifier

#define RECTIFIER_GATED(name)                                                                     \
  RECTIFIER_CLONES void name##_forward(const float* x, const float* gate, const float*, float* y, \
                                       float*, std::size_t n, const double* given) {              \
    gated_loop<name, Kind::forward>(x, gate, nullptr, y, nullptr, n, given);                      \
  }                                                                                               \
  RECTIFIER_CLONES void name##_backward(const float* x, const float* gate, const float* g,        \
                                        float* y, float* z, std::size_t n,                        \
                                        const double* given) {                                    \
    gated_loop<name, Kind::backward>(x, gate, g, y, z, n, given);                                 \
  }
