"""Mathematics in float for data of half precision: a few units of float away, and quick.

Layer: kernels/gpu, above `basics`. Half precision has 11 digits at most, so what float and the
GPU's own exponential leave is far below its rounding. `rectifier.kernels.measured` lists where a
formula cancels so much that this does not do.
"""

from __future__ import annotations

import triton
import triton.language as tl

from rectifier.kernels.gpu import single
from rectifier.kernels.gpu.basics import const, fma, maximum, minimum, step, with_sign_of

_HALF_LOG2_E = tl.constexpr(0.7213475204)


@triton.jit
def div(a, b):
    """a / b."""
    return a / b


@triton.jit
def sqrt(a):
    """The square root."""
    return tl.sqrt_rn(a)


@triton.jit
def div_constant(a, b: tl.constexpr):
    """A quotient by a number that is known."""
    return a * const(a, 1.0 / b)


@triton.jit
def div_moderate(a, b):
    """A quotient whose divisor is neither tiny nor huge."""
    return a / b


@triton.jit
def exp(a):
    """eᵃ as a square, so that the GPU's exponential, which has no subnormal results, gives them."""
    root = tl.exp2(a * _HALF_LOG2_E)
    return root * root


@triton.jit
def expm1(a):
    """eᵃ - 1; by its series where that cancels."""
    p = step(a, const(a, 0.0013888889), 0.0083333333)
    p = step(a, p, 0.041666667)
    p = step(a, p, 0.16666667)
    p = step(a, p, 0.5)
    return tl.where(tl.abs(a) < 0.35, a + a * a * p, exp(a) - 1.0)


@triton.jit
def sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    e = exp(-tl.abs(a))
    return tl.where(a < 0, e, const(a, 1.0)) / (1.0 + e)


@triton.jit
def mul_sigmoid(a, b):
    """a sigmoid(b)."""
    root = tl.exp2(-tl.abs(b) * _HALF_LOG2_E)
    product = a * root * root
    return tl.where(b < 0, product, a) / (1.0 + root * root)


@triton.jit
def inner_mul_sigmoid(a, b):
    """a sigmoid(b)."""
    return mul_sigmoid(a, b)


@triton.jit
def inner_sigmoid(a):
    """1 / (1 + e⁻ᵃ)."""
    return sigmoid(a)


@triton.jit
def one_plus_mul_sigmoid(a, b):
    """1 + a sigmoid(b) as one quotient."""
    e = exp(-tl.abs(b))
    top = tl.where(b < 0, 1.0 + e * (1.0 + a), 1.0 + a + e)
    return top / (1.0 + e)


@triton.jit
def sigmoid_slope(a):
    """sigmoid(a) sigmoid(-a)."""
    e = exp(-tl.abs(a))
    return e / ((1.0 + e) * (1.0 + e))


@triton.jit
def mul_sigmoid_slope(a, b):
    """a sigmoid(b) sigmoid(-b)."""
    root = tl.exp2(-tl.abs(b) * _HALF_LOG2_E)
    e = root * root
    return a * root * root / ((1.0 + e) * (1.0 + e))


@triton.jit
def gate_slope(a, b):
    """sigmoid(b) (1 + a sigmoid(-b)), the slope of a gate, as one quotient."""
    root = tl.exp2(-tl.abs(b) * _HALF_LOG2_E)
    e = root * root
    right = 1.0 + e * (1.0 + a)
    left = (1.0 + a + e) * root * root
    return tl.where(b < 0, left, right) / ((1.0 + e) * (1.0 + e))


@triton.jit
def tanh(a):
    """The hyperbolic tangent."""
    e = expm1(-2.0 * tl.abs(a))
    return with_sign_of(e / (2.0 + e), a)


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
    return n / (n + 2.0)


@triton.jit
def mul_tanh_softplus(a, b):
    """a tanh(softplus(b))."""
    return a * tanh_softplus(b)


@triton.jit
def tanh_softplus_gate_slope(a, b):
    """tanh(softplus(b)) and a times its slope."""
    t = exp(minimum(b, const(b, 22.0)))
    n = t * (t + 2.0)
    right = 1.0 / (n + 2.0)
    return (n + 4.0 * a * t * (t + 1.0) * right) * right


@triton.jit
def odd_cubic(a, one: tl.constexpr, three: tl.constexpr):
    """a (one + three a²)."""
    return a * fma(const(a, three), a * a, const(a, one))


@triton.jit
def own_norm_cdf(a):
    """a norm_cdf(a)."""
    return mul_norm_cdf(maximum(a, const(a, -40.0)), a)


@triton.jit
def inner_own_norm_cdf(a):
    """a norm_cdf(a)."""
    return own_norm_cdf(a)


@triton.jit
def own_norm_cdf_slope(a):
    """norm_cdf(a) + a norm_pdf(a)."""
    held = minimum(maximum(a, const(a, -40.0)), const(a, 40.0))
    return cdf_plus_mul_pdf(held, a)


@triton.jit
def norm_pdf(a):
    """The density of N(0, 1)."""
    return exp(-0.5 * a * a) * 0.39894228


@triton.jit
def log(a):
    """The natural logarithm."""
    return tl.log(a)


@triton.jit
def log1p(a):
    """log(1 + a)."""
    return single.log1p(a)


@triton.jit
def softplus(a):
    """log(1 + eᵃ)."""
    return maximum(a, const(a, 0.0)) + single.log1p(exp(-tl.abs(a)))


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
    tail = exp(-z * z) * single.erfcx(z)
    return tl.where(a < 0, 2.0 - tail, tail)


@triton.jit
def norm_cdf(a):
    """The distribution function of N(0, 1)."""
    return mul_norm_cdf(const(a, 1.0), a)


@triton.jit
def mul_norm_cdf(a, b):
    """a norm_cdf(b)."""
    root = tl.exp2(b * b * (-0.5 * _HALF_LOG2_E))
    tail = 0.5 * single.erfcx(tl.abs(b) * 0.70710678)
    return tl.where(b > 0, a * (1.0 - root * tail * root), a * root * tail * root)


@triton.jit
def cdf_plus_mul_pdf(a, b):
    """norm_cdf(b) + a norm_pdf(b)."""
    bell = exp(-0.5 * b * b)
    tail = 0.5 * single.erfcx(tl.abs(b) * 0.70710678)
    density = a * 0.39894228
    return tl.where(b > 0, 1.0 - bell * (tail - density), bell * (tail + density))


@triton.jit
def sin(a):
    """The sine; CUDA's own flushes subnormal numbers."""
    return tl.where(tl.abs(a) < 1e-4, a, tl.sin(a))


@triton.jit
def cos(a):
    """The cosine."""
    return tl.cos(a)


@triton.jit
def atan(a):
    """The arc tangent."""
    return single.atan(a)
