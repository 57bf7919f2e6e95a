"""Arithmetic, comparison and choice on the GPU: what all kinds of mathematics share.

Layer: kernels/gpu, its lowest file; the counterpart of ``native/math_basics.hpp``, with its rules:
both sides of a choice are computed and one is selected, NaN comes out where NaN went in. Written in
Triton's own language: a Python float in an operation takes the type of the other operand, except as
an argument of a function, where `const` gives it a type.

Kernels are compiled without contraction of ``a * b + c``, so that compensated sums stay what they
are; where one rounding is wanted, `fma` says so. A function returns once, at its end: Triton reads
on after a return, even in a branch that is known to be taken.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def const(x, c: tl.constexpr):
    """A number in the precision of x."""
    return tl.full((), c, x.dtype)


INTERPRETED = not isinstance(const, triton.runtime.JITFunction)
"""Whether Triton interprets its kernels on the CPU in this process (``TRITON_INTERPRET=1``)."""

if INTERPRETED:

    @triton.jit
    def fma(a, b, c):
        """a b + c, rounded once: the interpreter's own rounds twice in float."""
        product = a.to(tl.float64) * b.to(tl.float64)
        return (product + c.to(tl.float64)).to(a.dtype)

    @triton.jit
    def widen(x):
        """A number as a float: the interpreter's own way from bfloat16 loses subnormal numbers."""
        if x.dtype == tl.bfloat16:
            bits = x.to(tl.uint16, bitcast=True).to(tl.uint32) << 16
            y = bits.to(tl.float32, bitcast=True)
        else:
            y = x.to(tl.float32)
        return y

    @triton.jit
    def narrow(y, kind: tl.constexpr):
        """A float rounded to a type: to bfloat16 the interpreter's own way cuts off."""
        if kind == tl.bfloat16:
            bits = y.to(tl.uint32, bitcast=True)
            even = (bits + ((bits >> 16) & 1) + 0x7FFF) >> 16
            bits = tl.where(y != y, bits >> 16, even)
            z = bits.to(tl.uint16).to(tl.bfloat16, bitcast=True)
        else:
            z = y.to(kind)
        return z

else:

    @triton.jit
    def fma(a, b, c):
        """a b + c, rounded once."""
        return tl.fma(a, b, c)

    @triton.jit
    def widen(x):
        """A number as a float."""
        return x.to(tl.float32)

    @triton.jit
    def narrow(y, kind: tl.constexpr):
        """A float rounded to a type."""
        return y.to(kind)


@triton.jit
def nan_like(x):
    """NaN in the precision of x; not a global constant, which Triton compares with itself."""
    return tl.full((), float("nan"), x.dtype)


@triton.jit
def step(x, p, c: tl.constexpr):
    """One step of Horner's rule: x p + c."""
    return fma(x, p, const(x, c))


@triton.jit
def square(a):
    """a²."""
    return a * a


@triton.jit
def absolute(a):
    """|a|."""
    return tl.abs(a)


@triton.jit
def sign(a):
    """1, -1 or, for zeros and NaN, a itself."""
    return tl.where(a > 0, const(a, 1.0), tl.where(a < 0, const(a, -1.0), a))


@triton.jit
def maximum(a, b):
    """The larger; NaN in either comes through. A maximum of doubles is no single instruction."""
    larger = tl.where(b > a, b, a)
    return tl.where(b != b, b, larger)


@triton.jit
def minimum(a, b):
    """The smaller; NaN in either comes through."""
    smaller = tl.where(b < a, b, a)
    return tl.where(b != b, b, smaller)


@triton.jit
def with_sign_of(a, like):
    """|a| with the sign of another number, that of zeros too."""
    if a.dtype == tl.float64:
        size = a.to(tl.int64, bitcast=True) & 0x7FFFFFFFFFFFFFFF
        side = (like.to(tl.int64, bitcast=True) >> 63) << 63
        signed = (size | side).to(tl.float64, bitcast=True)
    else:
        size = a.to(tl.int32, bitcast=True) & 0x7FFFFFFF
        side = (like.to(tl.int32, bitcast=True) >> 31) << 31
        signed = (size | side).to(tl.float32, bitcast=True)
    return signed
