// Mathematics for the kernels, written so that a compiler vectorises loops over it.
//
// Layer: the lowest of native/. One function per primitive of rectifier.expression, under the
// primitive's name, in namespace rectifier::math; the emitted kernels are made of these.
//
// Kernels read and write float and compute in double, rounded once at the end. In float alone, mish
// errs by 4 ulp in the middle and by 50 where its result is subnormal, and every formula would need
// care of its own; in double, each function here need only be right to 1e-10, which costs few terms,
// and the result is within 0.51 ulp for any formula that cancels less than three digits. Mish takes
// 1.5 times as long as in float, still less than moving large data through memory does.
//
// Rules: no branches (both sides of a choice are computed and one is selected), no tables, no calls
// into the C library except at the end of the file. NaN comes out where NaN went in, infinities have
// the right limits. Needs no -ffast-math and must not get it.

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

using real = double;

}  // namespace rectifier

namespace rectifier::math {

RECTIFIER_INLINE std::uint64_t bits_of(real a) {
  std::uint64_t bits;
  std::memcpy(&bits, &a, sizeof bits);
  return bits;
}

RECTIFIER_INLINE real of_bits(std::uint64_t bits) {
  real a;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}

RECTIFIER_INLINE real with_sign_of(real a, real sign) {
  const std::uint64_t mask = std::uint64_t{1} << 63;
  return of_bits((bits_of(a) & ~mask) | (bits_of(sign) & mask));
}

constexpr real infinity = HUGE_VAL;
constexpr real ln2 = 0.69314718055994531;

// --- arithmetic, choice ---------------------------------------------------------------------

RECTIFIER_INLINE real add(real a, real b) { return a + b; }
RECTIFIER_INLINE real sub(real a, real b) { return a - b; }
RECTIFIER_INLINE real mul(real a, real b) { return a * b; }
RECTIFIER_INLINE real div(real a, real b) { return a / b; }
RECTIFIER_INLINE real neg(real a) { return -a; }
RECTIFIER_INLINE real square(real a) { return a * a; }
RECTIFIER_INLINE real abs(real a) { return of_bits(bits_of(a) & (~std::uint64_t{0} >> 1)); }
RECTIFIER_INLINE real sqrt(real a) { return std::sqrt(a); }
RECTIFIER_INLINE real sign(real a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : a; }

// The order of the tests lets a constant b cost one comparison, and NaN in either come through.
RECTIFIER_INLINE real maximum(real a, real b) { return b > a || b != b ? b : a; }
RECTIFIER_INLINE real minimum(real a, real b) { return b < a || b != b ? b : a; }

RECTIFIER_INLINE bool lt(real a, real b) { return a < b; }
RECTIFIER_INLINE bool le(real a, real b) { return a <= b; }
RECTIFIER_INLINE bool gt(real a, real b) { return a > b; }
RECTIFIER_INLINE bool ge(real a, real b) { return a >= b; }
RECTIFIER_INLINE bool eq(real a, real b) { return a == b; }
RECTIFIER_INLINE real where(bool condition, real a, real b) { return condition ? a : b; }

// --- the exponential family -----------------------------------------------------------------

// e^a = scale * (1 + fraction), |fraction| <= 0.42, for -708 < a < 709.
struct Exponential {
  real scale;
  real fraction;
};

RECTIFIER_INLINE Exponential exponential(real a) {
  // Adding 1.5 * 2^52 rounds to an integer, which is then in the low bits; 1023 more, and those bits
  // moved to the top are the power of two as a double.
  const real shift = 6755399441055744.0 + 1023.0;
  const real shifted = a * (1 / ln2) + shift;
  const real r = a - (shifted - shift) * ln2;
  // A minimax polynomial for |r| <= ln(2) / 2; it is 6e-12 of the fraction away from e^r - 1.
  const real tail =
      0.4999999999973429 +
      r * (0.1666666675499719 +
           r * (0.04166666695673757 +
                r * (0.00833328880190369 +
                     r * (0.0013888809012907542 +
                          r * (0.00019905071239349848 + r * 2.4882650093383798e-05)))));
  return {of_bits(bits_of(shifted) << 52), r + r * r * tail};
}

RECTIFIER_INLINE real exp(real a) {
  const Exponential e = exponential(a);
  const real inside = e.scale + e.scale * e.fraction;
  const real above = a > 709.0 ? infinity : inside;
  return a < -708.0 ? 0.0 : above;  // 0 for what is below 1e-307
}

RECTIFIER_INLINE real expm1(real a) {
  const Exponential e = exponential(a);
  const real inside = e.scale * e.fraction + (e.scale - 1.0);
  const real above = a > 709.0 ? infinity : inside;
  return with_sign_of(a < -50.0 ? -1.0 : above, a);
}

RECTIFIER_INLINE real sigmoid(real a) { return 1.0 / (1.0 + math::exp(-a)); }

RECTIFIER_INLINE real tanh(real a) {
  const real e = math::expm1(-2.0 * math::abs(a));
  return with_sign_of(e / (2.0 + e), a);
}

RECTIFIER_INLINE real norm_pdf(real a) { return math::exp(-0.5 * a * a) * 0.39894228040143268; }

// --- the logarithmic family -----------------------------------------------------------------

// whole + log1p(f) of 2^n (1 + f): the n with 1 + f between 0.707 and 1.414 for a positive `a`.
RECTIFIER_INLINE std::uint64_t exponent_of(real a) {
  // 1024 above the true one, so that the shift need not keep a sign: AVX2 has no such shift.
  return (bits_of(a) - bits_of(0.70710678118654752) + (std::uint64_t{1024} << 52)) >> 52;
}

// 2^-n for an exponent as above, 2^-1024 and less being 0.
RECTIFIER_INLINE real inverse_power(std::uint64_t exponent) {
  return of_bits((std::uint64_t{2047} - exponent) << 52);
}

RECTIFIER_INLINE real logarithm(std::uint64_t exponent, real f) {
  const real shift = 6755399441055744.0;
  const real n = of_bits(bits_of(shift) + exponent) - (shift + 1024.0);
  // A minimax polynomial; it is 2e-11 of f away from log1p(f).
  const real tail =
      0.3333333397606666 +
      f * (-0.2499999789489221 +
           f * (0.19999902968463976 +
                f * (-0.16666784381414315 +
                     f * (0.14290405499356099 +
                          f * (-0.12500372892274986 +
                               f * (0.11013132508319765 +
                                    f * (-0.09898884141471632 +
                                         f * (0.09975496625361122 +
                                              f * (-0.09975811693590679 +
                                                   f * 0.05532774716100984)))))))));
  return n * ln2 + (f + f * f * (f * tail - 0.5));
}

RECTIFIER_INLINE real log(real a) {
  const std::uint64_t n = exponent_of(a);
  const real inside = logarithm(n, a * inverse_power(n) - 1.0);
  const real positive = a < infinity ? inside : a;
  const real not_negative = a == 0 ? -infinity : positive;
  return a < 0 ? NAN : not_negative;
}

RECTIFIER_INLINE real log1p(real a) {
  const std::uint64_t n = exponent_of(1.0 + a);
  // (1 + a) / 2^n - 1 with no more than one rounding, so that a tiny `a` is kept.
  const real power = inverse_power(n);
  const real inside = with_sign_of(logarithm(n, a * power + (power - 1.0)), a);
  const real positive = a < infinity ? inside : a;
  const real not_negative = a == -1.0 ? -infinity : positive;
  return a < -1.0 ? NAN : not_negative;
}

RECTIFIER_INLINE real softplus(real a) {
  return maximum(a, 0.0) + math::log1p(math::exp(-math::abs(a)));
}

// --- right, not yet vectorised: no compiled kernel uses these --------------------------------

RECTIFIER_INLINE real erf(real a) { return std::erf(a); }
RECTIFIER_INLINE real erfc(real a) { return std::erfc(a); }
RECTIFIER_INLINE real norm_cdf(real a) { return 0.5 * std::erfc(a * -0.70710678118654752); }
RECTIFIER_INLINE real sin(real a) { return std::sin(a); }
RECTIFIER_INLINE real cos(real a) { return std::cos(a); }
RECTIFIER_INLINE real atan(real a) { return std::atan(a); }

RECTIFIER_INLINE real pow(real a, real b) {
  if (RECTIFIER_KNOWN(b) && b == 3.0) return a * a * a;
  if (RECTIFIER_KNOWN(b) && b == 4.0) return square(square(a));
  return std::pow(a, b);
}

}  // namespace rectifier::math
