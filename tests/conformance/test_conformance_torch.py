"""PyTorch, by each of its paths and by the one that a caller gets."""

from __future__ import annotations

from conformance_fronts import IN_KERNELS, IN_TORCH, KERNEL, ROUNDED_ONCE, Torch
from conformance_suite import Conformance, ConformanceOfParameters, ConformanceOfRows


class TestComposed(Conformance, ConformanceOfParameters, ConformanceOfRows):
    front = Torch(ROUNDED_ONCE, IN_TORCH, path="composed")


class TestNative(Conformance):
    front = Torch(KERNEL, IN_TORCH | IN_KERNELS, path="native")


class TestFramework(Conformance):
    front = Torch(KERNEL, path="framework")


class TestDefault(Conformance):
    front = Torch(KERNEL, IN_TORCH | IN_KERNELS)
