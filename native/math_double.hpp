// Mathematics in double for kernels that read and write double.
//
// Layer: native/, above math_basics.hpp. Each function is right to 1 or 2 ulp of double for every
// argument, subnormal results included; what makes a result subnormal comes last, so that it is
// rounded once. Only for processors with fused multiply-add, which the sums in two parts rely on:
// elsewhere double is not computed by kernels (rectifier.kernels.native says so).
//
// The forms are those of math_single.hpp and carry the same names; where that file says why one is
// computed as it is, this one does not say it again. Float's are measured to be right in a range and
// have Wide to fall back on; these have nothing behind them and so no range.
//
// This is one file of more than 400 lines because it is one table: a function for each primitive and
// form. The polynomials are minimax fits (least squares with Lawson's weights, 50 digits); beside each
// stands how far it is off.

#pragma once

#include <type_traits>

#include "math_basics.hpp"

namespace rectifier {

struct Double : Basics<double> {
  static constexpr double ln2_high = 6.93147180369123816490e-01;  // its last 32 bits are 0
  static constexpr double ln2_low = 1.90821492927058770002e-10;

  RECTIFIER_INLINE static double fused(double a, double b, double c) {
    return __builtin_fma(a, b, c);
  }

  // A number as the sum of two, of which the second is small.
  struct Pair {
    double high;
    double low;
  };

  RECTIFIER_INLINE static double first(double b) { return b; }
  RECTIFIER_INLINE static double first(Pair b) { return b.high; }

  // What a pair's second number adds to an exponent; far out it is the difference of infinities.
  RECTIFIER_INLINE static double second(double) { return 0.0; }
  RECTIFIER_INLINE static double second(Pair b) { return abs(b.high) < 800.0 ? b.low : 0.0; }

  // The product rounded once.
  RECTIFIER_INLINE static Pair product(double a, double b) {
    const double high = a * b;
    return {high, fused(a, b, -high)};
  }

  // --- the exponential family ---------------------------------------------------------------

  // e^a = half * other * (1 + fraction + rest), where rest is what the rounding of fraction left out.
  // The two powers of two multiply to one that may be subnormal or beyond the largest number.
  struct Exponential {
    double half;
    double other;
    double fraction;
    double rest;

    RECTIFIER_INLINE double scale() const { return half * other; }
    RECTIFIER_INLINE double scaled(double a) const { return a * half * other; }
    // Rounded once: the exponential may be the argument of another, which magnifies what it lacks.
    RECTIFIER_INLINE double whole() const {
      const double high = 1.0 + fraction;
      return scaled(high + (((1.0 - high) + fraction) + rest));
    }
  };

  // For -1000 < a < 720; 2e-18 of the fraction away. Who does not use rest does not pay for it.
  RECTIFIER_INLINE static Exponential exponential(double a) {
    const double shift = Layout<double>::round + 2048.0;  // so that no exponent below is negative
    const double shifted = fused(a, 1.4426950408889634, shift);
    const double n = shifted - shift;
    const double high = fused(-n, ln2_high, a);
    const double r = fused(-n, ln2_low, high);
    const double r_rest = fused(-n, ln2_low, high - r);
    const double square = r * r;
    const double tail = polynomial(r, 0.5, 0.16666666666666677, 0.04166666666666669,
                                   0.008333333333322097, 0.001388888888886964,
                                   0.00019841269885066172, 2.4801587355184006e-05,
                                   2.7557245183796007e-06, 2.7557247236373706e-07,
                                   2.5108723441715173e-08, 2.092309022716562e-09);
    const double fraction = fused(square, tail, r);
    const double rest = fused(square, tail, r - fraction) + r_rest;
    const std::uint64_t power = bits_of(shifted);
    const std::uint64_t part = power >> 1;
    return {of_bits<double>((part - 1) << 52), of_bits<double>((power - part - 1) << 52), fraction,
            rest};
  }

  // The exponential of -|b|, 0 from 746 on.
  RECTIFIER_INLINE static Exponential beside(double b) {
    return exponential(-minimum(abs(b), 800.0));
  }

