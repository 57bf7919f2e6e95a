// Mathematics in float: twice as many numbers at a time as in double, and a shorter way to each.
//
// Layer: native/, above math_basics.hpp. Each function is right to about 1 ulp on the arguments that
// sane inputs give; a formula made of them is off by 1 to 4 in the middle and by more in tails and
// near roots. So a kernel uses this only for activations and ranges of x where its error was measured
// to keep the bars (rectifier.kernels.single), only with the parameters it was measured with, and
// only on processors with fused multiply-add, which the reductions rely on.

#pragma once

#include <type_traits>

#include "math_basics.hpp"

namespace rectifier {

struct Single : Basics<float> {
  static constexpr float log2_e = 1.44269504F;
  static constexpr float ln2_high = 0.6931471824645996F;
  static constexpr float ln2_low = -1.9046542121259336e-09F;

  // e^a = scale * (1 + fraction + rest), where rest is what the rounding of fraction left out.
  struct Exponential {
    float scale;
    float fraction;
    float rest;
  };

  // For -87 < a < 88.3; 1e-8 of the fraction away. Who does not use rest does not pay for it.
  RECTIFIER_INLINE static Exponential exponential(float a) {
    const float shift = Layout<float>::round + 127.0F;
    const float shifted = a * log2_e + shift;
    const float n = shifted - shift;
    const float high = a - n * ln2_high;
    const float r = high - n * ln2_low;
    const float r_rest = (high - r) - n * ln2_low;
    const float square = r * r;
    const float tail = polynomial(r, 0.50000000633194258F, 0.16666542560114508F,
                                  0.041666275361733465F, 0.0083666441685738699F,
                                  0.0013946919738688683F);
    const float fraction = r + square * tail;
    const float rest = __builtin_fmaf(square, tail, r - fraction) + r_rest;
    return {of_bits<float>(bits_of(shifted) << 23), fraction, rest};
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
    const float rest = e.rest + (low + low * e.fraction);
    const float inside = e.scale + e.scale * (e.fraction + rest);
    const float above = high > 88.3F ? infinity : inside;
    return high < -87.0F ? 0.0F : above;
  }

  RECTIFIER_INLINE static float expm1(float a) {
    const Exponential e = exponential(a);
    const float inside = e.scale * e.fraction + (e.scale - 1.0F);
    const float above = a > 88.3F ? infinity : inside;
    return with_sign_of(a < -20.0F ? -1.0F : above, a);
  }

  // A number as the sum of two floats, of which the second is small.
  struct Pair {
    float high;
    float low;
  };

  // whole + scale * (fraction + rest), for a whole that is 0 or not much smaller than the rest.
  RECTIFIER_INLINE static Pair sum(float whole, float scale, const Exponential& e) {
    const float high = __builtin_fmaf(scale, e.fraction, whole);
    const float low = __builtin_fmaf(scale, e.fraction, whole - high);
    return {high, __builtin_fmaf(scale, e.rest, low)};
  }

  RECTIFIER_INLINE static float quotient(float top, Pair bottom) {
    const float inverse = 1.0F / bottom.high;
    const float near = top * inverse;
    const float left = __builtin_fmaf(-near, bottom.high, top);
    return __builtin_fmaf(__builtin_fmaf(-near, bottom.low, left), inverse, near);
  }

  // top / bottom, rounded once but for 1e-9 of it.
  RECTIFIER_INLINE static float quotient(Pair top, Pair bottom) {
    const float inverse = 1.0F / bottom.high;
    const float near = top.high * inverse;
    const float left = __builtin_fmaf(-near, bottom.high, top.high);
    const float more = __builtin_fmaf(-near, bottom.low, left + top.low);
    return __builtin_fmaf(more, inverse, near);
  }

  // (a + sqrt(a^2 + b)) / 2 for |a| < 1e18: half the sum where that does not cancel, or b / 2 over it.
  RECTIFIER_INLINE static float half_sum_root(float a, float b) {
    const float z = abs(a);
    const float root = std::sqrt(__builtin_fmaf(a, a, b));
    const float total = root + z;
    const float square = __builtin_fmaf(a, a, b);
    const float defect = __builtin_fmaf(-root, root, square) + __builtin_fmaf(a, a, b - square);
    const float inverse = 1.0F / total;
    // What the root lacks is the defect over twice the root; where |a| matters beside it, less does.
    const float rest = __builtin_fmaf(0.5F * inverse, defect, z - (total - root));
    const float near = 0.5F * b * inverse;
    const float left = __builtin_fmaf(-near, total, 0.5F * b);
    return a > 0 ? 0.5F * total : __builtin_fmaf(__builtin_fmaf(-near, rest, left), inverse, near);
  }

  // Half the sum over the root, or b / 2 over the product of both.
  RECTIFIER_INLINE static float half_sum_root_slope(float a, float b) {
    const float z = abs(a);
    const float root = std::sqrt(__builtin_fmaf(a, a, b));
    const float total = root + z;
    const float rest = z - (total - root);
    const float product = total * root;
    const float product_rest = __builtin_fmaf(total, root, -product) + rest * root;
    const bool right = a > 0;
    return quotient(right ? total : 0.5F * b,
                    {right ? 2.0F * root : product, right ? 0.0F : product_rest});
  }

