// Mathematics in float: twice as many numbers at a time as in double, and a shorter way to each.
//
// Layer: native/, above math_basics.hpp. Each function is right to about 1 ulp on the arguments that
// sane inputs give; a formula made of them is off by 1 to 4 in the middle and by more in tails and
// near roots. So a kernel uses this only for activations and ranges of x where its error was measured
// to keep the bars (rectifier.kernels.single), only with the parameters it was measured with, and
// only on processors with fused multiply-add, which the reductions rely on.

#pragma once

#include "math_basics.hpp"

namespace rectifier {

struct Single : Basics<float> {
  static constexpr float log2_e = 1.44269504F;
  static constexpr float ln2_high = 0.6931471824645996F;
  static constexpr float ln2_low = -1.9046542121259336e-09F;

  struct Exponential {
    float scale;
    float fraction;
  };

  // e^a = scale * (1 + fraction) for -87 < a < 88.3.
  RECTIFIER_INLINE static Exponential exponential(float a) {
    const float shift = Layout<float>::round + 127.0F;
    const float shifted = a * log2_e + shift;
    const float n = shifted - shift;
    const float r = (a - n * ln2_high) - n * ln2_low;
    // 1e-8 of the fraction away from e^r - 1
    const float tail = polynomial(r, 0.50000000633194258F, 0.16666542560114508F,
                                  0.041666275361733465F, 0.0083666441685738699F,
                                  0.0013946919738688683F);
    return {of_bits<float>(bits_of(shifted) << 23), r + r * r * tail};
  }

  RECTIFIER_INLINE static float exp(float a) {
    const Exponential e = exponential(a);
    const float inside = e.scale + e.scale * e.fraction;
    const float above = a > 88.3F ? infinity : inside;
    return a < -87.0F ? 0.0F : above;
  }

  // e^(high + low), where low is what rounding took from the argument.
  RECTIFIER_INLINE static float exp(float high, float low) {
    const Exponential e = exponential(high);
    const float inside = e.scale + e.scale * (e.fraction + (low + low * e.fraction));
    const float above = high > 88.3F ? infinity : inside;
    return high < -87.0F ? 0.0F : above;
  }

  RECTIFIER_INLINE static float expm1(float a) {
    const Exponential e = exponential(a);
    const float inside = e.scale * e.fraction + (e.scale - 1.0F);
    const float above = a > 88.3F ? infinity : inside;
    return with_sign_of(a < -20.0F ? -1.0F : above, a);
  }

  RECTIFIER_INLINE static float sigmoid(float a) {
    const float e = exp(-abs(a));
    const float right = 1.0F / (1.0F + e);
    return a < 0 ? e * right : right;
  }

  RECTIFIER_INLINE static float tanh(float a) {
    const float e = expm1(-2.0F * abs(a));
    return with_sign_of(e / (2.0F + e), a);
  }

  // e^(-a^2 / 2) with the square in two parts: its rounding, up to 4e-6, would be the result's.
  RECTIFIER_INLINE static float bell(float a) {
    const float high = a * a;
    const float low = __builtin_fmaf(a, a, -high);
    return exp(-0.5F * high, -0.5F * low);
  }

  RECTIFIER_INLINE static float norm_pdf(float a) { return bell(a) * 0.39894228F; }

  RECTIFIER_INLINE static std::uint32_t exponent_of(float a) {
    return (bits_of(a) - bits_of(0.70710678F) + (std::uint32_t{128} << 23)) >> 23;
  }

  RECTIFIER_INLINE static float inverse_power(std::uint32_t exponent) {
    return of_bits<float>((std::uint32_t{255} - exponent) << 23);
  }

  RECTIFIER_INLINE static float logarithm(std::uint32_t exponent, float f) {
    const float shift = Layout<float>::round;
    const float n = of_bits<float>(bits_of(shift) + exponent) - (shift + 128.0F);
    const float tail = polynomial(f, 0.333333167084976F, -0.25000810219004904F,
                                  0.20002288164607987F, -0.16624562493623332F,
                                  0.14181151143267542F, -0.1312863350325475F,
                                  0.12881880024710837F, -0.078602029069930339F);
    return n * ln2_high + (f + (f * f * (f * tail - 0.5F) + n * ln2_low));
  }

  RECTIFIER_INLINE static float log(float a) {
    const std::uint32_t n = exponent_of(a);
    const float inside = logarithm(n, a * inverse_power(n) - 1.0F);
    const float positive = a < infinity ? inside : a;
    const float not_negative = a == 0 ? -infinity : positive;
    return a < 0 ? NAN : not_negative;
  }

