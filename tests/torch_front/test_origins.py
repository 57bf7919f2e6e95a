"""What made a tensor, asked after the tensor went out of sight."""

from __future__ import annotations

import torch
from torch import Tensor

from rectifier.torch.origins import Origins


class Halved(torch.autograd.Function):
    """A function of somebody's own, whose node torch may drop with its result."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x / 2

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient / 2


def test_marks_outlive_the_tensors() -> None:
    origins = Origins[str](lambda chain, _: "".join(chain), lambda parts: "several")
    x = Halved.apply(torch.ones(3, requires_grad=True))  # type: ignore[no-untyped-call]
    origins.mark(x, ("halved",))
    noted = origins.note(x * 2)
    last = Halved.apply(torch.ones(3, requires_grad=True))  # type: ignore[no-untyped-call]
    origins.mark(last, ("last",))
    other = origins.note(last)
    del x, last
    assert origins.of(noted) == ("halved",)
    assert origins.of(other) == ("last",)  # torch 2.11: an error where the tensor is not kept
