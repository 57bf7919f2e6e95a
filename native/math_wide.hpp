// Mathematics in double for kernels that read and write float.
//
// Layer: native/, above math_basics.hpp. The arithmetic is double, rounded once at the end. Each
// function need only be right to 1e-10, which costs few terms, and the result is within 0.51 ulp of
// float for any formula that cancels less than three digits, subnormal results and tails included.
// It is right for every input and every parameter; math_single.hpp is twice as fast where it is right.
//
// The polynomials are minimax fits by Remez' algorithm; beside each stands how far it is off.

#pragma once

#include "math_basics.hpp"

namespace rectifier {

struct Wide : Basics<double> {
  static constexpr double ln2 = 0.69314718055994531;

  // --- quotients ----------------------------------------------------------------------------

  // 1 / a for a and 1 / a in the normal range of float; 1e-14 of it away. A quotient of doubles keeps
  // the divider busy for longer than all the rest of a kernel takes.
  RECTIFIER_INLINE static double inverse(double a) {
    const double near = static_cast<double>(1.0F / static_cast<float>(a));
    return near * (2.0 - a * near);
  }

  // The compiler computes the inverse of a constant.
  RECTIFIER_INLINE static double div_constant(double a, double b) { return a * (1.0 / b); }

  RECTIFIER_INLINE static double div_moderate(double a, double b) { return a * inverse(b); }

  // --- the exponential family ---------------------------------------------------------------

  // e^a = scale * (1 + fraction), |fraction| <= 0.42, for -708 < a < 709.
  struct Exponential {
    double scale;
    double fraction;
  };

  RECTIFIER_INLINE static Exponential exponential(double a) {
    // Adding 1.5 * 2^52 rounds to an integer, which is then in the low bits; 1023 more, and those
    // bits moved to the top are the power of two as a double.
    const double shift = Layout<double>::round + 1023.0;
    const double shifted = a * (1 / ln2) + shift;
    const double r = a - (shifted - shift) * ln2;
    // |r| <= ln(2) / 2; 6e-12 of the fraction away from e^r - 1.
    const double tail = polynomial(r, 0.4999999999973429, 0.1666666675499719, 0.04166666695673757,
                                   0.00833328880190369, 0.0013888809012907542,
                                   0.00019905071239349848, 2.4882650093383798e-05);
    return {of_bits<double>(bits_of(shifted) << 52), r + r * r * tail};
  }

  RECTIFIER_INLINE static double exp(double a) {
    const Exponential e = exponential(a);
    const double inside = e.scale + e.scale * e.fraction;
    const double above = a > 709.0 ? infinity : inside;
    return a < -708.0 ? 0.0 : above;  // 0 for what is below 1e-307
  }

  RECTIFIER_INLINE static double expm1(double a) {
    const Exponential e = exponential(a);
    const double inside = e.scale * e.fraction + (e.scale - 1.0);
    const double above = a > 709.0 ? infinity : inside;
    return with_sign_of(a < -50.0 ? -1.0 : above, a);
  }

  // Of |a|, so that sigmoid(-a) and softplus(a) beside it share the exponential and the quotient.
  RECTIFIER_INLINE static double sigmoid(double a) {
    const double e = exp(-abs(a));
    const double right = inverse(1.0 + e);
    return a < 0 ? e * right : right;
  }

  RECTIFIER_INLINE static double mul_sigmoid(double a, double b) { return a * sigmoid(b); }

  RECTIFIER_INLINE static double inner_mul_sigmoid(double a, double b) { return mul_sigmoid(a, b); }
  RECTIFIER_INLINE static double inner_sigmoid(double a) { return sigmoid(a); }

  RECTIFIER_INLINE static double one_plus_mul_sigmoid(double a, double b) {
    return 1.0 + a * sigmoid(b);
  }

  // sigmoid(a) sigmoid(-a), the slope of sigmoid.
  RECTIFIER_INLINE static double sigmoid_slope(double a) {
    const double e = exp(-abs(a));
    const double right = inverse(1.0 + e);
    return e * right * right;
  }

  RECTIFIER_INLINE static double mul_sigmoid_slope(double a, double b) {
    return a * sigmoid_slope(b);
  }

  // sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate x sigmoid(x).
  RECTIFIER_INLINE static double gate_slope(double a, double b) {
    const double e = exp(-abs(b));
    const double right = inverse(1.0 + e);
    const double beside = b < 0 ? 1.0 : e;
    return (b < 0 ? e : 1.0) * right * (1.0 + a * (beside * right));
  }

  RECTIFIER_INLINE static double tanh(double a) {
    const double e = expm1(-2.0 * abs(a));
    return with_sign_of(e * inverse(2.0 + e), a);
  }

  RECTIFIER_INLINE static double tanh_squared(double a) { return square(tanh(a)); }

  RECTIFIER_INLINE static double minus_tanh(double inside, double a) {
    return abs(a) < 1.0 ? inside : a - tanh(a);
  }

  RECTIFIER_INLINE static double own_tanh(double a) { return a * tanh(a); }

  RECTIFIER_INLINE static double own_erf_softplus(double a) {
    return maximum(a, -800.0) * erf(softplus(a));
  }

  RECTIFIER_INLINE static double own_erf_softplus_slope(double a) {
    const double bell = exp(-square(softplus(minimum(a, 40.0))));
    const double factor = minimum(maximum(a, -800.0), 40.0) * 1.1283791670955126;
    return erf(softplus(a)) + inner_mul_sigmoid(factor * bell, a);
  }

  RECTIFIER_INLINE static double mul_tanh_exp(double a, double b) { return a * tanh(exp(b)); }

  // tanh(t) + 4 a t sigmoid(2 t) sigmoid(-2 t) with t = e^b.
  RECTIFIER_INLINE static double tanh_exp_gate_slope(double a, double b) {
    const double t = exp(b);
    return tanh(t) + a * t * (4.0 * sigmoid_slope(2.0 * t));
  }

  // a tanh(log(1 + s)) = a n / (n + 2) with n = s (s + 2), s = sigmoid(b).
  RECTIFIER_INLINE static double mul_tanh_log1p_sigmoid(double a, double b) {
    const double s = sigmoid(b);
    const double n = s * (s + 2.0);
    return a * (n * inverse(n + 2.0));
  }

  RECTIFIER_INLINE static double tanh_log1p_sigmoid_gate_slope(double a, double b) {
    const double s = sigmoid(b);
    const double n = s * (s + 2.0);
    const double right = inverse(n + 2.0);
    return (n + 4.0 * a * s * (1.0 + s) * sigmoid(-b) * right) * right;
  }

  RECTIFIER_INLINE static double mul_log1p_sigmoid(double a, double b) {
    return a * log1p(sigmoid(b));
  }

  RECTIFIER_INLINE static double log1p_sigmoid_gate_slope(double a, double b) {
    const double s = sigmoid(b);
    return log1p(s) + a * sigmoid_slope(b) * inverse(1.0 + s);
  }

  RECTIFIER_INLINE static double tanh_softplus(double b) {
    const double t = exp(minimum(b, 22.0));
    const double n = t * (t + 2.0);
    return n * inverse(n + 2.0);
  }

  RECTIFIER_INLINE static double mul_tanh_softplus(double a, double b) {
    return a * tanh_softplus(b);
  }

  // tanh(softplus(b)) + a times its slope.
  RECTIFIER_INLINE static double tanh_softplus_gate_slope(double a, double b) {
    const double t = exp(minimum(b, 22.0));
    const double n = t * (t + 2.0);
    const double right = inverse(n + 2.0);
    return (n + 4.0 * a * t * (t + 1.0) * right) * right;
  }

  RECTIFIER_INLINE static double odd_cubic(double a, double one, double three) {
    return a * (one + three * (a * a));
  }

  RECTIFIER_INLINE static double norm_pdf(double a) {
    return exp(-0.5 * a * a) * 0.39894228040143268;
  }

  // --- the logarithmic family ---------------------------------------------------------------

  // 1024 more than the n with a / 2^n between 0.707 and 1.414, for a positive `a`.
  RECTIFIER_INLINE static std::uint64_t exponent_of(double a) {
    // 1024 above the true one, so that the shift need not keep a sign: AVX2 has no such shift.
    return (bits_of(a) - bits_of(0.70710678118654752) + (std::uint64_t{1024} << 52)) >> 52;
  }