  RECTIFIER_INLINE static Exponential beside(Pair b) {
    Exponential e = beside(b.high);
    const double low = b.high < 0 ? second(b) : -second(b);
    e.rest = fused(low, 1.0 + e.fraction, e.rest);
    return e;
  }

  // whole + scale * (fraction + rest), for a whole that is 0 or not much smaller than the rest.
  RECTIFIER_INLINE static Pair sum(double whole, double scale, const Exponential& e) {
    const double high = fused(scale, e.fraction, whole);
    const double low = fused(scale, e.fraction, whole - high);
    return {high, fused(scale, e.rest, low)};
  }

  RECTIFIER_INLINE static double exp(double a) {
    return exponential(maximum(minimum(a, 710.0), -800.0)).whole();
  }

  RECTIFIER_INLINE static double expm1(double a) {
    const Exponential e = exponential(maximum(minimum(a, 710.0), -50.0));
    // Half of each where the power of two may be 2^1024.
    const double part = a > 700.0 ? 0.5 : 1.0;
    const double scale = (part * e.half) * e.other;
    const Pair found = sum(scale - part, scale, e);
    return with_sign_of((found.high + found.low) * (a > 700.0 ? 2.0 : 1.0), a);
  }

  RECTIFIER_INLINE static double quotient(double top, Pair bottom) {
    const double inverse = 1.0 / bottom.high;
    const double near = top * inverse;
    const double left = fused(-near, bottom.high, top);
    return fused(fused(-near, bottom.low, left), inverse, near);
  }

  RECTIFIER_INLINE static double quotient(Pair top, Pair bottom) {
    const double inverse = 1.0 / bottom.high;
    const double near = top.high * inverse;
    const double left = fused(-near, bottom.high, top.high);
    const double more = fused(-near, bottom.low, left + top.low);
    return fused(more, inverse, near);
  }

  // sigmoid(b) before the power of two that makes it small, and that.
  template <class B>
  RECTIFIER_INLINE static double mul_sigmoid(double a, B b) {
    const Exponential e = beside(b);
    const bool left = first(b) < 0;
    const double scale = e.scale();
    const double bottom = fused(scale, e.fraction + e.rest, 1.0 + scale);
    const double share = (left ? 1.0 + (e.fraction + e.rest) : 1.0) / bottom;
    const double product = a * (left ? e.half : 1.0) * share;
    return product * (left ? e.other : 1.0);
  }

  template <class B>
  RECTIFIER_INLINE static double inner_mul_sigmoid(double a, B b) {
    return mul_sigmoid(a, b);
  }

  RECTIFIER_INLINE static double sigmoid(double a) { return mul_sigmoid(1.0, a); }
  RECTIFIER_INLINE static double inner_sigmoid(double a) { return mul_sigmoid(1.0, a); }

  // 1 + a sigmoid(b) as one quotient.
  RECTIFIER_INLINE static double one_plus_mul_sigmoid(double a, double b) {
    const Exponential e = beside(b);
    const double scale = e.scale();
    const Pair bottom = sum(1.0 + scale, scale, e);
    const double factor = (b < 0 ? 1.0 + a : 1.0) * scale;
    const Pair top = sum((b < 0 ? 1.0 : 1.0 + a) + factor, factor, e);
    return quotient(top, bottom);
  }

  // (1 + e^a)^2 for a scale that is 1 or less, rounded once.
  RECTIFIER_INLINE static double one_more_squared(double scale, const Exponential& e) {
    const Pair bottom = sum(1.0 + scale, scale, e);
    return fused(bottom.high, bottom.high, 2.0 * (bottom.high * bottom.low));
  }

  // sigmoid(b) sigmoid(-b), the slope of sigmoid.
  RECTIFIER_INLINE static double mul_sigmoid_slope(double a, double b) {
    const Exponential e = beside(b);
    const double share = (1.0 + (e.fraction + e.rest)) / one_more_squared(e.scale(), e);
    return a * e.half * share * e.other;
  }

  RECTIFIER_INLINE static double sigmoid_slope(double a) { return mul_sigmoid_slope(1.0, a); }

  // sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate x sigmoid(x).
  template <class A, class B>
  RECTIFIER_INLINE static double gate_slope(A of, B b) {
    const double a = first(of);
    const Exponential e = beside(b);
    const bool left = first(b) < 0;
    const double scale = e.scale();
    const double factor = (left ? 1.0 : 1.0 + a) * scale;
    double top = fused(factor, e.fraction, (left ? 1.0 + a : 1.0) + factor);
    top = fused(factor, e.rest, top);
    if constexpr (std::is_same_v<A, Pair>) top += second(of) * (left ? 1.0 : scale);
    const double all = fused(left ? e.fraction + e.rest : 0.0, top, top);
    const double share = all / one_more_squared(scale, e);
    return share * (left ? e.half : 1.0) * (left ? e.other : 1.0);
  }

  // a (one + three a^2), as a pair.
  RECTIFIER_INLINE static Pair odd_cubic(double a, double one, double three) {
    const Pair square = product(a, a);
    const Pair by = product(three, square.high);
    const double factor = one + by.high;
    const double larger = maximum(one, by.high);
    const double factor_rest = ((larger - factor) + minimum(one, by.high)) +
                               fused(three, square.low, by.low);
    const double high = a * factor;
    return {high, fused(a, factor, -high) + a * factor_rest};
  }

  RECTIFIER_INLINE static double div_constant(double a, double b) { return a / b; }
  RECTIFIER_INLINE static double div_moderate(double a, double b) { return a / b; }

  // 1 - e^(-2z) and 1 + e^(-2z).
  struct Two {
    Pair top;
    Pair bottom;
  };

  RECTIFIER_INLINE static Two of_tanh(double z) {
    const Exponential e = exponential(-2.0 * z);
    const double scale = e.scale();
    return {sum(1.0 - scale, -scale, e), sum(1.0 + scale, scale, e)};
  }

  RECTIFIER_INLINE static double tanh(double a) {
    const Two two = of_tanh(minimum(abs(a), 20.0));
    return with_sign_of(quotient(two.top, two.bottom), a);
  }

  RECTIFIER_INLINE static double tanh_squared(double a) { return square(tanh(a)); }