  // The exponential of -b for a sigmoid of b. Right of 64 the sigmoid is 1, and beyond 87 so small a
  // power of two is subnormal, which processors take a hundred times as long for.
  RECTIFIER_INLINE static Exponential falling(float b) { return exponential(maximum(-b, -64.0F)); }

  RECTIFIER_INLINE static Exponential falling(Pair b) {
    Exponential e = falling(b.high);
    e.fraction = __builtin_fmaf(-b.low, 1.0F + e.fraction, e.fraction);
    return e;
  }

  // The exponential of -|b|.
  RECTIFIER_INLINE static Exponential beside(float b) {
    return exponential(-minimum(abs(b), 84.0F));
  }

  RECTIFIER_INLINE static Exponential beside(Pair b) {
    Exponential e = beside(b.high);
    const float low = b.high < 0 ? b.low : -b.low;
    e.fraction = __builtin_fmaf(low, 1.0F + e.fraction, e.fraction);
    return e;
  }

  RECTIFIER_INLINE static float first(float b) { return b; }
  RECTIFIER_INLINE static float first(Pair b) { return b.high; }

  // top / (1 + t) for 0 <= t <= 1, rounded once but for 3e-9 of it, without a division: a polynomial
  // 5e-5 away (the error is a Chebyshev polynomial), and what that leaves over. It takes as many
  // operations as the division and its correction, and does not wait for the only divider.
  RECTIFIER_INLINE static float over_one_more(float top, float t) {
    const float inverse = polynomial(t, 0.999948982194786F, -0.9962757002193766F,
                                     0.9534207438396001F, -0.7705729299525534F,
                                     0.4179378603132493F, -0.10448446507831233F);
    const float near = top * inverse;
    return __builtin_fmaf(__builtin_fmaf(-near, t, top - near), inverse, near);
  }

  RECTIFIER_INLINE static float mul_sigmoid(float a, float b) {
    const Exponential e = falling(b);
    const float whole = 1.0F + e.scale;
    const float lost = 1.0F - (whole - e.scale);  // from a scale of 2^24 on
    return a / (whole + __builtin_fmaf(e.scale, e.fraction, lost));
  }

  // The same rounded once but for what the fraction lacks, for a product that is not the result yet.
  template <class B>
  RECTIFIER_INLINE static float inner_mul_sigmoid(float a, B b) {
    const Exponential e = falling(b);
    const float whole = 1.0F + e.scale;
    const float lost = 1.0F - (whole - e.scale);
    const float rest = __builtin_fmaf(e.scale, e.fraction, lost);
    const float high = whole + rest;
    return quotient(a, {high, rest - (high - whole)});
  }

  RECTIFIER_INLINE static float mul_sigmoid(float a, Pair b) { return inner_mul_sigmoid(a, b); }

  RECTIFIER_INLINE static float inner_sigmoid(float a) { return inner_mul_sigmoid(1.0F, a); }

  // 1 + a sigmoid(b) as one quotient: the sum cancels where a * sigmoid(b) is near -1.
  RECTIFIER_INLINE static float one_plus_mul_sigmoid(float a, float b) {
    const Exponential e = exponential(-minimum(abs(b), 64.0F));
    const Pair bottom = sum(1.0F + e.scale, e.scale, e);
    const float factor = (b < 0 ? 1.0F + a : 1.0F) * e.scale;
    const Pair top = sum((b < 0 ? 1.0F : 1.0F + a) + factor, factor, e);
    return quotient(top, bottom);
  }

  // The square of that, rounded once.
  RECTIFIER_INLINE static float one_more_squared(const Exponential& e) {
    const float whole = 1.0F + e.scale;
    const float high = __builtin_fmaf(e.scale, e.fraction, whole);
    const float low = __builtin_fmaf(e.scale, e.fraction, whole - high);
    return __builtin_fmaf(high, high, 2.0F * (high * low));
  }

  // sigmoid(a) sigmoid(-a), the slope of sigmoid.
  RECTIFIER_INLINE static float sigmoid_slope(float a) {
    const Exponential e = beside(a);
    return __builtin_fmaf(e.scale, e.fraction, e.scale) / one_more_squared(e);
  }

  RECTIFIER_INLINE static float mul_sigmoid_slope(float a, float b) {
    return a * sigmoid_slope(b);
  }

  // sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate x sigmoid(x): one quotient.
  template <class A, class B>
  RECTIFIER_INLINE static float gate_slope(A of, B b) {
    const float a = first(of);
    const Exponential e = beside(b);
    const bool left = first(b) < 0;
    // On the right 1 + e + a e over (1 + e)^2; on the left e (1 + e + a) over that. What cancels
    // beside the root is a power of two times 1 + a, which is exact there.
    const float factor = (left ? 1.0F : 1.0F + a) * e.scale;
    float top = __builtin_fmaf(factor, e.fraction, (left ? 1.0F + a : 1.0F) + factor);
    if constexpr (std::is_same_v<A, Pair>) top += of.low * (left ? 1.0F : e.scale);
    const float all = __builtin_fmaf(left ? e.fraction : 0.0F, top, top);
    return (left ? e.scale : 1.0F) * all / one_more_squared(e);
  }

