// The one loop that all kernels run in, and the macro that makes a kernel of a function.
//
// Layer: native/, above vector_math.hpp, below the emitted kernels. The compiler vectorises the loop
// around the inlined function once per entry of RECTIFIER_CLONES (set by CMake: instruction sets of
// which the loader picks the best that the machine has; empty where the compiler cannot do that).
// Threads are left to pool.hpp.

#pragma once

#include <cstddef>

#include "table.hpp"
#include "vector_math.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

#if defined(__GNUC__) && !defined(__clang__)
// In place means y == x or y == g exactly, so no element depends on an earlier one.
#define RECTIFIER_INDEPENDENT _Pragma("GCC ivdep")
#elif defined(__clang__)
#define RECTIFIER_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define RECTIFIER_INDEPENDENT
#endif

namespace rectifier {

using Function = real (*)(real x, const real* p);

template <Function value>
RECTIFIER_INLINE void forward_loop(const float* x, float* y, std::size_t n, const real* p) {
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(value(x[i], p));
}

template <Function slope>
RECTIFIER_INLINE void backward_loop(const float* x, const float* g, float* y, std::size_t n,
                                    const real* p) {
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(g[i] * slope(x[i], p));
}

// Parameters in the precision of the arithmetic, where no store to y can change them.
struct Parameters {
  real values[most_parameters];
  RECTIFIER_MEMBER explicit Parameters(const double* given) {
    for (std::size_t i = 0; i < most_parameters; ++i) values[i] = static_cast<real>(given[i]);
  }
};

}  // namespace rectifier

// Defines NAME_forward and NAME_backward from NAME_value and NAME_slope.
#define RECTIFIER_KERNEL(name)                                                                  \
  RECTIFIER_CLONES void name##_forward(const float* x, const float*, float* y, std::size_t n,   \
                                       const double* given) {                                   \
    const Parameters p(given);                                                                  \
    forward_loop<name##_value>(x, y, n, p.values);                                              \
  }                                                                                             \
  RECTIFIER_CLONES void name##_backward(const float* x, const float* g, float* y, std::size_t n, \
                                        const double* given) {                                  \
    const Parameters p(given);                                                                  \
    backward_loop<name##_slope>(x, g, y, n, p.values);                                          \
  }
