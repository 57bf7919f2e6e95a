"""Mathematics in float, compensated where a formula would magnify a rounding.

Layer: kernels/gpu, above `basics`; the counterpart of ``native/math_single.hpp``, operation for
operation, so that what was measured of it (`rectifier.kernels.single`) holds here too. Where a CPU
saves a division (``over_one_more``), here it is divided, which rounds no more.
Each function is right to about 1 ulp on the arguments that sane inputs give. Numbers in two parts
are tuples.

One file, though long: it is read beside its counterpart, function by function.
"""

from __future__ import annotations

import triton
import triton.language as tl

from rectifier.kernels.gpu.basics import const, fma, maximum, minimum, nan_like, step, with_sign_of

_LN2_HIGH = tl.constexpr(0.6931471824645996)
_LN2_LOW = tl.constexpr(-1.9046542121259336e-09)
_LOG2_E = tl.constexpr(1.44269504)
_ROUND = tl.constexpr(12582912.0)
_INFINITY = tl.constexpr(float("inf"))


@triton.jit
def div(a, b):
    """a / b, rounded to nearest."""
    a, b = tl.broadcast(a, b)
    return tl.div_rn(a, b)


@triton.jit
def sqrt(a):
    """The square root, rounded to nearest."""
    return tl.sqrt_rn(a)


@triton.jit
def div_constant(a, b: tl.constexpr):
    """A quotient by a number that is known."""
    divisor = const(a, b)
    inverse = div(const(a, 1.0), divisor)
    near = a * inverse
    return fma(fma(-near, divisor, a), inverse, near)


@triton.jit
def div_moderate(a, b):
    """A quotient whose divisor is neither tiny nor huge."""
    return div(a, b)


@triton.jit
def exponential(a):
    """Scale, fraction and rest of eᵃ = scale (1 + fraction + rest), for -87 < a < 88.3."""
    shift = const(a, _ROUND + 127.0)
    shifted = fma(a, const(a, _LOG2_E), shift)
    n = shifted - shift
    high = fma(n, const(a, -_LN2_HIGH), a)
    r = fma(n, const(a, -_LN2_LOW), high)
    r_rest = fma(n, const(a, -_LN2_LOW), high - r)
    tail = step(r, const(r, 0.0013946919738688683), 0.0083666441685738699)
    tail = step(r, tail, 0.041666275361733465)
    tail = step(r, tail, 0.16666542560114508)
    tail = step(r, tail, 0.50000000633194258)
    square = r * r
    fraction = fma(square, tail, r)
    rest = fma(square, tail, r - fraction) + r_rest
    scale = (shifted.to(tl.int32, bitcast=True) << 23).to(tl.float32, bitcast=True)
    return scale, fraction, rest


@triton.jit
def exp(a):
    """eᵃ."""
    scale, fraction, _ = exponential(a)
    inside = fma(scale, fraction, scale)
    above = tl.where(a > 88.3, const(a, _INFINITY), inside)
    return tl.where(a < -87.0, const(a, 0.0), above)


@triton.jit
def exp_of_sum(high, low):
    """The exponential of high + low, where low is what rounding took from the argument."""
    scale, fraction, rest = exponential(high)
    rest = rest + fma(low, fraction, low)
    inside = fma(scale, fraction + rest, scale)
    above = tl.where(high > 88.3, const(high, _INFINITY), inside)
    return tl.where(high < -87.0, const(high, 0.0), above)


@triton.jit
def expm1(a):
    """eᵃ - 1."""
    scale, fraction, _ = exponential(a)
    inside = fma(scale, fraction, scale - 1.0)
    above = tl.where(a > 88.3, const(a, _INFINITY), inside)
    return with_sign_of(tl.where(a < -20.0, const(a, -1.0), above), a)


@triton.jit
def sum_with(whole, scale, fraction, rest):
    """The pair whole + scale (fraction + rest)."""
    high = fma(scale, fraction, whole)
    low = fma(scale, fraction, whole - high)
    return high, fma(scale, rest, low)


