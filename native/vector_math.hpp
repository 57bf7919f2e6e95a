// Scalar mathematics on float, written so that a compiler vectorises loops over it.
//
// Layer: the lowest of native/. One function per primitive of rectifier.expression, under the
// primitive's name, in namespace rectifier::math; the emitted kernels are made of these. Rules:
// no branches (both sides of a choice are computed and one is selected), no tables, no calls into
// libm in the hot ones. NaN comes out where NaN went in, infinities have the right limits, results
// below 1.2e-38 are rounded to subnormals, not flushed. Needs no -ffast-math and must not get it.
//
// The bounds below are the worst found over all 2^32 inputs against the C library in double,
// with and without fused multiply-add. At the end of the file are the primitives that no compiled
// kernel uses yet: right, but calling libm and so not vectorised.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(_MSC_VER)
#define RECTIFIER_INLINE static __forceinline
#define RECTIFIER_MEMBER __forceinline
#define RECTIFIER_KNOWN(value) false
#else
#define RECTIFIER_INLINE static inline __attribute__((always_inline))
#define RECTIFIER_MEMBER inline __attribute__((always_inline))
#define RECTIFIER_KNOWN(value) __builtin_constant_p(value)
#endif

namespace rectifier {

// What the kernels compute in.
using real = float;

}  // namespace rectifier

namespace rectifier::math {

RECTIFIER_INLINE std::int32_t bits_of(float a) {
  std::int32_t bits;
  std::memcpy(&bits, &a, sizeof bits);
  return bits;
}

RECTIFIER_INLINE float of_bits(std::int32_t bits) {
  float a;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}

// 2^n for n from -126 to 127.
RECTIFIER_INLINE float power_of_two(std::int32_t n) { return of_bits((n + 127) << 23); }

RECTIFIER_INLINE float with_sign_of(float a, float sign) {
  const std::int32_t mask = INT32_MIN;
  return of_bits((bits_of(a) & ~mask) | (bits_of(sign) & mask));
}

// --- arithmetic, choice ---------------------------------------------------------------------

RECTIFIER_INLINE float add(float a, float b) { return a + b; }
RECTIFIER_INLINE float sub(float a, float b) { return a - b; }
RECTIFIER_INLINE float mul(float a, float b) { return a * b; }
RECTIFIER_INLINE float div(float a, float b) { return a / b; }
RECTIFIER_INLINE float neg(float a) { return -a; }
RECTIFIER_INLINE float square(float a) { return a * a; }
RECTIFIER_INLINE float abs(float a) { return of_bits(bits_of(a) & INT32_MAX); }
RECTIFIER_INLINE float sqrt(float a) { return std::sqrt(a); }
RECTIFIER_INLINE float sign(float a) { return a > 0 ? 1.0f : a < 0 ? -1.0f : a; }

// The order of the tests lets a constant b cost one comparison, and NaN in either come through.
RECTIFIER_INLINE float maximum(float a, float b) { return b > a || b != b ? b : a; }
RECTIFIER_INLINE float minimum(float a, float b) { return b < a || b != b ? b : a; }

RECTIFIER_INLINE bool lt(float a, float b) { return a < b; }
RECTIFIER_INLINE bool le(float a, float b) { return a <= b; }
RECTIFIER_INLINE bool gt(float a, float b) { return a > b; }
RECTIFIER_INLINE bool ge(float a, float b) { return a >= b; }
RECTIFIER_INLINE bool eq(float a, float b) { return a == b; }
RECTIFIER_INLINE float where(bool condition, float a, float b) { return condition ? a : b; }

// --- the exponential family -----------------------------------------------------------------

// a = n ln 2 + r + lost with |r| <= 0.35: what exp and expm1 share.
struct Reduced {
  std::int32_t n;
  float r;
  float lost;
};

RECTIFIER_INLINE Reduced reduce(float a) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
  const float shift = 12582912.0f;
  const float shifted = a * 1.44269504f + shift;
  const float n = shifted - shift;
  // The high part of ln 2 has 9 significant bits, so that n * high is exact.
  const float high = a - n * 0.693359375f;
  const float low = n * -2.12194440e-4f;
  const float r = high - low;
  return {bits_of(shifted) - bits_of(shift), r, (high - r) - low};
}

// e^r = 1 + fraction. The tail's polynomial is minimax and right to 3.4e-9 of e^r.
struct Mantissa {
  float whole;
  float fraction;
};