  // a (one + three a^2), as a pair.
  RECTIFIER_INLINE static Pair odd_cubic(float a, double one, double three) {
    const float first = static_cast<float>(one);
    const float third = static_cast<float>(three);
    const float first_rest = static_cast<float>(one - static_cast<double>(first));
    const float third_rest = static_cast<float>(three - static_cast<double>(third));
    const float square = a * a;
    const float square_rest = __builtin_fmaf(a, a, -square);
    const float product = third * square;
    const float product_rest = __builtin_fmaf(third, square, -product);
    const float factor = first + product;
    const float larger = maximum(first, product);
    const float factor_rest = ((larger - factor) + minimum(first, product)) +
                              (product_rest + (third * square_rest + (third_rest * square + first_rest)));
    const float high = a * factor;
    return {high, __builtin_fmaf(a, factor, -high) + a * factor_rest};
  }

  RECTIFIER_INLINE static float sigmoid(float a) { return mul_sigmoid(1.0F, a); }

  RECTIFIER_INLINE static float div_constant(float a, float b) {
    const float inverse = 1.0F / b;
    const float near = a * inverse;
    return __builtin_fmaf(__builtin_fmaf(-near, b, a), inverse, near);
  }

  RECTIFIER_INLINE static float div_moderate(float a, float b) { return a / b; }

  RECTIFIER_INLINE static float tanh(float a) {
    const Exponential e = exponential(-2.0F * minimum(abs(a), 10.0F));
    const float top = __builtin_fmaf(-e.scale, e.fraction, 1.0F - e.scale);
    const float t = __builtin_fmaf(e.scale, e.fraction, e.scale);
    return with_sign_of(over_one_more(top, t), a);
  }

  // a tanh(a), finite a.
  RECTIFIER_INLINE static float own_tanh(float a) {
    const Exponential e = exponential(-2.0F * minimum(abs(a), 10.0F));
    return quotient(times(abs(a), sum(1.0F - e.scale, -e.scale, e)),
                    sum(1.0F + e.scale, e.scale, e));
  }

  // e^b, and e^(-2 e^b) with what rounding took from its argument.
  struct Twice {
    Pair once;
    Exponential again;
  };
  RECTIFIER_INLINE static Twice exponentials(float b) {
    const Exponential e = exponential(minimum(b, 3.0F));  // from there on the second one is 0
    const float high = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const float low = __builtin_fmaf(e.scale, e.fraction, e.scale - high) + e.scale * e.rest;
    Exponential again = exponential(-2.0F * high);
    again.rest -= 2.0F * (low + low * again.fraction);
    return {{high, low}, again};
  }

  // a tanh(e^b), finite a.
  RECTIFIER_INLINE static float mul_tanh_exp(float a, float b) {
    const Exponential e = exponentials(b).again;
    return quotient(times(a, sum(1.0F - e.scale, -e.scale, e)), sum(1.0F + e.scale, e.scale, e));
  }

  // tanh(t) + 4 a t g / (1 + g)^2 with t = e^b and g = e^(-2 t): one quotient, where 1 - g is right.
  RECTIFIER_INLINE static float tanh_exp_gate_slope(float a, float b) {
    const Twice both = exponentials(b);
    const Exponential& e = both.again;
    const Pair less = sum(1.0F - e.scale, -e.scale, e);
    const Pair more = sum(1.0F + e.scale, e.scale, e);
    const float g = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const float g_rest =
        __builtin_fmaf(e.scale, e.rest, __builtin_fmaf(e.scale, e.fraction, e.scale - g));
    const float t = both.once.high;
    const float product = t * g;
    const float product_rest =
        __builtin_fmaf(t, g, -product) + __builtin_fmaf(t, g_rest, both.once.low * g);
    const float base = less.high * more.high;
    const float base_rest = __builtin_fmaf(less.high, more.high, -base) +
                            __builtin_fmaf(less.high, more.low, less.low * more.high);
    const float top = __builtin_fmaf(4.0F * a, product, base) +
                      __builtin_fmaf(4.0F * a, product_rest, base_rest);
    return top / __builtin_fmaf(more.high, more.high, 2.0F * (more.high * more.low));
  }

  // tanh(log(1 + sigmoid(b))) is a quotient of polynomials in t = e^-|b|: (3 + 2 t) / (5 + 6 t + 2 t^2)
  // on the right and t (2 + 3 t) / (2 + 6 t + 5 t^2) on the left. That times a finite a.
  RECTIFIER_INLINE static float mul_tanh_log1p_sigmoid(float a, float b) {
    const Exponential e = beside(b);
    const bool left = b < 0;
    const float t = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const float t_rest = __builtin_fmaf(e.scale, e.fraction, e.scale - t);
    const float least = left ? 2.0F : 3.0F;
    const float steep = left ? 3.0F : 2.0F;
    const Pair top = straight(least, steep, t, t_rest);
    const float factor = left ? a * e.scale : a;
    const float fraction = left ? e.fraction : 0.0F;
    const float all = __builtin_fmaf(top.high, fraction, top.high);
    const float all_rest = __builtin_fmaf(top.high, fraction, top.high - all) +
                           __builtin_fmaf(top.low, fraction, top.low);
    return quotient(times(factor, {all, all_rest}), smish_bottom(left, t, t_rest));
  }