@triton.jit
def quotient(top, top_rest, bottom, bottom_rest):
    """A quotient of pairs, rounded once but for 1e-9 of it."""
    inverse = 1.0 / bottom
    near = top * inverse
    left = fma(-near, bottom, top)
    more = fma(-near, bottom_rest, left + top_rest)
    return fma(more, inverse, near)


@triton.jit
def quotient_by(top, bottom, bottom_rest):
    """A float by a pair."""
    inverse = 1.0 / bottom
    near = top * inverse
    left = fma(-near, bottom, top)
    return fma(fma(-near, bottom_rest, left), inverse, near)


@triton.jit
def falling(b):
    """The exponential of -b, in parts, for a sigmoid of b; right of 64 the sigmoid is 1."""
    return exponential(maximum(-b, const(b, -64.0)))


@triton.jit
def beside(b):
    """The exponential of -|b|, in parts."""
    return exponential(-minimum(tl.abs(b), const(b, 84.0)))


@triton.jit
def one_more_squared(scale, fraction):
    """The square of 1 + scale (1 + fraction), rounded once."""
    whole = 1.0 + scale
    high = fma(scale, fraction, whole)
    low = fma(scale, fraction, whole - high)
    return fma(high, high, 2.0 * (high * low))


@triton.jit
def mul_sigmoid(a, b):
    """a sigmoid(b)."""
    scale, fraction, _ = falling(b)
    whole = 1.0 + scale
    lost = 1.0 - (whole - scale)
    return div(a, whole + fma(scale, fraction, lost))


@triton.jit
def inner_quotient(a, scale, fraction):
    """a / (1 + scale (1 + fraction)), rounded once."""
    whole = 1.0 + scale
    lost = 1.0 - (whole - scale)
    rest = fma(scale, fraction, lost)
    high = whole + rest
    return quotient_by(a, high, rest - (high - whole))


@triton.jit
def inner_mul_sigmoid(a, b):
    """The same, sharper, for a product that is not the result yet."""
    scale, fraction, _ = falling(b)
    return inner_quotient(a, scale, fraction)


@triton.jit
def inner_mul_sigmoid_pairs(a, b, b_rest):
    """The same of a pair."""
    scale, fraction, _ = falling(b)
    return inner_quotient(a, scale, fma(-b_rest, 1.0 + fraction, fraction))


@triton.jit
def mul_sigmoid_pairs(a, b, b_rest):
    """a sigmoid(b) of a pair."""
    return inner_mul_sigmoid_pairs(a, b, b_rest)


@triton.jit
def inner_sigmoid(a):
    """1 / (1 + e⁻ᵃ), sharper."""
    return inner_mul_sigmoid(const(a, 1.0), a)


@triton.jit
def one_plus_mul_sigmoid(a, b):
    """1 + a sigmoid(b) as one quotient: the sum cancels where a sigmoid(b) is near -1."""
    scale, fraction, rest = exponential(-minimum(tl.abs(b), const(b, 64.0)))
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    factor = tl.where(b < 0, 1.0 + a, const(b, 1.0)) * scale
    whole = tl.where(b < 0, const(b, 1.0), 1.0 + a) + factor
    top, top_rest = sum_with(whole, factor, fraction, rest)
    return quotient(top, top_rest, bottom, bottom_rest)


@triton.jit
def sigmoid_slope(a):
    """sigmoid(a) sigmoid(-a)."""
    scale, fraction, _ = beside(a)
    return div(fma(scale, fraction, scale), one_more_squared(scale, fraction))


@triton.jit
def mul_sigmoid_slope(a, b):
    """a sigmoid(b) sigmoid(-b)."""
    return a * sigmoid_slope(b)


