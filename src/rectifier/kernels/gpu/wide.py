"""Mathematics in double for kernels that read and write float; right for every input.

Layer: kernels/gpu, above `basics`; the counterpart of ``native/math_wide.hpp``, whose polynomials
these are. Each function is right to 1e-10, and the result of a formula is rounded once. Waves are
CUDA's own, which reduce an argument of any size.
"""

from __future__ import annotations

import triton
import triton.language as tl

from rectifier.kernels.gpu.basics import const, fma, maximum, minimum, nan_like, step, with_sign_of

_LN2 = tl.constexpr(0.69314718055994531)
_LOG2_E = tl.constexpr(1.4426950408889634)
_INFINITY = tl.constexpr(float("inf"))


@triton.jit
def div(a, b):
    """a / b."""
    return a / b


@triton.jit
def sqrt(a):
    """The square root."""
    return tl.sqrt(a)


@triton.jit
def inverse(a):
    """1 / a for a and 1 / a in the normal range of float; 1e-13 of it away."""
    near = (1.0 / a.to(tl.float32)).to(tl.float64)
    return near * (2.0 - a * near)


@triton.jit
def div_constant(a, b: tl.constexpr):
    """A quotient by a number that is known."""
    return a * const(a, 1.0 / b)


@triton.jit
def div_moderate(a, b):
    """A quotient whose divisor is neither tiny nor huge."""
    return a * inverse(b)


@triton.jit
def exponential(a):
    """Scale and fraction of eᵃ = scale (1 + fraction), for -708 < a < 709."""
    shift = const(a, 6755399441055744.0 + 1023.0)
    shifted = fma(a, const(a, _LOG2_E), shift)
    r = fma(shifted - shift, const(a, -_LN2), a)
    tail = step(r, const(r, 2.4882650093383798e-05), 0.00019905071239349848)
    tail = step(r, tail, 0.0013888809012907542)
    tail = step(r, tail, 0.00833328880190369)
    tail = step(r, tail, 0.04166666695673757)
    tail = step(r, tail, 0.1666666675499719)
    tail = step(r, tail, 0.4999999999973429)
    scale = (shifted.to(tl.int64, bitcast=True) << 52).to(tl.float64, bitcast=True)
    return scale, fma(r * r, tail, r)


@triton.jit
def exp(a):
    """eᵃ; 0 for what is below 1e-307."""
    scale, fraction = exponential(a)
    inside = fma(scale, fraction, scale)
    above = tl.where(a > 709.0, const(a, _INFINITY), inside)
    return tl.where(a < -708.0, const(a, 0.0), above)


@triton.jit
def expm1(a):
    """eᵃ - 1."""
    scale, fraction = exponential(a)
    inside = fma(scale, fraction, scale - 1.0)
    above = tl.where(a > 709.0, const(a, _INFINITY), inside)
    return with_sign_of(tl.where(a < -50.0, const(a, -1.0), above), a)


@triton.jit
def sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    e = exp(-tl.abs(a))
    right = inverse(1.0 + e)
    return tl.where(a < 0, e * right, right)


@triton.jit
def mul_sigmoid(a, b):
    """a sigmoid(b)."""
    return a * sigmoid(b)


@triton.jit
def inner_mul_sigmoid(a, b):
    """a sigmoid(b)."""
    return a * sigmoid(b)


@triton.jit
def inner_sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    return sigmoid(a)


@triton.jit
def one_plus_mul_sigmoid(a, b):
    """1 + a sigmoid(b)."""
    return 1.0 + a * sigmoid(b)


@triton.jit
def sigmoid_slope(a):
    """sigmoid(a) sigmoid(-a)."""
    e = exp(-tl.abs(a))
    right = inverse(1.0 + e)
    return e * right * right


@triton.jit
def mul_sigmoid_slope(a, b):
    """a sigmoid(b) sigmoid(-b)."""
    return a * sigmoid_slope(b)


@triton.jit
def gate_slope(a, b):
    """sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate."""
    e = exp(-tl.abs(b))
    right = inverse(1.0 + e)
    beside = tl.where(b < 0, const(e, 1.0), e)
    return tl.where(b < 0, e, const(e, 1.0)) * right * (1.0 + a * (beside * right))