  // 2^-n for an exponent as above, 2^-1024 and less being 0.
  RECTIFIER_INLINE static double inverse_power(std::uint64_t exponent) {
    return of_bits<double>((std::uint64_t{2047} - exponent) << 52);
  }

  // The logarithm of 2^n (1 + f); 2e-11 of it away.
  RECTIFIER_INLINE static double logarithm(std::uint64_t exponent, double f) {
    const double shift = Layout<double>::round;
    const double n = of_bits<double>(bits_of(shift) + exponent) - (shift + 1024.0);
    const double tail = polynomial(
        f, 0.3333333397606666, -0.2499999789489221, 0.19999902968463976, -0.16666784381414315,
        0.14290405499356099, -0.12500372892274986, 0.11013132508319765, -0.09898884141471632,
        0.09975496625361122, -0.09975811693590679, 0.05532774716100984);
    return n * ln2 + (f + f * f * (f * tail - 0.5));
  }

  RECTIFIER_INLINE static double log(double a) {
    const std::uint64_t n = exponent_of(a);
    const double inside = logarithm(n, a * inverse_power(n) - 1.0);
    const double positive = a < infinity ? inside : a;
    const double not_negative = a == 0 ? -infinity : positive;
    return a < 0 ? NAN : not_negative;
  }

  RECTIFIER_INLINE static double log1p(double a) {
    const std::uint64_t n = exponent_of(1.0 + a);
    // (1 + a) / 2^n - 1 with no more than one rounding, so that a tiny `a` is kept.
    const double power = inverse_power(n);
    const double inside = with_sign_of(logarithm(n, a * power + (power - 1.0)), a);
    const double positive = a < infinity ? inside : a;
    const double not_negative = a == -1.0 ? -infinity : positive;
    return a < -1.0 ? NAN : not_negative;
  }

  RECTIFIER_INLINE static double softplus(double a) {
    return maximum(a, 0.0) + log1p(exp(-abs(a)));
  }

  // |a|^b through the logarithm, the sign for whole b; the special cases are those of IEEE 754 but
  // for infinite b. Off by 2e-11 times the logarithm of the result.
  RECTIFIER_INLINE static double pow(double a, double b) {
    if (RECTIFIER_KNOWN(b) && b == 3.0) return a * a * a;
    if (RECTIFIER_KNOWN(b) && b == 4.0) return square(square(a));
    const double size = exp(b * log(abs(a)));
    // Of the exponent alone, which is most often the same for all elements.
    const double half = 0.5 * b;
    const double whole = std::floor(b) == b ? 1.0 : NAN;
    const double sign = std::floor(half) == half ? whole : -whole;
    const double below = whole != whole && a == -infinity ? size : sign * size;
    const double power = a < 0 ? below : size;
    return b == 0 || a == 1 ? 1.0 : power;
  }

  // --- the error function and the normal distribution ---------------------------------------

  // erfc(z) exp(z^2) for z >= 0; 1e-11 of it away up to z = 28, where erfc is below 1e-307.
  RECTIFIER_INLINE static double erfcx(double z) {
    const double t = inverse(minimum(z, 1e3) + 3.0);  // 0 / 0 is kept out far away
    const double q = 1.0 - 6.0 * t;
    return t * polynomial(q, 1.0740069070949411, -0.88339445310375827, 0.59022835608620556,
                          -0.31046726471779827, 0.11952778624556523, -0.026827198069287655,
                          -0.0012126439242409748, 0.0030338369269384809, -0.00054731764573202291,
                          -0.00027600378133157633, 0.000105277838353233, 2.8843218722423623e-5,
                          -1.4674328376047846e-5, -2.9877003132036988e-6, 1.0814282054444737e-6);
  }

  // 1 - exp(-|a| q(|a|)); 7e-13 of it away up to 4.65, from where on it is 1 to 5e-11.
  RECTIFIER_INLINE static double erf(double a) {
    const double z = minimum(abs(a), 4.65);
    const double q = polynomial(
        z, 1.128379167095525, 0.63661977235189359, 0.10277260450287861, -0.019128471471694171,
        -0.00020897337053822059, 0.0016950943226464149, -0.00058662522293498854,
        1.846285804396792e-5, 7.5548371450452851e-5, -4.1631321206710012e-5,
        1.2756602724533125e-5, -2.4398824971838363e-6, 2.4410566124147306e-7,
        5.5495342940562003e-9, -5.1605205923470818e-9, 6.2876720822832092e-10,
        -2.7499574306934385e-11);
    const double inside = with_sign_of(expm1(-(z * q)), a);
    return abs(a) > 5.9 ? with_sign_of(1.0, a) : inside;
  }