@triton.jit
def gate_quotient(a, more, left, scale, fraction):
    """sigmoid(b) (1 + a sigmoid(-b)) from the exponential of -|b|; `left`: whether b < 0.

    What cancels beside the root is a power of two times 1 + a, which is exact there.
    """
    one = const(a, 1.0)
    factor = tl.where(left, one, 1.0 + a) * scale
    top = fma(factor, fraction, tl.where(left, 1.0 + a, one) + factor) + more
    every = fma(tl.where(left, fraction, 0.0 * fraction), top, top)
    return div(tl.where(left, scale, one) * every, one_more_squared(scale, fraction))


@triton.jit
def gate_slope(a, b):
    """sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate, as one quotient."""
    scale, fraction, _ = beside(b)
    return gate_quotient(a, const(a, 0.0), b < 0, scale, fraction)


@triton.jit
def gate_slope_pairs(a, a_rest, b, b_rest):
    """The same of pairs."""
    scale, fraction, _ = beside(b)
    low = tl.where(b < 0, b_rest, -b_rest)
    fraction = fma(low, 1.0 + fraction, fraction)
    more = a_rest * tl.where(b < 0, const(a, 1.0), scale)
    return gate_quotient(a, more, b < 0, scale, fraction)


@triton.jit
def odd_cubic(
    a, one: tl.constexpr, one_rest: tl.constexpr, three: tl.constexpr, rest: tl.constexpr
):
    """The pair a (one + three a²), whose constants come in two parts each."""
    square = a * a
    square_rest = fma(a, a, -square)
    third = const(a, three)
    product = third * square
    product_rest = fma(third, square, -product)
    first = const(a, one)
    factor = first + product
    larger = maximum(product, first)
    inner = third * square_rest + fma(const(a, rest), square, const(a, one_rest))
    factor_rest = ((larger - factor) + minimum(product, first)) + (product_rest + inner)
    high = a * factor
    return high, fma(a, factor, -high) + a * factor_rest


@triton.jit
def sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    return mul_sigmoid(const(a, 1.0), a)


@triton.jit
def tanh(a):
    """The hyperbolic tangent."""
    scale, fraction, _ = exponential(-2.0 * minimum(tl.abs(a), const(a, 10.0)))
    top = fma(-scale, fraction, 1.0 - scale)
    high = fma(scale, fraction, 1.0 + scale)
    low = fma(scale, fraction, scale) - (high - 1.0)
    return with_sign_of(quotient_by(top, high, low), a)


@triton.jit
def tanh_squared(a):
    """tanh(a)²."""
    scale, fraction, rest = exponential(-2.0 * minimum(tl.abs(a), const(a, 10.0)))
    top, top_rest = sum_with(1.0 - scale, -scale, fraction, rest)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    found = quotient(top, top_rest, bottom, bottom_rest)
    return found * found


@triton.jit
def minus_tanh(inside, a):
    """a - tanh(a), by its series near 0; `inside`, the same there, is for other mathematics."""
    z = minimum(tl.abs(a), const(a, 10.0))
    scale, fraction, rest = exponential(-2.0 * z)
    top, top_rest = sum_with(1.0 - scale, -scale, fraction, rest)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    inverse = 1.0 / bottom
    near = top * inverse
    left = fma(-near, bottom, top)
    more = fma(-near, bottom_rest, left + top_rest)
    outside = fma(-more, inverse, tl.abs(a) - near)
    square = z * z
    cube = z * square
    cube_rest = fma(z, square, -cube) + z * fma(z, z, -square)
    p = step(square, const(square, -0.00014489678922098963), 0.0009313925889074203)
    p = step(square, p, -0.003218640248014794)
    p = step(square, p, 0.008706880567648512)
    p = step(square, p, -0.021833233309026933)
    p = step(square, p, 0.05396418290361109)
    p = step(square, p, -0.13333317638423284)
    third = const(z, 0.33333334)
    series = fma(cube, square * p - 9.93411e-9, third * cube_rest)
    return with_sign_of(tl.where(z < 1.0, fma(cube, third, series), outside), a)