  RECTIFIER_INLINE static Pair smish_bottom(bool left, float t, float t_rest) {
    const float least = left ? 2.0F : 5.0F;
    const float most = left ? 5.0F : 2.0F;
    const float inner = __builtin_fmaf(most, t, 6.0F);
    const float high = __builtin_fmaf(t, inner, least);
    const float low = __builtin_fmaf(t, inner, least - high) +
                      __builtin_fmaf(t, __builtin_fmaf(most, t, 6.0F - inner),
                                     t_rest * __builtin_fmaf(most, t, inner));
    return {high, low};
  }

  // That function plus a times its slope by b, over the square of the same polynomial.
  RECTIFIER_INLINE static float tanh_log1p_sigmoid_gate_slope(float a, float b) {
    const Exponential e = beside(b);
    const bool left = b < 0;
    const Pair t = whole(e);
    const float outer = __builtin_fmaf(4.0F, a, 4.0F);
    const float beside_it = __builtin_fmaf(12.0F, a, 18.0F);
    const float inner = __builtin_fmaf(8.0F, a, 28.0F);
    const float last = left ? 15.0F : outer;
    const float third = __builtin_fmaf(t.high, last, left ? inner : beside_it);
    const float second = __builtin_fmaf(t.high, third, left ? beside_it : inner);
    const float first = left ? outer : 15.0F;
    const float product = t.high * second;
    const float top = first + product;
    const float back = top - first;
    const float lost = (first - (top - back)) + (product - back);
    const float steep = __builtin_fmaf(t.high, __builtin_fmaf(t.high, last, third), second);
    const float top_rest = lost + __builtin_fmaf(t.low, steep, __builtin_fmaf(t.high, second, -product));
    const Pair bottom = smish_bottom(left, t.high, t.low);
    const float more = __builtin_fmaf(top, left ? e.fraction : 0.0F, top_rest);
    const float all = top + more;
    const float square = bottom.high * bottom.high;
    const float square_rest = __builtin_fmaf(bottom.high, bottom.high, -square) +
                              2.0F * (bottom.high * bottom.low);
    return (left ? e.scale : 1.0F) * quotient(Pair{all, (top - all) + more}, {square, square_rest});
  }

  // e^a as a pair.
  RECTIFIER_INLINE static Pair whole(const Exponential& e) {
    const float high = __builtin_fmaf(e.scale, e.fraction, e.scale);
    return {high, __builtin_fmaf(e.scale, e.rest, __builtin_fmaf(e.scale, e.fraction, e.scale - high))};
  }

  // log(1 + sigmoid(b)), which is 2 artanh(v) with v = 1 / (3 + 2 t) on the right and t / (2 + 3 t) on
  // the left, t = e^-|b|.
  RECTIFIER_INLINE static Pair log1p_sigmoid(bool left, float t, float t_rest) {
    const float steep = left ? 3.0F : 2.0F;
    const Pair v = pair_quotient({left ? t : 1.0F, left ? t_rest : 0.0F},
                                 straight(left ? 2.0F : 3.0F, steep, t, t_rest));
    const float w = v.high * v.high;
    const float more = v.high * (w * polynomial(w, 0.6666664033669924F, 0.40007560644911206F, 0.28236619805310481F,
                                                0.26851498022837152F));
    const float high = __builtin_fmaf(2.0F, v.high, more);
    return {high, (__builtin_fmaf(2.0F, v.high, -high) + more) + 2.0F * v.low};
  }

  // least + steep t, as a pair, for a result that is not much smaller than `least`.
  RECTIFIER_INLINE static Pair straight(float least, float steep, float t, float t_rest) {
    const float high = __builtin_fmaf(steep, t, least);
    return {high, __builtin_fmaf(steep, t, least - high) + steep * t_rest};
  }

  RECTIFIER_INLINE static Pair pair_quotient(Pair top, Pair bottom) {
    const float inverse = 1.0F / bottom.high;
    const float high = top.high * inverse;
    const float left = __builtin_fmaf(-high, bottom.high, top.high);
    return {high, (__builtin_fmaf(-high, bottom.low, left) + top.low) * inverse};
  }

  // a log(1 + sigmoid(b)), finite a.
  RECTIFIER_INLINE static float mul_log1p_sigmoid(float a, float b) {
    const Exponential e = beside(b);
    const float t = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const Pair factor = log1p_sigmoid(b < 0, t, __builtin_fmaf(e.scale, e.fraction, e.scale - t));
    return __builtin_fmaf(a, factor.high, a * factor.low);
  }

