"""``add_to_optimizer`` with ``how="keep"``: a layer that each ``forward`` makes anew is made once.

Layer: doctor's remedies. A module that runs within a model's ``forward``, belongs to no model and
was never met before takes over the parameters and buffers of the one that the first pass made in
its place: the same kind, the same shapes, the same turn within the pass. The optimiser that steps
holds these parameters too.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action


class Keep(Action):
    """Gives a layer that is made anew the parameters of the first one."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._depth = 0
        self._own: set[int] = set()
        self._turns: Counter[Hashable] = Counter()
        self._met: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._kept: dict[Hashable, nn.Module] = {}
        self._interception: Any = None

    @property
    def interception(self) -> Any:
        """Set while attached; hooks of every module there is are not left behind."""
        return self._interception

    @interception.setter
    def interception(self, value: Any) -> None:
        if value is None:
            self.undo()
        self._interception = value

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """From the first pass on."""
        del model, name, args, kwargs
        self._hang()

    def _hang(self) -> None:
        if not self.handles:
            self.handles.append(register_module_forward_pre_hook(self._enter))
            leave: Any = register_module_forward_hook
            self.handles.append(leave(self._leave, always_call=True))

    def _enter(self, module: nn.Module, args: Any) -> None:
        del args
        self._depth += 1
        if self._depth == 1:
            self._own = set(map(id, module.modules()))
            self._turns.clear()
        elif id(module) not in self._own and module._parameters and module not in self._met:
            self._met.add(module)
            shapes = tuple((n, tuple(p.shape)) for n, p in module.named_parameters(recurse=False))
            kind = (type(module), shapes)
            self._turns[kind] += 1
            first = self._kept.setdefault((kind, self._turns[kind]), module)
            if first is not module:
                module._parameters.update(first._parameters)
                module._buffers.update(first._buffers)
                self.say(f"{type(module).__name__} that forward makes anew is made once")

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        del module, args, output
        self._depth = max(0, self._depth - 1)

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Let the optimiser hold what is kept now."""
        del step
        if optimizer is None:
            return
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        new: list[Tensor] = [
            p
            for module in self._kept.values()
            for p in module.parameters(recurse=False)
            if id(p) not in held and p.requires_grad and p.grad is not None
        ]
        if new:  # into a group that is there: schedulers made earlier count the groups
            optimizer.param_groups[0]["params"] += new
            self.say(f"{type(optimizer).__name__} holds its {len(new)} parameters too")

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Keep them from now on; the optimiser holds them from its next step on."""
        del model, optimizer
        self._hang()
