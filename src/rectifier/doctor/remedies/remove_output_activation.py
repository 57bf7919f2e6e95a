"""``remove_output_activation``: the loss gets what the last layer gave.

Layer: doctor's remedies. Settings: ``function``, the activation; ``to``: what takes its place
(``sigmoid`` for a softmax over one value, or, with ``each``, over several: `_each`); ``log``: true
where the loss wants logarithms of what it gets; ``regression``: true where the targets lie outside
its range; ``scaled``: true where a temperature comes before the loss; ``hard``, ``rate``: see
`_likelihoods`; scope: ``layer``, the last one.

Where a loss squashes what is squashed already, only the loss's argument is exchanged: what the
model returns, and so what the program makes of it elsewhere, stays a probability, also where the
program squashes it a second time (``torch.sigmoid(model(x)) > 0.5``). What is compared to nought,
as no sigmoid need be, is compared without its sigmoid. Where what the activation
gives is no probability (tanh, ReLU: of scores at its bound none is the largest) or for a regression
the output itself becomes linear, in evaluation too.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, Site, program_line
from rectifier.doctor.remedies._each import SigmoidEach
from rectifier.doctor.remedies._likelihoods import Rate, Soft
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor
from rectifier.torch.sites import Layer

_SHAPES = frozenset({
    "view", "reshape", "squeeze", "unsqueeze", "flatten", "permute", "transpose", "contiguous",
    "getitem", "float", "to", "t", "double", "movedim", "unflatten", "select", "narrow",
})  # fmt: skip
_LOSSES = frozenset({
    "cross_entropy", "log_softmax", "logsumexp", "binary_cross_entropy_with_logits", "logsigmoid",
    "multi_margin_loss", "nll_loss", "kl_div",
})  # fmt: skip
_SIDES = frozenset({"gt", "ge", "lt", "le", "__gt__", "__ge__", "__lt__", "__le__"})
"""Comparisons: with nought, of which every sigmoid is on one side, they mean its logit."""

_SCALES = frozenset({"div", "__div__", "__truediv__", "mul", "__mul__", "__rmul__"})
"""Calls that a temperature is applied by, a plain number."""

_MAKERS = {
    "softmax": ("softmax",),
    "safe_softmax": ("softmax",),
    "sigmoid": ("sigmoid", "expit"),
    "tanh": ("tanh",),
    "relu": ("relu", "relu_"),
    "hardtanh": ("hardtanh",),
    "hardsigmoid": ("hardsigmoid",),
    "softplus": ("softplus",),
    "exp": ("exp",),
}


_OTHER: Mapping[str, type[Rewriting]] = {"each": SigmoidEach, "hard": Soft, "rate": Rate}
"""Settings whose remedy is a class of its own."""

_SCORES = frozenset({"tanh", "hardtanh", "relu", "relu6", "softsign"})
"""Functions whose results serve as scores: without them the evaluation sees the same, and more."""


class RemoveOutputActivation(Rewriting):
    """Remembers what entered the activation, and hands that to the loss."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.function = str(remedy.settings.get("function", ""))
        self.to = str(remedy.settings.get("to", ""))
        self.logarithm = bool(remedy.settings.get("log"))
        self.regression = bool(remedy.settings.get("regression"))
        self.linear = self.regression or (self.function in _SCORES and not self.to)
        self.layer = str(remedy.scope.get("layer", ""))
        makers = _MAKERS.get(self.function, (self.function,))
        self._makers = frozenset(makers)
        self.names = frozenset(makers)
        if self.regression:
            clamps = {"clamp", "clip"} if "clamp" in self.function else set()
            self.names = frozenset(
                {*_SHAPES, "__getitem__", "exp"} if self.function == "exp" else clamps
            )
        elif not self.to:
            bare = {*_SHAPES, *_LOSSES} - {"getitem"}
            self.names = frozenset({*makers, *bare, "__getitem__", "sub", "__sub__"})
            if self.function == "sigmoid":
                self.names |= _SIDES
            if remedy.settings.get("scaled"):
                self.names |= _SCALES
        self._entered: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}
        self._lines: dict[int, tuple[str, int]] = {}
        self._summed: dict[int, weakref.ref[Tensor]] = {}
        self._given: dict[int, weakref.ref[Tensor]] = {}
        self._ends: set[tuple[str, int]] = set()

    def on_layer(self, layer: Layer, output: Any) -> None:
        """What the last layer gave: an exponential, which is no site, is known by it."""
        if self.regression and layer.name == self.layer and isinstance(output, Tensor):
            self._given[id(output)] = weakref.ref(output)

    def wants_step(self, step: int) -> bool:
        """At every step where the output itself changes."""
        del step
        return self.linear

    def computes(self, site: Site) -> str:
        """The site computes nothing any more."""
        return "identity"

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """An output that becomes linear: what entered its activation."""
        del apply
        if not self.linear or site.layer != self.layer or site.function != self.function:
            return None
        if not self.met:
            self._note(program_line())
        self.say_at(f"{self.function} removed at", site.name)
        return input * 1.0

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Remember, follow through shapes, exchange at the loss."""
        x = tensor(keyword(args, kwargs, 0, "input"))
        if x is None:
            return func(*args, **kwargs)
        if self.regression and self.function == "exp":
            return self._unbent(name, x, func, args, kwargs)
        if self.regression:
            return self._unclamped(x, func, args, kwargs)
        if self.to:
            return self._instead(x, func, args, kwargs)
        if name in _LOSSES:
            kept = self._known(x)
            if kept is not None:
                self._note(self._lines[id(x)])
            if kept is not None and self.logarithm:
                self.say(f"{name} is given the logarithm of the {self.function}")
                return self._sum(name, func, self._logarithm(kept, name), args, kwargs)
            if kept is not None:
                self.say(f"{name} is given what entered {self.function}")
                return self._sum(name, func, kept, args, kwargs)
        if name == "sub":
            kept, other = self._known(x), args[1] if len(args) > 1 else None
            reference = self._summed.get(id(other))
            if kept is not None and reference is not None and reference() is other:
                return func(kept, *args[1:], **kwargs)
            return func(*args, **kwargs)
        if name in _SIDES:
            plain = len(args) > 1 and isinstance(args[1], int | float) and args[1] == 0
            kept = self._known(x) if plain else None
            if kept is None:
                return func(*args, **kwargs)
            self.say("what entered sigmoid, and not the sigmoid, is compared to nought")
            return func(kept, *args[1:], **kwargs)
        made = name in self._makers or name.rstrip("_") in self._makers
        if made and self._known(x) is not None and isinstance(x, Tensor):
            self.say(f"{self.function} of what is a {self.function} already left out")
            return x * 1.0
        result = func(*args, **kwargs)
        if made:
            self._remember(result, x, program_line())
        elif name in _SHAPES or (f"__{name}__" in _SCALES and not isinstance(args[-1], Tensor)):
            kept = self._known(x)
            if kept is not None and isinstance(result, Tensor):
                self._remember(result, func(kept, *args[1:], **kwargs), self._lines[id(x)])
        return result

    def _note(self, line: tuple[str, int]) -> None:
        """Where the activation is that a loss does without."""
        place = [self.function, *line]
        if place not in self.met.setdefault("places", []):
            self.met["places"].append(place)

    def _sum(
        self, name: str, func: Any, kept: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        named = {key: value for key, value in kwargs.items() if key != "input"}
        result = func(kept, *args[1:], **named)
        if name == "logsumexp" and isinstance(result, Tensor):
            self._summed[id(result)] = weakref.ref(result)
        return result

    def _logarithm(self, kept: Tensor, name: str) -> Tensor:
        if self.function == "sigmoid":
            return torch.nn.functional.logsigmoid(kept)
        return kept.log_softmax(1 if name == "nll_loss" and kept.dim() > 1 else -1)

    def _instead(self, x: Tensor, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        dim = keyword(args, kwargs, 1, "dim")
        if not isinstance(dim, int) or x.shape[dim] != 1:
            return func(*args, **kwargs)
        self.say(f"{self.to} in place of {self.function} over one value")
        return getattr(torch, self.to)(x)

    def _unclamped(
        self, x: Tensor, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        given = self.remedy.settings
        low, high = keyword(args, kwargs, 1, "min"), keyword(args, kwargs, 2, "max")
        bounds = (given.get("low"), given.get("high"))
        if (_plain(low), _plain(high)) != bounds:
            return func(*args, **kwargs)
        self._note(program_line())
        self.say("clamp of the output removed")
        return x * 1.0

    def _unbent(
        self, name: str, x: Tensor, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """An exponential of what the last layer gave, and later of anything on the same line."""
        reference = self._given.get(id(x))
        given = reference is not None and reference() is x
        if name != "exp":
            result = func(*args, **kwargs)
            if given and isinstance(result, Tensor):
                self._given[id(result)] = weakref.ref(result)
            return result
        line = program_line()
        if not given and line not in self._ends:
            return func(*args, **kwargs)
        self._ends.add(line)
        self._note(line)
        self.say("exp of the output removed")
        return x * 1.0

    def _known(self, x: Tensor) -> Tensor | None:
        found = self._entered.get(id(x))
        return found[1] if found is not None and found[0]() is x else None

    def _remember(self, result: Any, entered: Tensor, line: tuple[str, int]) -> None:
        if isinstance(result, Tensor) and (entered.requires_grad or not torch.is_grad_enabled()):
            if len(self._entered) > 64:
                self._entered = {k: v for k, v in self._entered.items() if v[0]() is not None}
                self._lines = {k: self._lines[k] for k in self._entered}
            self._entered[id(result)] = weakref.ref(result), entered
            self._lines[id(result)] = line

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Nothing is kept beyond a step."""
        del optimizer, step
        self._entered.clear()
        self._lines.clear()
        self._summed.clear()
        self._given.clear()

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread; a regression's output only by an edit."""
        del model, optimizer
        if self.regression:
            self.say(f"{self.function} at the output: remove it in the program, then retrain")
            return
        self.stay()
        self.say(f"losses are given what entered {self.function} from now on")


def _plain(bound: Any) -> float | None:
    return float(bound) if isinstance(bound, int | float) else None


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy; of classes that may hold at once each gets a sigmoid."""
    for setting, kind in _OTHER.items():
        if remedy.settings.get(setting):
            return kind(remedy)
    if remedy.settings.get("regression") and remedy.settings.get("function") == "softmax":
        return SigmoidEach(remedy)  # no site, as it is not elementwise
    return RemoveOutputActivation(remedy)
