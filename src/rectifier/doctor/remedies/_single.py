"""Steps of half-precision weights in single precision, for ``stabilize_loss``.

Layer: doctor's remedies. In float16 the square of a gradient under 2e-4 is zero, and so is Adam's
``eps`` of 1e-8: a quotient of zeros where a gradient is, and a step far too large where ``eps`` is
made large enough to be a number. So each weight has a copy in float32, which is what is stepped,
with a float32 gradient; what the optimiser remembers is float32 too. The program only ever sees
float16 weights, rounded from the copies.

Source: Micikevicius et al. 2018, "Mixed precision training", section 3.1 (a master copy of weights
in single precision).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Optimizer


class Single:
    """Makes float16 parameters float32 around an optimiser's step."""

    def __init__(self) -> None:
        self._masters: dict[int, Tensor] = {}
        self._wide: list[Tensor] = []

    def widen(self, optimizer: Optimizer) -> bool:
        """Make its float16 parameters and their gradients float32; whether it has any."""
        self.narrow()  # a step that raised left them wide
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.dtype != torch.float16:
                    continue
                gradient, p.grad = p.grad, None
                master = self._masters.get(id(p))
                if master is None or not torch.equal(master.half(), p.data):
                    master = p.data.float()  # the program changed it meanwhile
                self._masters[id(p)] = p.data = master
                if gradient is not None:
                    p.grad = gradient.float()
                for name, value in optimizer.state.get(p, {}).items():
                    if isinstance(value, Tensor) and value.dtype == torch.float16:
                        optimizer.state[p][name] = value.float()  # it was loaded
                self._wide.append(p)
        return bool(self._wide)

    def narrow(self) -> None:
        """Make them float16 again."""
        for p in self._wide:
            gradient, p.grad = p.grad, None
            p.data = p.data.half()
            if gradient is not None:
                p.grad = gradient.half()
        self._wide.clear()

    def stay(self, optimizer: Optimizer) -> None:
        """Do so at every step of an optimiser from now on."""
        optimizer.register_step_pre_hook(lambda o, args, kwargs: self._before(o))
        optimizer.register_step_post_hook(lambda o, args, kwargs: self.narrow())

    def _before(self, optimizer: Optimizer) -> None:
        self.widen(optimizer)