@triton.jit
def softplus(a):
    """log(1 + eᵃ)."""
    return maximum(a, const(a, 0.0)) + log1p(exp(-tl.abs(a)))


@triton.jit
def tanh(a):
    """The hyperbolic tangent."""
    e = expm1(-2.0 * tl.abs(a))
    return with_sign_of(e * inverse(2.0 + e), a)


@triton.jit
def tanh_squared(a):
    """tanh(a)²."""
    found = tanh(a)
    return found * found


@triton.jit
def minus_tanh(inside, a):
    """a - tanh(a), where `inside` is that near 0."""
    return tl.where(tl.abs(a) < 1.0, inside, a - tanh(a))


@triton.jit
def tanh_softplus(b):
    """tanh(softplus(b))."""
    t = exp(minimum(b, const(b, 22.0)))
    n = t * (t + 2.0)
    return n * inverse(n + 2.0)


@triton.jit
def mul_tanh_softplus(a, b):
    """a tanh(softplus(b))."""
    return a * tanh_softplus(b)


@triton.jit
def tanh_softplus_gate_slope(a, b):
    """tanh(softplus(b)) and a times its slope."""
    t = exp(minimum(b, const(b, 22.0)))
    n = t * (t + 2.0)
    right = inverse(n + 2.0)
    return (n + 4.0 * a * t * (t + 1.0) * right) * right


@triton.jit
def odd_cubic(a, one: tl.constexpr, three: tl.constexpr):
    """a (one + three a²)."""
    return a * fma(const(a, three), a * a, const(a, one))


@triton.jit
def norm_pdf(a):
    """The density of N(0, 1)."""
    return exp(-0.5 * a * a) * const(a, 0.39894228040143268)


@triton.jit
def exponent_of(a):
    """The n with a / 2ⁿ between 0.707 and 1.414, for a positive a."""
    return (a.to(tl.int64, bitcast=True) - 4604544271217802189) >> 52


@triton.jit
def inverse_power(n):
    """2⁻ⁿ."""
    return ((1023 - n) << 52).to(tl.float64, bitcast=True)


@triton.jit
def logarithm(n, f):
    """The logarithm of 2ⁿ (1 + f)."""
    tail = step(f, const(f, 0.05532774716100984), -0.09975811693590679)
    tail = step(f, tail, 0.09975496625361122)
    tail = step(f, tail, -0.09898884141471632)
    tail = step(f, tail, 0.11013132508319765)
    tail = step(f, tail, -0.12500372892274986)
    tail = step(f, tail, 0.14290405499356099)
    tail = step(f, tail, -0.16666784381414315)
    tail = step(f, tail, 0.19999902968463976)
    tail = step(f, tail, -0.2499999789489221)
    tail = step(f, tail, 0.3333333397606666)
    inner = fma(f * f, step(f, tail, -0.5), f)
    return fma(n.to(tl.float64), const(f, _LN2), inner)


@triton.jit
def log(a):
    """The natural logarithm."""
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
def pow(a, b):
    """|a|ᵇ through the logarithm, the sign for whole b; special cases as of IEEE 754."""
    size = exp(b * log(tl.abs(a)))
    half = 0.5 * b
    whole = tl.where(tl.floor(b) == b, const(b, 1.0), nan_like(b))
    signed = tl.where(tl.floor(half) == half, whole, -whole)
    sized = signed * size
    below = tl.where(whole == whole, sized, tl.where(a == -_INFINITY, size, sized))
    power = tl.where(a < 0, below, size)
    return tl.where(b == 0, const(a, 1.0), tl.where(a == 1, const(a, 1.0), power))


@triton.jit
def erfcx(z):
    """erfc(z) exp(z²) for z >= 0."""
    t = inverse(minimum(z, const(z, 1e3)) + 3.0)
    q = 1.0 - 6.0 * t
    p = step(q, const(q, 1.0814082054444737e-6), -2.9877003132036988e-6)
    p = step(q, p, -1.4674328376047846e-5)
    p = step(q, p, 2.8843218722423623e-5)
    p = step(q, p, 0.000105277838353233)
    p = step(q, p, -0.00027600378133157633)
    p = step(q, p, -0.00054731764573202291)
    p = step(q, p, 0.0030338369269384809)
    p = step(q, p, -0.0012126439242409748)
    p = step(q, p, -0.026827198069287655)
    p = step(q, p, 0.11952778624556523)
    p = step(q, p, -0.31046726471779827)
    p = step(q, p, 0.59022835608620556)
    p = step(q, p, -0.88339445310375827)
    p = step(q, p, 1.0740069070949411)
    return t * p