  RECTIFIER_INLINE static double erfc(double a) {
    const double z = abs(a);
    const double tail = exp(-z * z) * erfcx(z);
    return a < 0 ? 2.0 - tail : tail;
  }

  RECTIFIER_INLINE static double norm_cdf(double a) {
    // In a and not in a / sqrt(2), so that the exponential is that of norm_pdf beside it.
    const double tail = exp(-0.5 * a * a) * (0.5 * erfcx(abs(a) * 0.70710678118654752));
    return a > 0 ? 1.0 - tail : tail;
  }

  RECTIFIER_INLINE static double mul_norm_cdf(double a, double b) { return a * norm_cdf(b); }

  RECTIFIER_INLINE static double cdf_plus_mul_pdf(double a, double b) {
    return norm_cdf(b) + a * norm_pdf(b);
  }

  RECTIFIER_INLINE static double own_norm_cdf(double a) {
    return maximum(a, -40.0) * norm_cdf(a);
  }

  RECTIFIER_INLINE static double inner_own_norm_cdf(double a) { return own_norm_cdf(a); }

  RECTIFIER_INLINE static double mul_own_norm_cdf(double a, double b) {
    return a * own_norm_cdf(b);
  }

  RECTIFIER_INLINE static double own_norm_cdf_slope(double a) {
    return norm_cdf(a) + minimum(maximum(a, -40.0), 40.0) * norm_pdf(a);
  }

  // --- waves ----------------------------------------------------------------------------------

  // Up to here the reduction by multiples of pi / 2 is right; beyond, math_library.hpp serves.
  static constexpr double wave_bound = 1e5;

  struct Reduced {
    double sine;
    double cosine;
    std::uint64_t quadrant;
  };

  RECTIFIER_INLINE static Reduced reduce(double a) {
    const double shifted = a * 0.63661977236758134 + Layout<double>::round;
    const double n = shifted - Layout<double>::round;
    // pi / 2 in three parts; the first two have 33 digits, so that their products with n are exact.
    const double r = ((a - n * 1.5707963267341256) - n * 6.0771005063039660e-11) -
                     n * 2.0222662487959506e-21;
    const double u = r * r;
    // 9e-15 and 3e-16 away.
    const double sine = polynomial(u, -0.16666666666637488, 0.0083333333253698993,
                                   -0.00019841263582823947, 2.7555269758284772e-6,
                                   -2.4753639508413242e-8);
    const double cosine = polynomial(u, 0.041666666666645814, -0.0013888888883195888,
                                     2.4801582827166675e-5, -2.7555854043744961e-7,
                                     2.0663420142362015e-9);
    return {r + r * u * sine, 1.0 - 0.5 * u + u * u * cosine, bits_of(shifted)};
  }

  RECTIFIER_INLINE static double sin(double a) {
    const Reduced r = reduce(a);
    return turned((r.quadrant & 1) != 0 ? r.cosine : r.sine, (r.quadrant >> 1) & 1);
  }

  RECTIFIER_INLINE static double cos(double a) {
    const Reduced r = reduce(a);
    return turned((r.quadrant & 1) != 0 ? r.sine : r.cosine, ((r.quadrant + 1) >> 1) & 1);
  }

  RECTIFIER_INLINE static double atan(double a) {
    const double z = abs(a);
    const bool steep = z > 1.0;
    const double t = steep ? 1.0 / z : z;
    const double u = t * t;
    const double inside =  // 3e-12 away
        t + t * u * polynomial(u, -0.3333333331408329, 0.19999997806917374, -0.14285638963545542,
                               0.11109886637516, -0.090794861394978382, 0.076243598797494864,
                               -0.063915205838585745, 0.050891548014496481, -0.035777700660014435,
                               0.020336677058147697, -0.0084411113527626303,
                               0.0022197325810321114, -0.0002736354754272673);
    return with_sign_of(steep ? 1.5707963267948966 - inside : inside, a);
  }
};

}  // namespace rectifier