  // That function plus a times its slope by b, t / ((1 + t) (1 + 2 t)) or t / ((1 + t) (2 + t)).
  RECTIFIER_INLINE static float log1p_sigmoid_gate_slope(float a, float b) {
    const bool left = b < 0;
    const Pair t = whole(beside(b));
    const Pair value = log1p_sigmoid(left, t.high, t.low);
    const float least = left ? 1.0F : 2.0F;
    const float most = left ? 2.0F : 1.0F;
    const float inner = __builtin_fmaf(most, t.high, 3.0F);
    const float bottom = __builtin_fmaf(t.high, inner, least);
    const float bottom_rest =
        __builtin_fmaf(t.high, inner, least - bottom) +
        __builtin_fmaf(t.high, __builtin_fmaf(most, t.high, 3.0F - inner),
                       t.low * __builtin_fmaf(most, t.high, inner));
    const Pair slope = pair_quotient(t, {bottom, bottom_rest});
    return __builtin_fmaf(a, slope.high, value.high) + __builtin_fmaf(a, slope.low, value.low);
  }

  // a (b.high + b.low), as a pair.
  RECTIFIER_INLINE static Pair times(float a, Pair b) {
    const float high = a * b.high;
    return {high, __builtin_fmaf(a, b.high, -high) + a * b.low};
  }

  RECTIFIER_INLINE static float tanh_squared(float a) {
    const Exponential e = exponential(-2.0F * minimum(abs(a), 10.0F));
    return square(quotient(sum(1.0F - e.scale, -e.scale, e), sum(1.0F + e.scale, e.scale, e)));
  }

  // a - tanh(a); `inside` is the same for |a| < 1, as Wide wants it.
  RECTIFIER_INLINE static float minus_tanh(float, float a) {
    const float z = minimum(abs(a), 10.0F);
    const Exponential e = exponential(-2.0F * z);
    const Pair top = sum(1.0F - e.scale, -e.scale, e);
    const Pair bottom = sum(1.0F + e.scale, e.scale, e);
    const float inverse = 1.0F / bottom.high;
    const float near = top.high * inverse;
    const float left = __builtin_fmaf(-near, bottom.high, top.high);
    const float more = __builtin_fmaf(-near, bottom.low, left + top.low);
    const float outside = __builtin_fmaf(-more, inverse, abs(a) - near);
    const float square = z * z;
    const float cube = z * square;
    const float cube_rest =
        __builtin_fmaf(z, square, -cube) + z * __builtin_fmaf(z, z, -square);
    const float beyond =  // a third, and what the first power of two digits leaves of it, besides
        square * polynomial(square, -0.13333317638423284F, 0.05396418290361109F,
                            -0.021833233309026933F, 0.008706880567648512F, -0.003218640248014794F,
                            0.0009313925889074203F, -0.00014489678922098963F);
    const float inside = __builtin_fmaf(
        cube, 0.33333334F, __builtin_fmaf(cube, beyond - 9.93411e-9F, 0.33333334F * cube_rest));
    return with_sign_of(z < 1.0F ? inside : outside, a);
  }

  // a tanh(softplus(b)) = a n / (n + 2) with n = t (t + 2), t = e^b. With t = s (1 + f) in two parts,
  // n is s times a sum that rounds once.
  RECTIFIER_INLINE static float mul_tanh_softplus(float a, float b) {
    const Exponential e = exponential(minimum(b, 22.0F));
    const float inner = __builtin_fmaf(e.scale, e.fraction, 2.0F + 2.0F * e.scale);
    const float whole = 2.0F + e.scale;
    const float factor = __builtin_fmaf(e.fraction, inner, whole);
    const float rest = __builtin_fmaf(e.fraction, inner, whole - factor);
    const float bottom = __builtin_fmaf(e.scale, factor, 2.0F);
    const float bottom_rest =
        __builtin_fmaf(e.scale, rest, __builtin_fmaf(e.scale, factor, 2.0F - bottom));
    const float times = a * e.scale;
    const float top = times * factor;
    const float top_rest = __builtin_fmaf(times, rest, __builtin_fmaf(times, factor, -top));
    return quotient({top, top_rest}, {bottom, bottom_rest});
  }

  RECTIFIER_INLINE static float tanh_softplus(float b) { return mul_tanh_softplus(1.0F, b); }