@triton.jit
def erf(a):
    """The error function."""
    z = minimum(tl.abs(a), const(a, 4.65))
    q = step(z, const(z, -2.7499574306934385e-11), 6.2876720822832092e-10)
    q = step(z, q, -5.1605205923470818e-9)
    q = step(z, q, 5.5495342940562003e-9)
    q = step(z, q, 2.4410566124147306e-7)
    q = step(z, q, -2.4398824971838363e-6)
    q = step(z, q, 1.2756602724533125e-5)
    q = step(z, q, -4.1631321206710012e-5)
    q = step(z, q, 7.5548371450452851e-5)
    q = step(z, q, 1.846285804396792e-5)
    q = step(z, q, -0.00058662522293498854)
    q = step(z, q, 0.0016950943226464149)
    q = step(z, q, -0.00020897337053822059)
    q = step(z, q, -0.019128471471694171)
    q = step(z, q, 0.10277260450287861)
    q = step(z, q, 0.63661977235189359)
    q = step(z, q, 1.128379167095525)
    inside = with_sign_of(expm1(-(z * q)), a)
    return tl.where(tl.abs(a) > 5.9, with_sign_of(const(a, 1.0), a), inside)


@triton.jit
def erfc(a):
    """1 - erf(a)."""
    z = tl.abs(a)
    tail = exp(-z * z) * erfcx(z)
    return tl.where(a < 0, 2.0 - tail, tail)


@triton.jit
def norm_cdf(a):
    """The distribution function of N(0, 1)."""
    tail = exp(-0.5 * a * a) * (0.5 * erfcx(tl.abs(a) * const(a, 0.70710678118654752)))
    return tl.where(a > 0, 1.0 - tail, tail)


@triton.jit
def mul_norm_cdf(a, b):
    """a norm_cdf(b)."""
    return a * norm_cdf(b)


@triton.jit
def cdf_plus_mul_pdf(a, b):
    """norm_cdf(b) + a norm_pdf(b)."""
    return norm_cdf(b) + a * norm_pdf(b)


@triton.jit
def own_norm_cdf(a):
    """a norm_cdf(a)."""
    return maximum(a, const(a, -40.0)) * norm_cdf(a)


@triton.jit
def inner_own_norm_cdf(a):
    """a norm_cdf(a)."""
    return own_norm_cdf(a)


@triton.jit
def own_norm_cdf_slope(a):
    """norm_cdf(a) + a norm_pdf(a)."""
    held = minimum(maximum(a, const(a, -40.0)), const(a, 40.0))
    return norm_cdf(a) + held * norm_pdf(a)


@triton.jit
def sin(a):
    """The sine."""
    return tl.sin(a)


@triton.jit
def cos(a):
    """The cosine."""
    return tl.cos(a)


@triton.jit
def atan(a):
    """The arc tangent."""
    z = tl.abs(a)
    steep = z > 1.0
    t = tl.where(steep, 1.0 / z, z)
    u = t * t
    p = step(u, const(u, -0.0002736354754272673), 0.0022197325810321114)
    p = step(u, p, -0.0084411113527626303)
    p = step(u, p, 0.020336677058147697)
    p = step(u, p, -0.035777700660014435)
    p = step(u, p, 0.050891548014496481)
    p = step(u, p, -0.063915205838585745)
    p = step(u, p, 0.076243598797494864)
    p = step(u, p, -0.090794861394978382)
    p = step(u, p, 0.11109886637516)
    p = step(u, p, -0.14285638963545542)
    p = step(u, p, 0.19999997806917374)
    p = step(u, p, -0.3333333331408329)
    inside = t + t * u * p
    return with_sign_of(tl.where(steep, 1.5707963267948966 - inside, inside), a)