  // a - tanh(a); `inside` is the same for |a| < 1, as Wide wants it.
  RECTIFIER_INLINE static double minus_tanh(double, double a) {
    const double z = abs(a);
    const Two two = of_tanh(minimum(z, 20.0));
    const double inverse = 1.0 / two.bottom.high;
    const double near = two.top.high * inverse;
    const double left = fused(-near, two.bottom.high, two.top.high);
    const double more = fused(-near, two.bottom.low, left + two.top.low);
    const double outside = fused(-more, inverse, z - near);
    const double u = z * z;
    const double inside =  // 1e-19 away
        z * u *
        polynomial(u, 0.3333333333333333, -0.1333333333333333, 0.05396825396825157,
                   -0.021869488536052403, 0.008863235527569426, -0.003592128004265586,
                   0.0014558340898209183, -0.0005900255221138501, 0.00023912009464646566,
                   -9.688371434227788e-05, 3.9193849635444617e-05, -1.5745738688212773e-05,
                   6.177152386484205e-06, -2.277156851522226e-06, 7.372777479686338e-07,
                   -1.8957541413417827e-07, 3.3229541126028474e-08, -2.8976363287000566e-09);
    return with_sign_of(z < 1.0 ? inside : outside, a);
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

  RECTIFIER_INLINE static double mul_tanh_log1p_sigmoid(double a, double b) {
    return a * tanh(log1p(sigmoid(b)));
  }

  RECTIFIER_INLINE static double tanh_log1p_sigmoid_gate_slope(double a, double b) {
    const double s = sigmoid(b);
    const double value = tanh(log1p(s));
    return value + a * (1.0 - value * value) * sigmoid_slope(b) / (1.0 + s);
  }

  RECTIFIER_INLINE static double mul_log1p_sigmoid(double a, double b) {
    return a * log1p(sigmoid(b));
  }

  RECTIFIER_INLINE static double log1p_sigmoid_gate_slope(double a, double b) {
    const double s = sigmoid(b);
    return log1p(s) + a * sigmoid_slope(b) / (1.0 + s);
  }

  // a tanh(softplus(b)) = a n / (n + 2) with n = t (t + 2), t = e^b.
  RECTIFIER_INLINE static double mul_tanh_softplus(double a, double b) {
    const Exponential e = exponential(maximum(minimum(b, 22.0), -800.0));
    const double scale = e.scale();
    const double inner = fused(scale, e.fraction, 2.0 + 2.0 * scale);
    const double whole = 2.0 + scale;
    const double factor = fused(e.fraction, inner, whole);
    const double rest = fused(e.fraction, inner, whole - factor) + e.rest * inner;
    const double bottom = fused(scale, factor, 2.0);
    const double bottom_rest = fused(scale, rest, fused(scale, factor, 2.0 - bottom));
    const double share = quotient(Pair{factor, rest}, Pair{bottom, bottom_rest});
    const bool left = b < 0;
    return a * (left ? e.half : 1.0) * share * (left ? e.other : scale);
  }

  RECTIFIER_INLINE static double tanh_softplus(double b) { return mul_tanh_softplus(1.0, b); }

  // tanh(softplus(b)) + a times its slope, see math_single.hpp.
  RECTIFIER_INLINE static double tanh_softplus_gate_slope(double a, double b) {
    const Exponential e = exponential(maximum(minimum(b, 22.0), -800.0));
    const double scale = e.scale();
    const double t = fused(scale, e.fraction, scale);
    const double t_rest = fused(scale, e.rest, fused(scale, e.fraction, scale - t));
    const double more = t + 2.0;
    const double high = fused(t, more, 2.0);
    const double low =
        fused(t, more, 2.0 - high) + fused(t, t - (more - 2.0), t_rest * (t + more));
    const double bottom = fused(high, high, 2.0 * (high * low));
    const double inner = fused(t, 4.0 + t, fused(4.0, a, 6.0));
    const double steep = fused(t, fused(2.0, t, 4.0), inner);
    const double top = fused(t, inner, fused(t_rest, steep, fused(4.0, a, 4.0)));
    const double lack =
        fused(t, fused(t, fused(4.0, a, -2.0), fused(4.0, a, -4.0)), -4.0);
    const bool right = b > -0.2;
    const double left = top + fused(top, e.fraction, top * e.rest);
    const double part = (right ? lack : left) / bottom;
    return right ? 1.0 + part : e.scaled(part);
  }

  // --- the logarithmic family ---------------------------------------------------------------

  // 1024 more than the n with a / 2^n between 0.707 and 1.414, for a positive normal `a`.
  RECTIFIER_INLINE static std::uint64_t exponent_of(double a) {
    return (bits_of(a) - bits_of(0.70710678118654752) + (std::uint64_t{1024} << 52)) >> 52;
  }

  // 2^-n for an exponent as above, 2^-1024 and less being 0.
  RECTIFIER_INLINE static double inverse_power(std::uint64_t exponent) {
    return of_bits<double>((std::uint64_t{2047} - exponent) << 52);
  }

  // The logarithm of 2^n (1 + f), by that of (1 + s) / (1 - s); 3e-19 of it away.
  RECTIFIER_INLINE static double logarithm(double n, double f) {
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double tail =
        z * polynomial(z, 0.6666666666666666, 0.4000000000000627, 0.28571428569079166,
                       0.22222222647752335, 0.1818177559202216, 0.15387093879727687,
                       0.1325004921879703, 0.13251945739862656);
    const double half = 0.5 * f * f;
    return fused(n, ln2_high, f - (half - fused(s, half + tail, n * ln2_low)));
  }

  RECTIFIER_INLINE static double log(double a) {
    const bool tiny = a < 2.2250738585072014e-308;
    const double b = tiny ? a * 18014398509481984.0 : a;  // by 2^54
    const std::uint64_t exponent = exponent_of(b);
    const double n = of_bits<double>(bits_of(Layout<double>::round) + exponent) -
                     (Layout<double>::round + 1024.0);
    // In two steps, since 2^-n may be subnormal.
    const std::uint64_t part = exponent >> 1;
    const double m = b * of_bits<double>((std::uint64_t{1535} - part) << 52) *
                     of_bits<double>((std::uint64_t{1535} - (exponent - part)) << 52);
    const double inside = logarithm(tiny ? n - 54.0 : n, m - 1.0);
    const double positive = a < infinity ? inside : a;
    const double not_negative = a == 0 ? -infinity : positive;
    return a < 0 ? NAN : not_negative;
  }

  RECTIFIER_INLINE static double log1p(double a) {
    const std::uint64_t exponent = exponent_of(1.0 + a);
    const double n = of_bits<double>(bits_of(Layout<double>::round) + exponent) -
                     (Layout<double>::round + 1024.0);
    // (1 + a) / 2^n - 1 with no more than one rounding, so that a tiny `a` is kept. Above 2^1022 the
    // power is 0; half of it there is not.
    const bool huge = a > 1e300;
    const double power = inverse_power(huge ? exponent - 30 : exponent);
    const double m = (huge ? a * 9.313225746154785e-10 : a) * power;  // 2^-30
    const double inside = with_sign_of(logarithm(n, m + ((huge ? 0.0 : power) - 1.0)), a);
    const double positive = a < infinity ? inside : a;
    const double not_negative = a == -1.0 ? -infinity : positive;
    return a < -1.0 ? NAN : not_negative;
  }

  // log(1 + e^a) as max(a, 0) + log(1 + t) with t = e^-|a| in two parts.
  RECTIFIER_INLINE static double softplus(double a) {
    const Exponential e = beside(a);
    const double t = e.whole();
    const bool upper = t > 0.41421356237309503;
    const double f = upper ? 0.5 * t - 0.5 : t;
    return maximum(a, 0.0) + logarithm(upper ? 1.0 : 0.0, f);
  }

  RECTIFIER_INLINE static double pow(double a, double b) {
    if (RECTIFIER_KNOWN(b) && b == 3.0) return a * a * a;
    if (RECTIFIER_KNOWN(b) && b == 4.0) return square(square(a));
    return std::pow(a, b);
  }

  // --- the error function and the normal distribution ---------------------------------------

  // 1 - exp(-|a| q(|a|)); 2e-18 away up to 6, from where on it is 1.
  RECTIFIER_INLINE static double erf(double a) {
    const double z = minimum(abs(a), 6.0);
    const double beyond = polynomial(
        z, 0.6366197723675823, 0.10277260330188212, -0.01912844700762452,
        -0.00020919465814220618, 0.0016962060649289902, -0.000590123688862841,
        2.5870971115680564e-05, 6.451481542406514e-05, -2.9776280717719426e-05,
        3.4992386580189123e-06, 2.7077135966022994e-06, -1.6008794927610622e-06,
        2.1150430530060885e-07, 2.2685213713094986e-07, -1.9405313233181287e-07,
        9.052156444876863e-08, -3.05003312834594e-08, 7.963486371663095e-09,
        -1.6477737070548794e-09, 2.7095140217362666e-10, -3.5072748185204755e-11,
        3.500225113627308e-12, -2.5991162597240365e-13, 1.3516894685095467e-14,
        -4.390479921286754e-16, 6.698746513682345e-18);
    const double q = fused(z, beyond, 1.1283791670955126);
    return with_sign_of(expm1(-(z * q)), a);
  }

  RECTIFIER_INLINE static double erfc(double a) {
    const Pair tail = mills(abs(a) * 1.4142135623730951);
    const Exponential e = bell(minimum(abs(a), 40.0), 1.0);
    const double share = fused(2.0 * tail.high, e.fraction + e.rest, 2.0 * tail.high) + 2.0 * tail.low;
    const double right = e.scaled(share);
    return a < 0 ? 2.0 - right : right;
  }

  // e^(-a^2 factor) with the square in two parts, for a factor of 1 or 1/2.
  RECTIFIER_INLINE static Exponential bell(double a, double factor) {
    const Pair square = product(a, a);
    Exponential e = exponential(-factor * minimum(square.high, 800.0 / factor));
    const double low = abs(a) < 41.0 ? factor * square.low : 0.0;
    e.rest = fused(-low, 1.0 + e.fraction, e.rest);
    return e;
  }

  RECTIFIER_INLINE static double norm_pdf(double a) {
    const Exponential e = bell(a, 0.5);
    const double top = 0.3989422804014327;
    return e.scaled(fused(top, e.fraction + e.rest, top));
  }

  // norm_cdf(-z) exp(z^2 / 2) for z >= 0, as a sum; 5e-18 of it away up to 39.
  RECTIFIER_INLINE static Pair mills(double given) {
    const double z = minimum(given, 1e3);
    const double offset = 3.5355339059327378;
    const double w = z + offset;
    const double larger = maximum(z, offset);
    const double w_rest = (larger - w) + minimum(z, offset);
    const double t = 1.0 / w;
    const double t_rest = t * (fused(-t, w, 1.0) - t * w_rest);
    const double u = 2.0 * offset * t;
    const double q = 1.0 - u;
    const double q_rest = ((1.0 - q) - u) -
                          (fused(2.0 * offset, t, -u) + 2.0 * offset * t_rest);
    const double r = polynomial(
        q, -0.5689747792327191, 0.32096574995816984, -0.12109284608943777, 0.020054644423325687,
        0.0059347785409253895, -0.0034073959213618676, -0.000310567141138264,
        0.0004968795084475111, 4.122980699711158e-05, -7.962373134233857e-05,
        -1.3811054962576283e-05, 1.2901182668021135e-05, 4.77457194929286e-06,
        -1.6507336240474837e-06, -1.3838326651290836e-06, -6.887229223426241e-10,
        3.100143833045243e-07, 9.221127332857949e-08, -4.235259058131132e-08,
        -3.195110839566001e-08, -6.824106736717639e-10, 4.703504162727044e-09,
        1.1711027147174833e-09);
    const double start = 0.7453130477245736;
    const double p = fused(q, r, start);
    const double slope = polynomial(q, -0.569, 0.642, -0.363, 0.08);  // of p by q, roughly
    // The last number is what the rounding of `start` left out.
    const double p_rest = fused(q, r, start - p) + (fused(q_rest, slope, 2.664616133840711e-17));
    const double high = t * p;
    return {high, fused(t, p, -high) + (t_rest * p + t * p_rest)};
  }

  RECTIFIER_INLINE static double mul_norm_cdf(double a, double b) {
    const Pair tail = mills(abs(b));
    const Exponential e = bell(b, 0.5);
    const double more = fused(tail.high, e.fraction + e.rest, tail.low);
    const double right = 1.0 - e.scale() * (tail.high + more);
    const bool left = b <= 0;
    const double share = a * (left ? e.half : 1.0) * (left ? tail.high + more : right);
    return share * (left ? e.other : 1.0);
  }

  RECTIFIER_INLINE static double norm_cdf(double a) { return mul_norm_cdf(1.0, a); }

  RECTIFIER_INLINE static double cdf_plus_mul_pdf(double a, double b) {
    return norm_cdf(b) + a * norm_pdf(b);
  }

  RECTIFIER_INLINE static double own_norm_cdf(double a) {
    return mul_norm_cdf(maximum(a, -40.0), a);
  }

  RECTIFIER_INLINE static double inner_own_norm_cdf(double a) { return own_norm_cdf(a); }

  RECTIFIER_INLINE static double mul_own_norm_cdf(double a, double b) {
    return a * own_norm_cdf(b);
  }

  // norm_cdf(a) + a norm_pdf(a) at -z is e^(-z^2 / 2) times (root - z) times a positive function.
  RECTIFIER_INLINE static double own_norm_cdf_slope(double a) {
    const double z = minimum(abs(a), 40.0);
    const Exponential e = bell(z, 0.5);
    const double q = (z - 2.703125) / (z + 2.703125);
    const double p = polynomial(
        q, 0.4846901897950915, -0.12532925852325372, 0.04896989263709326, -0.00853531273840869,
        -0.0018318750018374067, 0.0008878098007862807, 0.00022101160132143157,
        -9.882080934007623e-05, -4.798829522756456e-05, 6.686146805594197e-06,
        1.0413840560842274e-05, 1.8196050763096895e-06, -1.5387644713932532e-06,
        -9.826853738102255e-07, -5.51331983958695e-08, 2.110153515418564e-07,
        1.1647346142364528e-07, 4.260625831405788e-09, -3.157240203379076e-08,
        -1.8498514738755623e-08, 9.239055923163859e-10, 5.7355946112046766e-09,
        1.5669764554213467e-09, -6.742802743907769e-10, -3.04770614398773e-10);
    const double away = (0.7517915246935645 - z) - 1.4956759177009883e-17;
    const double by = away * p;
    const double left = fused(by, e.fraction + e.rest, by);
    return a > 0 ? 1.0 - e.scale() * left : e.scaled(left);
  }

  // --- waves ----------------------------------------------------------------------------------

  // Up to here the reduction by multiples of pi / 2 is right; beyond, Library's sin and cos serve.
  static constexpr double wave_bound = 1e5;

  struct Reduced {
    double sine;
    double cosine;
    std::uint64_t quadrant;
  };

  RECTIFIER_INLINE static Reduced reduce(double a) {
    const double shifted = fused(a, 0.63661977236758134, Layout<double>::round);
    const double n = shifted - Layout<double>::round;
    // pi / 2 in three parts, of which the first two have 33 digits: their products with n are exact.
    const double one = fused(-n, 1.5707963267341256, a);
    const double two = fused(-n, 6.0771005063039660e-11, one);
    const double two_rest = fused(-n, 6.0771005063039660e-11, one - two);
    const double r = fused(-n, 2.0222662487959506e-21, two);
    const double rest = fused(-n, 2.0222662487959506e-21, two - r) + two_rest;
    const double u = r * r;
    // 4e-18 and 5e-20 away.
    const double sine = polynomial(u, -0.16666666666666632, 0.008333333333322437,
                                   -0.00019841269829804558, 2.755731368542894e-06,
                                   -2.5050756467725312e-08, 1.5896670975392325e-10);
    const double cosine = polynomial(u, 0.0416666666666666, -0.0013888888888874077,
                                     2.4801587289441344e-05, -2.755731433785956e-07,
                                     2.087572100433983e-09, -1.1359516941683343e-11);
    const double half = 0.5 * u;
    const double near = 1.0 - half;
    return {r + fused(r * u, sine, fused(-half, rest, rest)),
            near + (((1.0 - near) - half) + fused(u * u, cosine, -r * rest)), bits_of(shifted)};
  }

  RECTIFIER_INLINE static double sin(double a) {
    const Reduced r = reduce(a);
    const double found = turned((r.quadrant & 1) != 0 ? r.cosine : r.sine, (r.quadrant >> 1) & 1);
    return a == 0 ? a : found;
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
    const double beyond =  // 1e-19 away
        t * u *
        polynomial(u, -0.33333333333333326, 0.19999999999998483, -0.14285714285591336,
                       0.11111111106067756, -0.09090908966470788, 0.07692305654839918,
                       -0.06666643086839022, 0.058821514545990695, -0.052618458757906085,
                       0.04755237797465296, -0.04320900267998779, 0.039122993936694314,
                       -0.034705117306040374, 0.029365327965568355, -0.022886386315478877,
                       0.01579524877379955, -0.009263705948189298, 0.004418596150089176,
                       -0.0016276076151411057, 0.00043101739045201844, -7.263440897602901e-05,
                       5.828805203969499e-06);
    const double left = (1.5707963267948966 - t) - (beyond - 6.123233995736766e-17);
    return with_sign_of(steep ? left : t + beyond, a);
  }
};

// Whose waves are right for any argument: the C library's, which are not vectorised.
struct DoubleLibrary : Double {
  RECTIFIER_INLINE static double sin(double a) { return std::sin(a); }
  RECTIFIER_INLINE static double cos(double a) { return std::cos(a); }
};

}  // namespace rectifier
