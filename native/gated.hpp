// The loops of gated units: functions of two numbers, x and the gate.
//
// Layer: native/, beside loop.hpp. A unit is emitted as a struct with value, slope (by x) and
// gate_slope over a mathematics; the gate is its first parameter. As in loop.hpp, a block is computed
// in float where that was measured to keep the bars: for gates in a range, the other parameters at
// their defaults, and x not so large or small that a product could leave the normal numbers.

#pragma once

#include <cstddef>

#include "half.hpp"
#include "loop.hpp"

namespace rectifier {

// Forward: y = f(x, gate). Backward: y = g df/dx and z = g df/dgate.
using GatedKernel = void (*)(const float* x, const float* gate, const float* g, float* y, float* z,
                             std::size_t n, const double* parameters);

// The same on half precision; false where the machine or the parameters are not what it is for.
using GatedHalfKernel = bool (*)(Half format, const std::uint16_t* x, const std::uint16_t* gate,
                                 const std::uint16_t* g, std::uint16_t* y, std::uint16_t* z,
                                 std::size_t n, const double* parameters);

struct GatedEntry {
  const char* name;
  const char* digest;
  std::size_t parameters;  // the gate among them, whose place holds 0
  GatedKernel forward;
  GatedKernel backward;
  GatedHalfKernel half_forward;  // null where there is none
  GatedHalfKernel half_backward;
};

extern const GatedEntry gated_table[];
extern const std::size_t gated_table_size;

// Runs a unit on half precision, by its own kernel or else through float; forward, g and z are null.
void run_half(const GatedEntry& entry, bool backward, Half format, const std::uint16_t* x,
              const std::uint16_t* gate, const std::uint16_t* g, std::uint16_t* y,
              std::uint16_t* z, std::size_t n, const double* parameters);

template <class A, class M, Kind kind>
RECTIFIER_INLINE void plain_gated_loop(const float* x, const float* gate, const float* g, float* y,
                                       float* z, std::size_t n,
                                       const Parameters<typename M::real>& fixed) {
  using R = typename M::real;
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) {
    R p[A::count];
    p[0] = static_cast<R>(gate[i]);
    for (std::size_t k = 1; k < A::count; ++k) p[k] = fixed.values[k];
    const R at = static_cast<R>(x[i]);
    if constexpr (kind == Kind::forward) {
      y[i] = static_cast<float>(A::template value<M>(at, p));
    } else {
      const R by = static_cast<R>(g[i]);
      y[i] = static_cast<float>(by * A::template slope<M>(at, p));
      z[i] = static_cast<float>(by * A::template gate_slope<M>(at, p));
    }
  }
}

constexpr Range moderate{-1e12F, 1e12F};

template <class A, Kind kind>
RECTIFIER_INLINE void gated_loop(const float* x, const float* gate, const float* g, float* y,
                                 float* z, std::size_t n, const double* given) {
  constexpr Range range = kind == Kind::forward ? A::value_single : A::slope_single;
  constexpr bool single = range.low <= range.high;
  constexpr bool everywhere = range.low == -infinite && range.high == infinite;
  const Parameters<double> wide(given, A::count);
  if constexpr (!single) {
    plain_gated_loop<A, Wide, kind>(x, gate, g, y, z, n, wide);
  } else {
    bool usual_ones = has_fused_multiply_add;
    for (std::size_t k = 1; k < A::count; ++k) usual_ones = usual_ones && given[k] == A::defaults[k];
    for (std::size_t first = 0; first < n; first += block) {
      const std::size_t size = n - first < block ? n - first : block;
      const float* from = x + first;
      const float* at = gate + first;
      const float* by = kind == Kind::backward ? g + first : nullptr;
      float* beside = kind == Kind::backward ? z + first : nullptr;
      if (usual_ones && (everywhere || all_within(at, size, range)) &&
          all_within(from, size, moderate)) {
        // By stretches, as in loop.hpp and for its reason; a row ends, so the last block has no next.
        for (std::size_t i = 0; i < size; i += stretch) {
          const std::size_t count = size - i < stretch ? size - i : stretch;
          if (first + i + block + stretch <= n) {
            prefetch(from + i + block, stretch);
            prefetch(at + i + block, stretch);
            if constexpr (kind == Kind::backward) prefetch(by + i + block, stretch);
          }
          const float* of = kind == Kind::backward ? by + i : nullptr;
          float* side = kind == Kind::backward ? beside + i : nullptr;
          plain_gated_loop<A, Single, kind>(from + i, at + i, of, y + first + i, side, count,
                                            usual<A>);
        }
      } else {
        plain_gated_loop<A, Wide, kind>(from, at, by, y + first, beside, size, wide);
      }
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