@triton.jit
def mul_tanh_softplus(a, b):
    """a tanh(softplus(b)) = a n / (n + 2) with n = t (t + 2) and t = eᵇ in two parts."""
    scale, fraction, _ = exponential(minimum(b, const(b, 22.0)))
    inner = fma(scale, fraction, 2.0 + 2.0 * scale)
    whole = 2.0 + scale
    factor = fma(fraction, inner, whole)
    rest = fma(fraction, inner, whole - factor)
    two = const(b, 2.0)
    bottom = fma(scale, factor, two)
    bottom_rest = fma(scale, rest, fma(scale, factor, 2.0 - bottom))
    times = a * scale
    top = times * factor
    top_rest = fma(times, rest, fma(times, factor, -top))
    return quotient(top, top_rest, bottom, bottom_rest)


@triton.jit
def tanh_softplus(b):
    """tanh(softplus(b))."""
    return mul_tanh_softplus(const(b, 1.0), b)


@triton.jit
def tanh_softplus_gate_slope(a, b):
    """tanh(softplus(b)) and a times its slope, over the square of t² + 2 t + 2 with t = eᵇ.

    t (4 (1 + a) + t (4 a + 6 + t (4 + t))), where nothing of note is lost beside the root on the
    left, and on the right what that lacks to the square, which is less.
    """
    scale, fraction, rest = exponential(minimum(b, const(b, 22.0)))
    t = fma(scale, fraction, scale)
    t_rest = fma(scale, rest, fma(scale, fraction, scale - t))
    more = t + 2.0
    high = fma(t, more, const(t, 2.0))
    low = fma(t, more, 2.0 - high) + fma(t, t - (more - 2.0), t_rest * (t + more))
    bottom = fma(high, high, 2.0 * (high * low))
    four = const(t, 4.0)
    inner = fma(t, 4.0 + t, fma(four, a, const(t, 6.0)))
    steep = fma(t, fma(const(t, 2.0), t, four), inner)
    top = fma(t, inner, fma(t_rest, steep, fma(four, a, four)))
    lack = fma(t, fma(t, fma(four, a, const(t, -2.0)), fma(four, a, -four)), -four)
    right = b > -0.2
    left = scale * (top + fma(top, fraction, top * rest))
    part = div(tl.where(right, lack, left), bottom)
    return tl.where(right, 1.0 + part, part)


@triton.jit
def bell(a):
    """The exponential of -a² / 2 with the square in two parts."""
    high = a * a
    low = fma(a, a, -high)
    return exp_of_sum(-0.5 * high, -0.5 * low)


@triton.jit
def norm_pdf(a):
    """The density of N(0, 1)."""
    return bell(a) * 0.39894228


@triton.jit
def exponent_of(a):
    """The n with a / 2ⁿ between 0.707 and 1.414, for a positive a."""
    return (a.to(tl.int32, bitcast=True) - 1060439283) >> 23


@triton.jit
def inverse_power(n):
    """2⁻ⁿ."""
    return ((127 - n) << 23).to(tl.float32, bitcast=True)


@triton.jit
def logarithm(n, f):
    """The logarithm of 2ⁿ (1 + f)."""
    tail = step(f, const(f, -0.078602029069930339), 0.12881880024710837)
    tail = step(f, tail, -0.1312863350325475)
    tail = step(f, tail, 0.14181151143267542)
    tail = step(f, tail, -0.16624562493623332)
    tail = step(f, tail, 0.20002288164607987)
    tail = step(f, tail, -0.25000810219004904)
    tail = step(f, tail, 0.333333167084976)
    whole = n.to(tl.float32)
    low = fma(f * f, step(f, tail, -0.5), whole * _LN2_LOW)
    return fma(whole, const(f, _LN2_HIGH), f + low)


@triton.jit
def log(a):
    """The natural logarithm of a normal number."""
    n = exponent_of(a)
    inside = logarithm(n, a * inverse_power(n) - 1.0)
    positive = tl.where(a < _INFINITY, inside, a)
    not_negative = tl.where(a == 0, const(a, -_INFINITY), positive)
    return tl.where(a < 0, nan_like(a), not_negative)


