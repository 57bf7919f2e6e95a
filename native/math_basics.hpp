// Arithmetic, comparison and choice: what all kinds of vector mathematics share.
//
// Layer: native/, above bits.hpp. A *mathematics* is a struct with a type `real` and one static
// function per primitive of rectifier.expression, under the primitive's name; the emitted kernels are
// templates over it. There are several, see math_wide.hpp, math_single.hpp, math_library.hpp and, for
// kernels on double, math_double.hpp.
//
// Rules for all: no branches (both sides of a choice are computed and one is selected), no tables,
// NaN comes out where NaN went in, infinities have the right limits. None needs -ffast-math, and none
// must get it.

#pragma once

#include <cmath>

#include "bits.hpp"

namespace rectifier {

template <typename R>
struct Basics {
  using real = R;
  static constexpr R infinity = static_cast<R>(HUGE_VAL);

  RECTIFIER_INLINE static R add(R a, R b) { return a + b; }
  RECTIFIER_INLINE static R sub(R a, R b) { return a - b; }
  RECTIFIER_INLINE static R mul(R a, R b) { return a * b; }
  RECTIFIER_INLINE static R div(R a, R b) { return a / b; }
  RECTIFIER_INLINE static R neg(R a) { return -a; }
  RECTIFIER_INLINE static R square(R a) { return a * a; }
  RECTIFIER_INLINE static R abs(R a) { return std::fabs(a); }
  RECTIFIER_INLINE static R sqrt(R a) { return std::sqrt(a); }
  RECTIFIER_INLINE static R sign(R a) { return a > 0 ? R(1) : a < 0 ? R(-1) : a; }

  // Two selections, since one on two conditions becomes a branch where such calls are nested. A
  // constant b costs one comparison; NaN in either comes through.
  RECTIFIER_INLINE static R maximum(R a, R b) {
    const R larger = b > a ? b : a;
    return b != b ? b : larger;
  }
  RECTIFIER_INLINE static R minimum(R a, R b) {
    const R smaller = b < a ? b : a;
    return b != b ? b : smaller;
  }

  RECTIFIER_INLINE static bool lt(R a, R b) { return a < b; }
  RECTIFIER_INLINE static bool le(R a, R b) { return a <= b; }
  RECTIFIER_INLINE static bool gt(R a, R b) { return a > b; }
  RECTIFIER_INLINE static bool ge(R a, R b) { return a >= b; }
  RECTIFIER_INLINE static bool eq(R a, R b) { return a == b; }
  RECTIFIER_INLINE static R where(bool condition, R a, R b) { return condition ? a : b; }

  // (a + sqrt(a^2 + b)) / 2 for b >= 0, without cancelling.
  RECTIFIER_INLINE static R half_sum_root(R a, R b) {
    const R root = abs(a) < R(1e18) ? std::sqrt(a * a + b) : abs(a);
    return maximum(a, R(0)) + b / (R(2) * maximum(root + abs(a), R(1e-30)));
  }

  RECTIFIER_INLINE static R half_sum_root_slope(R a, R b) {
    const R root = abs(a) < R(1e18) ? std::sqrt(a * a + b) : abs(a);
    const R rest = b / (R(2) * maximum(root + abs(a), R(1e-30)));
    return a > 0 ? R(1) - rest / root : rest / maximum(root, R(1e-30));
  }
};

// The polynomial with these coefficients, lowest power first, by Horner's rule.
template <typename R>
RECTIFIER_INLINE R polynomial(R, R last) {
  return last;
}
template <typename R, typename... More>
RECTIFIER_INLINE R polynomial(R x, R first, More... more) {
  return first + x * polynomial(x, static_cast<R>(more)...);
}

}  // namespace rectifier