RECTIFIER_INLINE Mantissa mantissa(const Reduced& s) {
  const float r = s.r;
  const float tail =
      0.5f + r * (0.16666512f + r * (0.041666187f + r * (0.008369599f + r * 0.001395172f)));
  const float rest = r * r * tail + s.lost;
  const float sum = 1.0f + r;  // what its rounding loses is added to the rest: 0.55 ulp, not 0.9
  return {sum + ((1.0f - sum) + r + rest), r + rest};
}

RECTIFIER_INLINE float exp(float a) {
  // e^-104 rounds to 0 and e^89 to infinity; beyond, n would leave its range.
  const Reduced s = reduce(minimum(maximum(a, -104.0f), 89.0f));
  // In two factors, so that a subnormal result is rounded once and 2^128 is not needed.
  const std::int32_t half = s.n >> 1;
  return mantissa(s).whole * power_of_two(half) * power_of_two(s.n - half);
}

RECTIFIER_INLINE float expm1(float a) {
  // e^-18 - 1 rounds to -1.
  const Reduced s = reduce(minimum(maximum(a, -18.0f), 89.0f));
  // e^a - 1 = 2^n fraction + (2^n - 1), with half of 2^n since 2^128 is no float.
  const float scale = power_of_two(s.n - 1);
  const float result = 2.0f * (scale * mantissa(s).fraction + (scale - 0.5f));
  return with_sign_of(result, a);
}

RECTIFIER_INLINE float log1p(float a) {
  // 1 + a = 2^n (1 + f) with 1 + f from 0.75 to 1.5, and f rounded once at most.
  const std::int32_t n = (bits_of(a + 1.0f) - bits_of(0.75f)) >> 23;
  const std::int32_t half = n >> 1;
  const float up = power_of_two(-half);
  const float down = power_of_two(half - n);
  const float f = a * up * down + (up * down - 1.0f);
  const float tail =
      f * (0.33333448f +
           f * (-0.25000194f +
                f * (0.19991091f +
                     f * (-0.16643743f +
                          f * (0.14467703f +
                               f * (-0.13186882f + f * (0.105827644f + f * -0.046167415f)))))));
  const float whole = static_cast<float>(n);
  const float small = whole * -2.12194440e-4f + f * f * (tail - 0.5f);
  const float inside = whole * 0.693359375f + (f + small);
  const float edge = a == -1.0f ? -HUGE_VALF : a < -1.0f ? NAN : a;
  const bool ordinary = a > -1.0f && a < HUGE_VALF;
  return ordinary ? with_sign_of(inside, a) : edge;
}

RECTIFIER_INLINE float sigmoid(float a) {
  const float e = math::exp(-math::abs(a));
  return (a < 0 ? e : 1.0f) / (1.0f + e);
}

RECTIFIER_INLINE float softplus(float a) {
  return maximum(a, 0.0f) + math::log1p(math::exp(-math::abs(a)));
}

RECTIFIER_INLINE float tanh(float a) {
  // With u = e^(-2|a|): -(u - 1) / (1 + u) near 0, 1 - 2u / (1 + u) further out, where an error
  // of u - 1 would count twice; one division serves both.
  const Reduced s = reduce(maximum(-2.0f * math::abs(a), -60.0f));
  const Mantissa m = mantissa(s);
  const float scale = power_of_two(s.n);
  const float u = scale * m.whole;
  const float near = (1.0f - scale) - scale * m.fraction;
  const bool far = u < 0.3f;
  const float quotient = (far ? 2.0f * u : near) / (1.0f + u);
  return with_sign_of(far ? 1.0f - quotient : quotient, a);
}

// --- right, not yet vectorised --------------------------------------------------------------

RECTIFIER_INLINE float log(float a) { return std::log(a); }
RECTIFIER_INLINE float erf(float a) { return std::erf(a); }
RECTIFIER_INLINE float erfc(float a) { return std::erfc(a); }
RECTIFIER_INLINE float sin(float a) { return std::sin(a); }
RECTIFIER_INLINE float cos(float a) { return std::cos(a); }
RECTIFIER_INLINE float atan(float a) { return std::atan(a); }

// In double: rounding the argument alone would cost 100 ulp in the tails.
RECTIFIER_INLINE float norm_cdf(float a) {
  return static_cast<float>(0.5 * std::erfc(-static_cast<double>(a) * 0.70710678118654752));
}
RECTIFIER_INLINE float norm_pdf(float a) {
  const double wide = a;
  return static_cast<float>(std::exp(-0.5 * wide * wide) * 0.39894228040143268);
}

RECTIFIER_INLINE float pow(float a, float b) {
  if (RECTIFIER_KNOWN(b) && b == 3.0f) return a * a * a;
  if (RECTIFIER_KNOWN(b) && b == 4.0f) return square(square(a));
  return std::pow(a, b);
}

}  // namespace rectifier::math