@triton.jit
def log1p(a):
    """log(1 + a)."""
    n = exponent_of(1.0 + a)
    power = inverse_power(n)
    inside = with_sign_of(logarithm(n, fma(a, power, power - 1.0)), a)
    positive = tl.where(a < _INFINITY, inside, a)
    not_negative = tl.where(a == -1.0, const(a, -_INFINITY), positive)
    return tl.where(a < -1.0, nan_like(a), not_negative)


@triton.jit
def softplus(a):
    """log(1 + eᵃ) with the exponential of -|a| in two parts."""
    scale, fraction, _ = exponential(-minimum(tl.abs(a), const(a, 68.0)))
    t = fma(scale, fraction, scale)
    t_rest = fma(scale, fraction, scale - t)
    p = step(t, const(t, 0.00329079023785531), -0.020087432315827727)
    p = step(t, p, 0.05745899729314766)
    p = step(t, p, -0.10661261984543896)
    p = step(t, p, 0.1534493483840978)
    p = step(t, p, -0.19692113208188677)
    p = step(t, p, 0.2495801985361302)
    p = step(t, p, -0.33330464363098145)
    p = step(t, p, 0.4999993145465851)
    return t + (maximum(a, const(a, 0.0)) + fma(-t * t, p, t_rest))


@triton.jit
def erfcx(z):
    """erfc(z) exp(z²) for z >= 0."""
    t = 1.0 / (z + 2.5)
    q = 1.0 - 5.0 * t
    p = step(q, const(q, 0.00013536660920783735), 0.00061663988418427441)
    p = step(q, p, -0.00052600621065693301)
    p = step(q, p, -0.0047954207360120602)
    p = step(q, p, 0.0084235641509108946)
    p = step(q, p, 0.028358784439791751)
    p = step(q, p, -0.171255133183879)
    p = step(q, p, 0.45391428644596453)
    p = step(q, p, -0.80465170961569393)
    p = step(q, p, 1.0540318174378667)
    return t * p


@triton.jit
def erf(a):
    """The error function."""
    z = minimum(tl.abs(a), const(a, 3.95))
    q = step(z, const(z, 3.5638120772185349e-8), 8.2066558904645698e-7)
    q = step(z, q, -1.9708347699743652e-5)
    q = step(z, q, 0.00016339293004207306)
    q = step(z, q, -0.00073427618617256016)
    q = step(z, q, 0.0017926851523143617)
    q = step(z, q, -0.00024850977061125068)
    q = step(z, q, -0.019119571439949326)
    q = step(z, q, 0.10277167218314491)
    q = step(z, q, 0.63661980414263085)
    q = step(z, q, 1.1283791669399482)
    return with_sign_of(expm1(-(z * q)), a)


@triton.jit
def erfc(a):
    """1 - erf(a)."""
    z = tl.abs(a)
    tail = bell(z * 1.41421356) * erfcx(z)
    return tl.where(a < 0, 2.0 - tail, tail)


@triton.jit
def mills(z):
    """norm_cdf(-z) exp(z² / 2) for z >= 0, as a pair; 6e-9 of it away up to 13."""
    offset = const(z, 3.535533905029297)
    w = z + offset
    back = w - offset
    w_rest = (offset - (w - back)) + (z - back)
    t = 1.0 / w
    t_rest = t * (fma(-t, w, const(z, 1.0)) - t * w_rest)
    u = 2.0 * offset * t
    q = 1.0 - u
    q_rest = ((1.0 - q) - u) - fma(2.0 * offset, t_rest, fma(2.0 * offset, t, -u))
    inner = step(q, const(q, 0.00010783575554560385), 0.00045868682710262243)
    inner = step(q, inner, -0.00036947789640168302)
    inner = step(q, inner, -0.0034053919342493235)
    inner = step(q, inner, 0.0059518582218831064)
    inner = step(q, inner, 0.020055700177740639)
    inner = step(q, inner, -0.12109476350718036)
    inner = step(q, inner, 0.32096565388705211)
    second = const(q, -0.5689747333526611)
    r = fma(q, inner, second)
    r_rest = fma(q, inner, second - r) + step(q, const(q, 6.189603e-09), 1.500006991e-8)
    first = const(q, 0.7453130483627319)
    product = q * r
    p = first + product
    before = p - first
    product_rest = ((first - (p - before)) + (product - before)) + fma(q, r, -product)
    slope = step(q, const(q, 0.08), -0.363)
    slope = step(q, slope, 0.642)
    slope = step(q, slope, -0.569)
    p_rest = product_rest + fma(q, r_rest, q_rest * slope)
    high = t * p
    return high, fma(t, p, -high) + fma(t_rest, p, t * p_rest)


