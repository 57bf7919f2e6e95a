"""Mathematics in float, compensated where a formula would magnify a rounding.

Layer: kernels/gpu, above `basics`; the counterpart of ``native/math_single.hpp``, operation for
operation, so that what was measured of it (`rectifier.kernels.single`) holds here too. Each
function is right to about 1 ulp on the arguments that sane inputs give. Numbers in two parts are
tuples.
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
    return div(a, const(a, b))


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
def inverse_pair(a, a_rest):
    """The pair 1 / (a + a_rest)."""
    near = 1.0 / a
    left = fma(-near, a, const(a, 1.0)) - near * a_rest
    high = fma(near, left, near)
    return high, fma(near, left, near - high)


@triton.jit
def beyond(b):
    """The exponential of -|b|, in parts; beyond 64 the low parts would be subnormal."""
    return exponential(-minimum(tl.abs(b), const(b, 64.0)))


@triton.jit
def mul_sigmoid(a, b):
    """a sigmoid(b)."""
    scale, fraction, rest = beyond(b)
    product, product_rest = sum_with(a * scale, a * scale, fraction, rest)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    top = tl.where(b < 0, product, a)
    top_rest = tl.where(b < 0, product_rest, const(b, 0.0))
    return quotient(top, top_rest, bottom, bottom_rest)


@triton.jit
def one_plus_mul_sigmoid(a, b):
    """1 + a sigmoid(b) as one quotient: the sum cancels where a sigmoid(b) is near -1."""
    scale, fraction, rest = beyond(b)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    factor = tl.where(b < 0, 1.0 + a, const(b, 1.0)) * scale
    whole = tl.where(b < 0, const(b, 1.0), 1.0 + a) + factor
    top, top_rest = sum_with(whole, factor, fraction, rest)
    return quotient(top, top_rest, bottom, bottom_rest)


@triton.jit
def sigmoid_slope(a):
    """sigmoid(a) sigmoid(-a)."""
    scale, fraction, rest = beyond(a)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    right, _ = inverse_pair(bottom, bottom_rest)
    return scale * fma(right, fraction, right) * right


@triton.jit
def mul_sigmoid_slope(a, b):
    """a sigmoid(b) sigmoid(-b)."""
    return a * sigmoid_slope(b)


@triton.jit
def gate_slope(a, b):
    """sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate, as one quotient."""
    scale, fraction, rest = beyond(b)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    right, right_rest = inverse_pair(bottom, bottom_rest)
    square = right * right
    square_rest = fma(right, right, -square) + 2.0 * right * right_rest
    factor = tl.where(b < 0, const(b, 1.0), 1.0 + a) * scale
    whole = tl.where(b < 0, 1.0 + a, const(b, 1.0)) + factor
    top, top_rest = sum_with(whole, factor, fraction, rest)
    high = top * square
    low = fma(top, square, -high) + fma(top, square_rest, top_rest * square)
    left = fma(high, fraction, high) + low
    return tl.where(b < 0, scale * left, high + low)


@triton.jit
def sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    return mul_sigmoid(const(a, 1.0), a)


@triton.jit
def tanh(a):
    """The hyperbolic tangent."""
    scale, fraction, rest = exponential(-2.0 * minimum(tl.abs(a), const(a, 10.0)))
    top, top_rest = sum_with(1.0 - scale, -scale, fraction, rest)
    bottom, bottom_rest = sum_with(1.0 + scale, scale, fraction, rest)
    return with_sign_of(quotient(top, top_rest, bottom, bottom_rest), a)


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
    """log(1 + eᵃ)."""
    return maximum(a, const(a, 0.0)) + log1p(exp(-tl.abs(a)))


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