  RECTIFIER_INLINE static float log1p(float a) {
    const std::uint32_t n = exponent_of(1.0F + a);
    const float power = inverse_power(n);
    const float inside = with_sign_of(logarithm(n, a * power + (power - 1.0F)), a);
    const float positive = a < infinity ? inside : a;
    const float not_negative = a == -1.0F ? -infinity : positive;
    return a < -1.0F ? NAN : not_negative;
  }

  RECTIFIER_INLINE static float softplus(float a) {
    return maximum(a, 0.0F) + log1p(exp(-abs(a)));
  }

  RECTIFIER_INLINE static float pow(float a, float b) {
    if (RECTIFIER_KNOWN(b) && b == 3.0F) return a * a * a;
    if (RECTIFIER_KNOWN(b) && b == 4.0F) return square(square(a));
    return std::pow(a, b);  // no kernel that was measured uses this
  }

  RECTIFIER_INLINE static float erfcx(float z) {
    const float t = 1.0F / (z + 2.5F);
    const float q = 1.0F - 5.0F * t;
    return t * polynomial(q, 1.0540318174378667F, -0.80465170961569393F, 0.45391428644596453F,
                          -0.171255133183879F, 0.028358784439791751F, 0.0084235641509108946F,
                          -0.0047954207360120602F, -0.00052600621065693301F,
                          0.00061663988418427441F, 0.00013536660921383735F);
  }

  RECTIFIER_INLINE static float erf(float a) {
    const float z = minimum(abs(a), 3.95F);
    const float q = polynomial(z, 1.1283791669399482F, 0.63661980414263085F, 0.10277167218314491F,
                               -0.019119571439949326F, -0.00024850977061125068F,
                               0.0017926851523143617F, -0.00073427618617256016F,
                               0.00016339293004207306F, -1.9708347699743652e-5F,
                               8.2066558904645698e-7F, 3.5638120772185349e-8F);
    return with_sign_of(expm1(-(z * q)), a);
  }

  RECTIFIER_INLINE static float erfc(float a) {
    const float z = abs(a);
    const float tail = bell(z * 1.41421356F) * erfcx(z);
    return a < 0 ? 2.0F - tail : tail;
  }

  RECTIFIER_INLINE static float norm_cdf(float a) {
    const float tail = bell(a) * (0.5F * erfcx(abs(a) * 0.70710678F));
    return a > 0 ? 1.0F - tail : tail;
  }

  static constexpr float wave_bound = 100.0F;

  struct Reduced {
    float sine;
    float cosine;
    std::uint32_t quadrant;
  };

  RECTIFIER_INLINE static Reduced reduce(float a) {
    const float shifted = a * 0.636619772F + Layout<float>::round;
    const float n = shifted - Layout<float>::round;
    const float r = ((a - n * 1.5707963705062866F) - n * -4.371138828673793e-08F) -
                    n * -1.7151245100058819e-15F;
    const float u = r * r;
    const float sine = polynomial(u, -0.16666666643311785F, 0.0083333292082385609F,
                                  -0.00019839221384011063F, 2.7169683383186097e-6F);
    const float cosine = polynomial(u, 0.04166666664718108F, -0.0013888885446917297F,
                                    2.4799878209393823e-5F, -2.7233990964851652e-7F);
    return {r + r * u * sine, 1.0F - (0.5F * u - u * u * cosine), bits_of(shifted)};
  }

  RECTIFIER_INLINE static float sin(float a) {
    const Reduced r = reduce(a);
    return turned((r.quadrant & 1) != 0 ? r.cosine : r.sine, (r.quadrant >> 1) & 1);
  }

  RECTIFIER_INLINE static float cos(float a) {
    const Reduced r = reduce(a);
    return turned((r.quadrant & 1) != 0 ? r.sine : r.cosine, ((r.quadrant + 1) >> 1) & 1);
  }

  RECTIFIER_INLINE static float atan(float a) {
    const float z = abs(a);
    const bool steep = z > 1.0F;
    const float t = steep ? 1.0F / z : z;
    const float u = t * t;
    const float inside =
        t + t * u * polynomial(u, -0.33332656250491969F, 0.19977068127284384F,
                               -0.14049132023636827F, 0.099676233450867423F,
                               -0.059905540605441196F, 0.024343496825895352F,
                               -0.0046688248121999769F);
    return with_sign_of(steep ? 1.57079633F - inside : inside, a);
  }
};

}  // namespace rectifier
