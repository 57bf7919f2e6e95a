"""``add_to_optimizer``: parameters that should learn are trained.

Layer: doctor's remedies. Settings: ``how``: ``join`` (an optimiser takes over parameters that get
gradients and that none holds; one that holds nothing but what another optimiser holds too, a slip
of names, takes them over in exchange), ``unfreeze`` (the frozen parameters of the scope, and an
optimiser all of whose parameters are frozen), ``keep_gradient`` (gradients that were cleared before
the step are put back), ``step`` (a step after each backward pass), ``step_too`` (likewise, of the
one among several optimisers that takes none: `_stepping`), ``attach`` (a ``detach()`` left out:
`_attach`), ``write`` (updates that give a name another tensor are written into the weights:
`_written`), ``keep`` (a layer that each pass makes anew is made once: `_anew`),
``thaw`` (layers that were frozen before they took a step: `_thaw`), ``heed`` (parameters of a
module that was given an attribute ``requires_grad`` of True: `_thaw`).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._anew import Keep
from rectifier.doctor.remedies._attach import Attach
from rectifier.doctor.remedies._stepping import Stepping, SteppingToo
from rectifier.doctor.remedies._thaw import Heed, Thaw
from rectifier.doctor.remedies._written import Written
from rectifier.doctor.wording import listing
from rectifier.errors import InvalidInputError
from rectifier.torch.sites import Layer

_WAYS = ("join", "unfreeze", "keep_gradient")
_OTHER: Mapping[str, type[Action]] = {
    "step": Stepping,
    "step_too": SteppingToo,
    "attach": Attach,
    "write": Written,
    "keep": Keep,
    "thaw": Thaw,
    "heed": Heed,
}
"""Ways that are classes of their own."""

_LOOKS = 3
"""Steps in which layers are looked for that no module registers, and, of each optimiser, in which
models are for what came into them since."""


class AddToOptimizer(Action):
    """Sees to it that what gets a gradient is stepped."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.how = str(remedy.settings.get("how", "join"))
        if self.how not in _WAYS:
            raise InvalidInputError(
                "remedy 'add_to_optimizer' knows the ways "
                f"{', '.join([*_WAYS, *_OTHER])}, got {self.how!r}"
            )
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._candidates: dict[int, tuple[str, Tensor]] = {}
        self._models: dict[int, str] = {}
        self._roots: list[tuple[weakref.ref[nn.Module], str]] = []
        self._looks: weakref.WeakKeyDictionary[Optimizer, int] = weakref.WeakKeyDictionary()
        self._idle: set[int] | None = None
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}
        self._thawed: list[Tensor] = []
        self._hooked: set[int] = set()
        self._passes = 0

    def wants_step(self, step: int) -> bool:
        """The first few: models and layers are told of only while a step is seen."""
        return self.how in ("join", "unfreeze") and step - self.since < _LOOKS

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Its parameters may be what no optimiser holds."""
        del args, kwargs
        self._roots.append((weakref.ref(model), name))
        self._list(model, name)
        if self.how == "unfreeze":
            self._thaw(model, name)

    def _thaw(self, model: nn.Module, name: str) -> None:
        named = set(self.remedy.scope.get("parameters", ()))
        found = [(path, p) for path, p in model.named_parameters() if path in named]
        for path, parameter in found:
            if not parameter.requires_grad and parameter.is_floating_point():
                parameter.requires_grad_(True)
                self._thawed.append(parameter)
                self.say_at(f"gradients are required now in {name} by", path)

    def _take_up(self, optimizer: Optimizer) -> None:
        """What was thawed is stepped, too, where the program held nothing but what was trained."""
        held = {id(p) for known in self._optimizers for p in _held(known)}
        new = [p for p in self._thawed if id(p) not in held]
        optimizer.param_groups[0]["params"] += new
        self._thawed.clear()

    def _list(self, model: nn.Module, name: str) -> None:
        for path, parameter in model.named_parameters():
            self._candidates[id(parameter)] = path, parameter
            self._models[id(parameter)] = name

    def on_layer(self, layer: Layer, output: Any) -> None:
        """So may those of a layer that is registered nowhere."""
        del output
        for tensor in layer.tensors():
            self._candidates.setdefault(id(tensor), (layer.name, tensor))

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Know it; thaw it, or watch its gradients."""
        self._optimizers.add(optimizer)
        held = _held(optimizer)
        if self.how == "unfreeze" and held and not any(p.requires_grad for p in held):
            for parameter in held:
                parameter.requires_grad_(True)
            self.say(f"{len(held)} parameters of {type(optimizer).__name__} require gradients now")
        if self.how == "keep_gradient":
            for parameter in held:
                if parameter.requires_grad and id(parameter) not in self._hooked:
                    self._hooked.add(id(parameter))
                    hook: Any = parameter.register_post_accumulate_grad_hook
                    hook(self._arrived)

    def _arrived(self, parameter: Tensor) -> None:
        if parameter.grad is not None:
            self._kept[id(parameter)] = parameter, parameter.grad.detach().clone()

    def on_backward(self, loss: Tensor) -> None:
        """Which parameters does a loss reach of which no optimiser holds any?"""
        if self.how != "join" or self._idle is not None:
            return
        from rectifier.torch import wiring

        found = wiring.read(loss) if self._candidates or self._passes < _LOOKS else None
        if found is not None and self._passes < _LOOKS:
            self._passes += 1
            self._list_nameless(found.leaves)
        held = {id(p) for optimizer in self._optimizers for p in _held(optimizer)}
        reached = {id(leaf) for leaf in found.leaves} if found is not None else set()
        reached &= set(self._candidates)
        if reached and not reached & held:
            self._idle = reached

    def _list_nameless(self, leaves: Iterable[Tensor]) -> None:
        """A parameter that no module registers and no layer holds, as a table that is indexed."""
        named = set(self.remedy.scope.get("parameters", ()))
        for leaf in leaves:
            name = f"parameter of shape {tuple(leaf.shape)}"
            if isinstance(leaf, nn.Parameter) and name in named:
                self._candidates.setdefault(id(leaf), (name, leaf))

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Let the optimiser take over what has a gradient now, or put gradients back."""
        del step
        if optimizer is None:
            return
        self._optimizers.add(optimizer)
        if self._thawed:
            self._take_up(optimizer)
        if self.how == "join":
            self._look_again(optimizer)
            self._join(optimizer)
        elif self.how == "keep_gradient" and self._kept:
            own = [p for p in _held(optimizer) if id(p) in self._kept]
            if own and not any(p.grad is not None and bool(p.grad.any()) for p in own):
                for parameter in own:
                    parameter.grad = self._kept.pop(id(parameter))[1]
                self.say(
                    f"gradients cleared before the step of {type(optimizer).__name__} put back"
                )

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """What was put back has served; the program does not clear it before the next pass."""
        del step
        if optimizer is not None and self.how == "keep_gradient":
            for parameter in _held(optimizer):
                parameter.grad = None
            self._kept.clear()

    def _look_again(self, optimizer: Optimizer) -> None:
        """Adapters come into a model long after its first step, with an optimiser of their own."""
        seen = self._looks.get(optimizer, 0)
        self._looks[optimizer] = seen + 1
        if seen < _LOOKS:
            for reference, name in self._roots:
                model = reference()
                if model is not None:
                    self._list(model, name)

    def _join(self, optimizer: Optimizer) -> None:
        held = {id(p) for known in self._optimizers for p in _held(known)}
        named = set(self.remedy.scope.get("parameters", ()))
        new = [
            (name, p)
            for key, (name, p) in self._candidates.items()
            if key not in held
            and p.requires_grad
            and p.grad is not None
            and (self._idle is None or key in self._idle)
            and (not named or name in named or self._idle is not None)
        ]
        if not new:
            return
        self._idle = None
        names = listing([repr(name) for name, _ in new])
        if self._is_a_copy(optimizer, [p for _, p in new]):
            for group in optimizer.param_groups:
                group["params"] = []
            optimizer.param_groups[0]["params"] = [p for _, p in new]
            optimizer.state.clear()
            kind = type(optimizer).__name__
            self.say(f"{kind} now holds {names}, and no longer what another optimiser holds")
            return
        # into a group that is there: schedulers made earlier count the groups
        optimizer.param_groups[0]["params"] += [p for _, p in new]
        self.say(f"{type(optimizer).__name__} now holds {names} too")

    def _is_a_copy(self, optimizer: Optimizer, new: list[Tensor]) -> bool:
        """Whether another optimiser holds all that it holds, and the new is of another model.

        Then its two steps a round pull those parameters both ways (a generator's loss and a
        discriminator's), and whoever wrote it named the wrong model.
        """
        others = {id(p) for o in self._optimizers if o is not optimizer for p in _held(o)}
        held = {id(p) for p in _held(optimizer)}
        models = {self._models.get(key, "") for key in held}
        return (
            bool(held)
            and held <= others
            and "" not in models
            and not (models & {self._models.get(id(p), "") for p in new})
        )

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Hand the optimiser all of the model's parameters that require a gradient."""
        if optimizer is None:
            return
        self._optimizers.add(optimizer)
        if self.how == "unfreeze":
            self.on_optimizer(optimizer)
        held = {id(p) for p in _held(optimizer)}
        new = [(n, p) for n, p in model.named_parameters() if id(p) not in held and p.requires_grad]
        if new and self.how == "join":
            optimizer.param_groups[0]["params"] += [p for _, p in new]
            names = listing([repr(name) for name, _ in new])
            self.say(f"{type(optimizer).__name__} now holds {names} too")


def _held(optimizer: Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy for one way of being left out."""
    return _OTHER.get(str(remedy.settings.get("how")), AddToOptimizer)(remedy)