@triton.jit
def with_bell(whole, factor, b, by, by_rest):
    """The pair whole + factor e^(-b² / 2) times a pair."""
    square = b * b
    square_rest = fma(b, b, -square)
    scale, fraction, rest = exponential(-0.5 * minimum(square, const(b, 120.0)))
    rest = rest - 0.5 * fma(square_rest, fraction, square_rest)
    high = fma(by, fraction, by)
    low = fma(by, fraction, by - high) + fma(by, rest, fma(by_rest, fraction, by_rest))
    scaled = factor * scale
    total = fma(scaled, high, whole)
    return total, fma(scaled, high, whole - total) + scaled * low


@triton.jit
def mul_norm_cdf(a, b):
    """a norm_cdf(b)."""
    tail, tail_rest = mills(tl.abs(b))
    one = const(b, 1.0)
    whole = tl.where(b > 0, one, 0.0 * one)
    high, low = with_bell(whole, tl.where(b > 0, -one, one), b, tail, tail_rest)
    return fma(a, high, a * low)


@triton.jit
def norm_cdf(a):
    """The distribution function of N(0, 1)."""
    return mul_norm_cdf(const(a, 1.0), a)


@triton.jit
def cdf_plus_mul_pdf(a, b):
    """norm_cdf(b) + a norm_pdf(b) with the bell taken out: what cancels at the root is exact."""
    top = const(b, 0.398942292)
    tail, tail_rest = mills(tl.abs(b))
    one = const(b, 1.0)
    turn = tl.where(b > 0, -one, one)
    signed = turn * a
    other = signed * top
    other_rest = fma(signed, top, -other) + signed * -1.1421e-08
    high = tail + other
    back = high - other
    rest = (other - (high - back)) + (tail - back)
    whole = tl.where(b > 0, one, 0.0 * one)
    total, total_rest = with_bell(whole, turn, b, high, rest + (tail_rest + other_rest))
    return total + total_rest


@triton.jit
def div_small(a, b):
    """A quotient of numbers of usual size, rounded once in a few operations."""
    inverse = 1.0 / b
    near = a * inverse
    return fma(fma(-near, b, a), inverse, near)


@triton.jit
def halved_square(z):
    """The exponential of -z² / 2 as scale and fraction, the square in two parts."""
    square = z * z
    scale, fraction, _ = exponential(-0.5 * square)
    return scale, fma(-0.5 * fma(z, z, -square), 1.0 + fraction, fraction)


@triton.jit
def own_norm_cdf(a):
    """a norm_cdf(a): max(a, 0) less z norm_cdf(-z) at z = |a|.

    That is e^(-z² / 2) times a function of z between 0 and 0.4, a polynomial in (z - c) / (z + c).
    """
    z = minimum(tl.abs(a), const(a, 13.0))
    scale, fraction = halved_square(z)
    q = div_small(z - 1.9875, z + 1.9875)
    p = step(q, const(q, 0.0002305672936087334), 0.0008985438055807428)
    p = step(q, p, -0.0005433928857274219)
    p = step(q, p, -0.0044295524821314596)
    p = step(q, p, -0.0033110312055429614)
    p = step(q, p, 0.018488174925533528)
    p = step(q, p, 0.03158228663464073)
    p = step(q, p, -0.15107041371713698)
    p = step(q, p, 0.17144963311599454)
    beyond = q * p
    middle = const(q, 0.33566802740097046)
    far = scale * (middle + fma(middle + beyond, fraction, beyond))
    square = z * z
    p = step(square, const(z, -9.395812604811767e-06), 0.00011765893241482028)
    p = step(square, p, -0.0011900011054588285)
    p = step(square, p, 0.009974760167171642)
    p = step(square, p, -0.06649059646210428)
    near = z * (fma(-z, const(z, 0.3989422917366028), const(z, 0.5)) - z * square * p)
    return maximum(a, const(a, 0.0)) - tl.where(z < 0.9, near, far)