  // tanh(softplus(b)) + a times its slope, over the square of t^2 + 2 t + 2 with t = e^b:
  // t (4 (1 + a) + t (4 a + 6 + t (4 + t))), where nothing of note is lost beside the root on the
  // left, and on the right what that lacks to the square, which is less.
  RECTIFIER_INLINE static float tanh_softplus_gate_slope(float a, float b) {
    const Exponential e = exponential(minimum(b, 22.0F));
    const float t = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const float t_rest =
        __builtin_fmaf(e.scale, e.rest, __builtin_fmaf(e.scale, e.fraction, e.scale - t));
    const float more = t + 2.0F;
    const float high = __builtin_fmaf(t, more, 2.0F);
    const float low = __builtin_fmaf(t, more, 2.0F - high) +
                      __builtin_fmaf(t, t - (more - 2.0F), t_rest * (t + more));
    const float bottom = __builtin_fmaf(high, high, 2.0F * (high * low));
    const float inner = __builtin_fmaf(t, 4.0F + t, __builtin_fmaf(4.0F, a, 6.0F));
    const float steep = __builtin_fmaf(t, __builtin_fmaf(2.0F, t, 4.0F), inner);
    const float top =
        __builtin_fmaf(t, inner, __builtin_fmaf(t_rest, steep, __builtin_fmaf(4.0F, a, 4.0F)));
    const float lack = __builtin_fmaf(
        t, __builtin_fmaf(t, __builtin_fmaf(4.0F, a, -2.0F), __builtin_fmaf(4.0F, a, -4.0F)), -4.0F);
    const bool right = b > -0.2F;
    const float left = e.scale * (top + __builtin_fmaf(top, e.fraction, top * e.rest));
    const float part = (right ? lack : left) / bottom;
    return right ? 1.0F + part : part;
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

  // (t - log(1 + t)) / t^2 for 0 <= t <= 1.
  RECTIFIER_INLINE static float log1p_tail(float t) {
    return polynomial(t, 0.4999993145465851F, -0.33330464363098145F, 0.2495801985361302F,
                      -0.19692113208188677F, 0.1534493483840978F, -0.10661261984543896F,
                      0.05745899729314766F, -0.020087432315827727F, 0.00329079023785531F);
  }

  // log(1 + e^a) with e^-|a| in two parts.
  RECTIFIER_INLINE static float softplus(float a) {
    const Exponential e = exponential(-minimum(abs(a), 68.0F));
    const float t = __builtin_fmaf(e.scale, e.fraction, e.scale);
    const float t_rest = __builtin_fmaf(e.scale, e.fraction, e.scale - t);
    return t + (maximum(a, 0.0F) + __builtin_fmaf(-t * t, log1p_tail(t), t_rest));
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

  // What erf(softplus(a)) and its slope are made of: e^a on the left, and on the right erfc(softplus(a))
  // as e^q for a polynomial q of a, which is 1e-8 away up to 4.5 and nothing from there on.
  RECTIFIER_INLINE static Exponential erf_softplus(bool left, float a) {
    const float z = minimum(a, 4.5F);
    const float start = -1.1179214F;
    const float beyond = polynomial(z, -1.067268041791621F, -0.4664779394431083F,
                                    -0.10674320135102126F, -0.005841742710703132F,
                                    0.003558512142232039F, 0.0008770517124133667F,
                                    -0.0004483861116771016F, 4.894519904801172e-05F);
    const float q = __builtin_fmaf(z, beyond, start);
    const float q_rest = __builtin_fmaf(z, beyond, start - q) - 4.97e-8F;
    Exponential e = exponential(left ? a : q);
    const float rest = left ? 0.0F : q_rest;
    e.rest += __builtin_fmaf(rest, e.fraction, rest);
    return e;
  }

  // erf(log(1 + t)) / t for 0 <= t <= 1.
  RECTIFIER_INLINE static Pair erf_log1p(float t) {
    const float start = 1.12837923F;
    const float beyond =
        polynomial(t, -0.5641895668697913F, -1.7817616907157451e-06F, 0.2821349190202575F,
                   -0.3201239003376302F, 0.23755086422889402F, -0.13202926263869647F,
                   0.05379967740984495F, -0.014328732444049946F, 0.0018499060804307826F);
    const float high = __builtin_fmaf(t, beyond, start);
    return {high, __builtin_fmaf(t, beyond, start - high) - 5.84e-8F};
  }

  // a erf(softplus(a)), finite a.
  RECTIFIER_INLINE static float own_erf_softplus(float a) {
    const bool on_left = a < 0;
    const Exponential e = erf_softplus(on_left, a);
    const Pair t = whole(e);
    const Pair p = erf_log1p(t.high);
    const float product = t.high * p.high;
    const float product_rest = __builtin_fmaf(t.high, p.high, -product) +
                               __builtin_fmaf(t.high, p.low, t.low * p.high);
    const Pair right = sum(1.0F - e.scale, -e.scale, e);
    return __builtin_fmaf(a, on_left ? product : right.high,
                          a * (on_left ? product_rest : right.low));
  }

  // erf(softplus(a)) + a times its slope. On the left, with t = e^a and p the function above, that is
  // t times (1 + a) p + a t p', two terms that are small where they cancel; on the right 1 less the
  // same e^q times a polynomial.
  RECTIFIER_INLINE static float own_erf_softplus_slope(float a) {
    const bool on_left = a < 0;
    const Exponential e = erf_softplus(on_left, a);
    const Pair t = whole(e);
    const Pair p = erf_log1p(t.high);
    const float start = -0.564189553F;
    const float beyond =
        polynomial(t.high, -9.044779028780039e-07F, 0.8463240533873215F,
                   -1.279514556841028F, 1.1815553521296294F, -0.7693291784853389F,
                   0.32480817709519577F, -0.041456176825581365F, -0.046136471397756014F,
                   0.029929871833462483F, -0.006078851705404243F);
    const float steep = __builtin_fmaf(t.high, beyond, start);
    const float steep_rest = __builtin_fmaf(t.high, beyond, start - steep) - 2.6869e-08F;
    const float product = a * t.high;
    const float product_rest = __builtin_fmaf(a, t.high, -product) + a * t.low;
    const float second = product * steep;
    const float second_rest = __builtin_fmaf(product, steep, -second) +
                              __builtin_fmaf(product, steep_rest, product_rest * steep);
    const float more = 1.0F + a;
    const float first = more * p.high;
    const float first_rest = __builtin_fmaf(more, p.high, -first) + more * p.low;
    const float top = first + second;
    const float back = top - second;
    const float lost = (second - (top - back)) + (first - back);
    const float all = top + (lost + (first_rest + second_rest));
    const float left = e.scale * __builtin_fmaf(all, e.fraction, all);
    const float z = minimum(a, 4.5F);
    const float factor = polynomial(z, 1.0000000365556179F, -1.0672738966009712F,
                                    -0.9328357670158386F, -0.32106598893876204F,
                                    -0.020683339958131427F, 0.013253065398309257F,
                                    0.00954428211311455F, -0.005389872986752939F,
                                    0.0010050497271260012F, -6.721884091600793e-05F);
    return on_left ? left : __builtin_fmaf(-t.high, factor, 1.0F);
  }

  RECTIFIER_INLINE static float erfc(float a) {
    const float z = abs(a);
    const float tail = bell(z * 1.41421356F) * erfcx(z);
    return a < 0 ? 2.0F - tail : tail;
  }

  // norm_cdf(-z) exp(z^2 / 2) for z >= 0, as a sum; 6e-9 of it away up to 13.
  RECTIFIER_INLINE static Pair mills(float z) {
    const float offset = 3.535533905029297F;
    const float w = z + offset;
    const float back = w - offset;
    const float w_rest = (offset - (w - back)) + (z - back);
    const float t = 1.0F / w;
    const float t_rest = t * (__builtin_fmaf(-t, w, 1.0F) - t * w_rest);
    const float u = 2.0F * offset * t;
    const float q = 1.0F - u;
    const float q_rest = ((1.0F - q) - u) -
                         (__builtin_fmaf(2.0F * offset, t, -u) + 2.0F * offset * t_rest);
    const float inner = polynomial(q, 0.32096565388705211F, -0.12109476350718036F,
                                   0.020055700177740639F, 0.0059518582218831064F,
                                   -0.0034053919342493235F, -0.00036947789640168302F,
                                   0.00045868682710262243F, 0.00010783575554560385F);
    const float second = -0.5689747333526611F;
    const float r = __builtin_fmaf(q, inner, second);
    // What the rounding of the first coefficients left out; the others' is too small to matter.
    const float r_rest =
        __builtin_fmaf(q, inner, second - r) + (1.500006991e-8F + q * 6.189603e-09F);
    const float first = 0.7453130483627319F;
    const float product = q * r;
    const float p = first + product;
    const float before = p - first;
    const float product_rest = ((first - (p - before)) + (product - before)) +
                               __builtin_fmaf(q, r, -product);
    const float slope = polynomial(q, -0.569F, 0.642F, -0.363F, 0.08F);  // of p by q, roughly
    const float p_rest = product_rest + (q * r_rest + q_rest * slope);
    const float high = t * p;
    const float low = __builtin_fmaf(t, p, -high) + (t_rest * p + t * p_rest);
    return {high, low};
  }

  // whole + factor e^(-b^2 / 2) times a pair, as a pair.
  RECTIFIER_INLINE static Pair with_bell(float whole, float factor, float b, Pair by) {
    const float square = b * b;
    const float square_rest = __builtin_fmaf(b, b, -square);
    Exponential e = exponential(-0.5F * minimum(square, 120.0F));
    e.rest -= 0.5F * (square_rest + square_rest * e.fraction);
    const float high = __builtin_fmaf(by.high, e.fraction, by.high);
    const float low = __builtin_fmaf(by.high, e.fraction, by.high - high) +
                      (by.high * e.rest + (by.low + by.low * e.fraction));
    const float scale = factor * e.scale;
    const float sum = __builtin_fmaf(scale, high, whole);
    return {sum, __builtin_fmaf(scale, high, whole - sum) + scale * low};
  }

  RECTIFIER_INLINE static float mul_norm_cdf(float a, float b) {
    const Pair cdf = with_bell(b > 0 ? 1.0F : 0.0F, b > 0 ? -1.0F : 1.0F, b, mills(abs(b)));
    return __builtin_fmaf(a, cdf.high, a * cdf.low);
  }

  RECTIFIER_INLINE static float norm_cdf(float a) { return mul_norm_cdf(1.0F, a); }

  // norm_cdf(b) + a norm_pdf(b), with the bell curve taken out: what cancels beside the root is exact.
  RECTIFIER_INLINE static float cdf_plus_mul_pdf(float a, float b) {
    const float top = 0.398942292F;
    const float top_rest = -1.1421e-08F;
    const Pair tail = mills(abs(b));
    const float sign = b > 0 ? -1.0F : 1.0F;
    const float other = sign * a * top;
    const float other_rest = __builtin_fmaf(sign * a, top, -other) + sign * a * top_rest;
    const float high = tail.high + other;
    const float back = high - other;
    const float rest = (other - (high - back)) + (tail.high - back);
    const Pair all = {high, rest + (tail.low + other_rest)};
    const Pair result = with_bell(b > 0 ? 1.0F : 0.0F, sign, b, all);
    return result.high + result.low;
  }

  // a norm_cdf(a) is max(a, 0) less z norm_cdf(-z) at z = |a|, and that is e^(-z^2 / 2) times a
  // function of z between 0 and 0.4, a polynomial in (z - c) / (z + c).
  RECTIFIER_INLINE static float own_norm_cdf(float a) {
    const float z = minimum(abs(a), 13.0F);
    const float square = z * z;
    const Exponential e = exponential(-0.5F * square);
    const float fraction =
        __builtin_fmaf(-0.5F * __builtin_fmaf(z, z, -square), 1.0F + e.fraction, e.fraction);
    const float q = (z - 1.9875F) / (z + 1.9875F);
    const float middle = 0.33566802740097046F;
    const float beyond =
        q * polynomial(q, 0.17144963311599454F, -0.15107041371713698F, 0.03158228663464073F,
                       0.018488174925533528F, -0.0033110312055429614F, -0.0044295524821314596F,
                       -0.0005433928857274219F, 0.0008985438055807428F, 0.0002305672936087334F);
    // So that the rounding of middle + beyond matters little.
    const float far =
        e.scale * (middle + __builtin_fmaf(middle + beyond, fraction, beyond));
    // Near 0, norm_cdf(-z) is one half less an odd polynomial.
    const float rest =
        z * square *
        polynomial(square, -0.06649059646210428F, 0.009974760167171642F, -0.0011900011054588285F,
                   0.00011765893241482028F, -9.395812604811767e-06F);
    const float near = z * (__builtin_fmaf(-z, 0.3989422917366028F, 0.5F) - rest);
    return maximum(a, 0.0F) - (z < 0.9F ? near : far);
  }

  RECTIFIER_INLINE static float inner_own_norm_cdf(float a) {
    return mul_norm_cdf(maximum(a, -40.0F), a);
  }

  // a times that function of b, which is kept as a pair meanwhile.
  RECTIFIER_INLINE static float mul_own_norm_cdf(float a, float b) {
    const float z = minimum(abs(b), 13.0F);
    const float square = z * z;
    const float square_rest = __builtin_fmaf(z, z, -square);
    const Exponential e = exponential(-0.5F * square);
    const float rest = e.rest - 0.5F * __builtin_fmaf(square_rest, e.fraction, square_rest);
    const float q = (z - 1.9875F) / (z + 1.9875F);
    const float middle = 0.33566802740097046F;
    const float beyond =
        q * polynomial(q, 0.17144963311599454F, -0.15107041371713698F, 0.03158228663464073F,
                       0.018488174925533528F, -0.0033110312055429614F, -0.0044295524821314596F,
                       -0.0005433928857274219F, 0.0008985438055807428F, 0.0002305672936087334F);
    const float factor = middle + beyond;
    const float factor_rest = beyond - (factor - middle);
    const float most = __builtin_fmaf(factor, e.fraction, factor);
    const float most_rest = __builtin_fmaf(factor, e.fraction, factor - most) +
                            __builtin_fmaf(factor_rest, e.fraction, factor_rest + factor * rest);
    const float steep = __builtin_fmaf(-z, 0.3989422917366028F, 0.5F);
    const float steep_rest =
        __builtin_fmaf(-z, 0.3989422917366028F, 0.5F - steep) -
        z * square *
            polynomial(square, -0.06649059646210428F, 0.009974760167171642F,
                       -0.0011900011054588285F, 0.00011765893241482028F, -9.395812604811767e-06F);
    const bool near = z < 0.9F;
    const float scale = near ? z : e.scale;
    const float high = near ? steep : most;
    const float low = near ? steep_rest : most_rest;
    const float right = maximum(b, 0.0F);
    const float result = __builtin_fmaf(-scale, high, right);
    const float lost = __builtin_fmaf(-scale, high, right - result) - scale * low;
    return __builtin_fmaf(a, result, a * lost);
  }

  // norm_cdf(a) + a norm_pdf(a) at -z is e^(-z^2 / 2) times (root - z) times a positive function.
  RECTIFIER_INLINE static float own_norm_cdf_slope(float a) {
    const float z = minimum(abs(a), 13.0F);
    const float square = z * z;
    const Exponential e = exponential(-0.5F * square);
    const float fraction =
        __builtin_fmaf(-0.5F * __builtin_fmaf(z, z, -square), 1.0F + e.fraction, e.fraction);
    const float q = (z - 2.703125F) / (z + 2.703125F);
    const float p = polynomial(q, 0.48469018936157227F, -0.12532928586006165F,
                               0.04896988680980732F, -0.008534705254205903F,
                               -0.0018313912133229389F, 0.0008838571356896721F,
                               0.00021724198634647844F, -8.942914646532424e-05F,
                               -3.7498866748333024e-05F);
    const float product = ((0.7517915368080139F - z) - 1.211444945855772e-08F) * p;
    const float left = e.scale * __builtin_fmaf(product, fraction, product);
    return a > 0 ? 1.0F - left : left;
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