@triton.jit
def inner_own_norm_cdf(a):
    """The same, sharper."""
    return mul_norm_cdf(maximum(a, const(a, -40.0)), a)


@triton.jit
def own_norm_cdf_slope(a):
    """norm_cdf(a) + a norm_pdf(a): at -z e^(-z² / 2) (root - z) times a positive function."""
    z = minimum(tl.abs(a), const(a, 13.0))
    scale, fraction = halved_square(z)
    q = div_small(z - 2.703125, z + 2.703125)
    p = step(q, const(q, -3.7498866748333024e-05), -8.942914646532424e-05)
    p = step(q, p, 0.00021724198634647844)
    p = step(q, p, 0.0008838571356896721)
    p = step(q, p, -0.0018313912133229389)
    p = step(q, p, -0.008534705254205903)
    p = step(q, p, 0.04896988680980732)
    p = step(q, p, -0.12532928586006165)
    p = step(q, p, 0.48469018936157227)
    product = ((0.7517915368080139 - z) - 1.211444945855772e-08) * p
    left = scale * fma(product, fraction, product)
    return tl.where(a > 0, 1.0 - left, left)


@triton.jit
def reduce(a):
    """Sine and cosine of a less the nearest multiple of π / 2, and which quarter that was."""
    shift = const(a, _ROUND)
    shifted = fma(a, const(a, 0.636619772), shift)
    n = shifted - shift
    r = fma(n, const(a, -1.5707963705062866), a)
    r = fma(n, const(a, 4.371138828673793e-08), r)
    r = fma(n, const(a, 1.7151245100058819e-15), r)
    u = r * r
    sine = step(u, const(u, 2.7169683383186097e-6), -0.00019839221384011063)
    sine = step(u, sine, 0.0083333292082385609)
    sine = step(u, sine, -0.16666666643311785)
    cosine = step(u, const(u, -2.7233990964851652e-7), 2.4799878209393823e-5)
    cosine = step(u, cosine, -0.0013888885446917297)
    cosine = step(u, cosine, 0.04166666664718108)
    one = const(u, 1.0)
    return (
        fma(r * u, sine, r),
        one - fma(u, const(u, 0.5), -(u * u * cosine)),
        shifted.to(tl.int32, bitcast=True),
    )


@triton.jit
def sin(a):
    """The sine."""
    sine, cosine, quarter = reduce(a)
    size = tl.where((quarter & 1) != 0, cosine, sine)
    return tl.where((quarter & 2) != 0, -size, size)


@triton.jit
def cos(a):
    """The cosine."""
    sine, cosine, quarter = reduce(a)
    size = tl.where((quarter & 1) != 0, sine, cosine)
    return tl.where(((quarter + 1) & 2) != 0, -size, size)


@triton.jit
def atan(a):
    """The arc tangent."""
    z = tl.abs(a)
    steep = z > 1.0
    t = tl.where(steep, div(const(z, 1.0), z), z)
    u = t * t
    p = step(u, const(u, -0.0046688248121999769), 0.024343496825895352)
    p = step(u, p, -0.059905540605441196)
    p = step(u, p, 0.099676233450867423)
    p = step(u, p, -0.14049132023636827)
    p = step(u, p, 0.19977068127284384)
    p = step(u, p, -0.33332656250491969)
    inside = fma(t * u, p, t)
    return with_sign_of(tl.where(steep, 1.57079633 - inside, inside), a)
