"""``stabilize_loss``: logarithms, roots, quotients and exponentials kept off the edge.

Layer: doctor's remedies. A guard stands where IEEE arithmetic would make NaN or infinity: the
argument of a logarithm or root is held at the type's smallest sound value, a zero denominator is
replaced by it, an exponential's argument is bounded, the spread of one value is zero, and a row of
a softmax that is masked as a whole counts as even, and nothing times infinity is nothing
(`_nothing`). With ``fill`` in the settings, NaN and infinity
in what enters the layers of the scope are replaced by the mean of their feature over the batch.
With ``bound`` the argument of every exponential that is trained is bent to stay within it (a scale
learnt without one, layer upon layer, is beyond all measure long before it overflows).
Elsewhere results are as before, bit for bit. With ``decay`` or ``epsilon``, nothing but the
optimiser's is bounded (`_decay`); with ``target_std``, nothing but the unit is changed (`_units`),
with ``target_low`` and ``target_high`` that of a likelihood's targets (`_within`).
Weights in half precision are stepped in single precision (`_single`), and what overflows there,
powers, exponentials and sums, is computed in it, as ``torch.autocast`` does.

Source: the guards that PyTorch's own losses have (``BCELoss`` clamps its logarithms at -100,
``gaussian_nll_loss`` its variance at 1e-6); Blanchard, Higham and Higham 2021, "Accurately
computing the log-sum-exp and softmax functions". The bound: Ardizzone et al. 2019, "Analyzing
inverse problems with invertible neural networks", whose couplings bend the argument likewise.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, _carried, _nothing, program_line
from rectifier.doctor.remedies._decay import Decay, Epsilon
from rectifier.doctor.remedies._hook import Hook
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor
from rectifier.doctor.remedies._single import Single
from rectifier.doctor.remedies._units import Units
from rectifier.doctor.remedies._within import Within

_LOGARITHMS = frozenset({"log", "log2", "log10"})
_ROOTS = frozenset({"sqrt", "rsqrt"})
_QUOTIENTS = frozenset({"div", "true_divide", "truediv", "divide", "rtruediv", "rdiv"})
_SPREADS = frozenset({"std", "var"})
_SOFTMAXES = frozenset({"softmax", "log_softmax"})
_MASKS = frozenset(name.strip("_") for name in _nothing.NAMES)
_OVERFLOWING = frozenset({
    "square", "pow", "exp", "sum", "mean", "prod", "norm", "mse_loss", "cumsum", "expm1",
})  # fmt: skip
"""What overflows 65504, the largest of half precision: autocast's list of single precision."""

LARGEST_EXPONENT = 20.0
"""exp(20) is 5e8: a variance or rate beyond it means nothing, and its gradient ruins a step."""


class StabilizeLoss(Rewriting):
    """Guards the calls that can leave the finite numbers."""

    names = frozenset({
        *_LOGARITHMS, *_ROOTS, *_QUOTIENTS, *_SOFTMAXES,
        "exp", "pow", "__pow__", "__rpow__", "reciprocal", "__truediv__", "__rtruediv__",
        "__rdiv__", *_SPREADS, *_OVERFLOWING, "acos", "asin", "arccos", "arcsin", "log1p", "atanh",
        *_carried.NAMES, *_nothing.NAMES,
    })  # fmt: skip

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._single = Single()
        self._filled: set[int] = set()
        self._carried = _carried.Carried()
        self._overflowed = False
        self._bound = float(remedy.settings.get("bound", 0.0))
        self._shares: tuple[weakref.ref[Tensor], Tensor, Any] | None = None
        self._bent: set[tuple[str, int]] = set()

    def wants_step(self, step: int) -> bool:
        """The first, where data are filled: models are told of only while a step is seen."""
        return step == self.since and bool(self.remedy.settings.get("fill"))

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Fill what enters its first layers, where that was asked for."""
        del name, args, kwargs
        named = set(self.remedy.scope.get("layers", ()))
        for path, module in model.named_modules():
            first = path in named if named else not list(module.children())
            if self.remedy.settings.get("fill") and first and id(module) not in self._filled:
                self._filled.add(id(module))
                self.handles.append(module.register_forward_pre_hook(Hook(self._fill)))

    def _fill(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        del module
        x = tensor(args[0]) if args else None
        if x is None or bool(torch.isfinite(x).all()):
            return None
        known = torch.isfinite(x)
        counts = known.sum(0, keepdim=True).clamp_min(1)
        mean = torch.where(known, x, 0.0).sum(0, keepdim=True) / counts
        self.say("NaN and infinity in the data filled with the mean of their feature")
        return (torch.where(known, x, mean), *args[1:])

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Guard the argument that can do harm, then call."""
        if name in _MASKS and (masked := _nothing.product(func, args, kwargs)) is not None:
            self.unwritten = True
            self.say("nothing times infinity taken for nothing")
            return masked
        x = tensor(args[0]) if args else None
        if x is None:
            return func(*args, **kwargs)
        if name == "exp" and self._bound and self._is_trained(x):
            self.unwritten = True
            self.say(f"arguments of exp bent to stay within ± {self._bound:g}")
            return func(self._bound * torch.tanh(x / self._bound), *args[1:], **kwargs)
        if name in _LOGARITHMS and (whole := self._whole(name, x)) is not None:
            return whole
        carried = self._carried.call(name, func, args, kwargs)
        if carried is not None:
            if name in (*_QUOTIENTS, *_LOGARITHMS):
                self.unwritten = True
                self.say("quotients and logarithms of exponentials taken as logsumexp does")
            return carried
        if name in _OVERFLOWING and x.dtype == torch.float16:
            self.note_place(name)
            self.say_at("computed in single precision:", name)
            wide = tuple(a.float() if tensor(a) is not None else a for a in args)
            return func(*wide, **kwargs)
        if name in _QUOTIENTS:
            return self._quotient(func, args, kwargs)
        if name in _SPREADS:
            return self._spread(name, x, func, args, kwargs)
        guarded = self._guarded(name, x, args, kwargs)
        result = func(guarded, *args[1:], **kwargs)
        if name == "softmax" and isinstance(result, Tensor):
            self._shares = weakref.ref(result), guarded, keyword(args, kwargs, 1, "dim")
        if guarded is not x:
            self.note_place(name)
            self.say_at("kept from NaN and infinity:", name)
            self._overflowed |= name == "exp"
        if name == "exp" and self._overflowed:  # what others are divided by is known as well
            self._carried.know(result, x)
        return result

    def _whole(self, name: str, x: Tensor) -> Tensor | None:
        """The logarithm of a softmax at once, where a share fell to nought: there it has no slope.

        Held at the smallest number instead, a class that is given no chance would never get one.
        """
        if self._shares is None or self._shares[0]() is not x or name != "log":
            return None
        _, entered, dim = self._shares
        if not isinstance(dim, int) or not bool((x < torch.finfo(x.dtype).tiny).any()):
            return None
        self.unwritten = True
        self.say("logarithms of a softmax taken as log_softmax does")
        return torch.log_softmax(entered, dim, dtype=x.dtype)

    def _is_trained(self, x: Tensor) -> bool:
        """Whether it takes a gradient, or is evaluated where one did."""
        line = program_line()
        if x.requires_grad:
            self._bent.add(line)
        return line in self._bent

    def _guarded(
        self, name: str, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Tensor:
        small = torch.finfo(x.dtype).eps
        if name in _LOGARITHMS:
            return _at_least(x, small)
        if name in _ROOTS:
            return _at_least(x, small * small if x.dtype != torch.float16 else small)
        if name == "exp":
            return _at_most(x, LARGEST_EXPONENT)
        if name == "log1p":
            return _at_least(x, small - 1.0)
        if name in ("acos", "asin", "arccos", "arcsin", "atanh"):
            return _at_most(_at_least(x, small - 1.0), 1.0 - small)
        if name == "reciprocal":
            return _not_zero(x, small)
        if name in ("pow", "rpow"):
            power = keyword(args, kwargs, 1, "exponent")
            broken = isinstance(power, int | float) and (power < 0 or 0 < power < 1)
            if isinstance(power, Tensor) and power.is_floating_point():
                broken = bool((power != power.round()).any())  # a learnt one, of a negative value
            return _at_least(x, small * small) if broken and name == "pow" else x
        if name in _SOFTMAXES:
            dim = keyword(args, kwargs, 1, "dim")
            if isinstance(dim, int) and x.dim():
                hidden = (x == -math.inf).all(dim=dim, keepdim=True)
                return x.masked_fill(hidden, 0.0) if bool(hidden.any()) else x
        return x

    def _spread(
        self, name: str, x: Tensor, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Of a single value, as in a last batch of one, no unbiased spread is known: zero."""
        dim = keyword(args, kwargs, 1, "dim")
        dims = dim if isinstance(dim, tuple | list) else [dim]
        whole = dim is None or isinstance(dim, bool)  # ``std(True)``: unbiased, of all
        size = x.numel() if whole else math.prod(x.shape[d] for d in dims)
        if size != 1:
            return func(*args, **kwargs)
        self.note_place(name)
        self.say_at("kept from NaN and infinity:", name)
        kept = {"dim": None if whole else dim, "keepdim": bool(kwargs.get("keepdim"))}
        return getattr(torch, name)(x, correction=0, **kept)

    def _quotient(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        place = 0 if func.__name__.startswith("__r") else 1
        below = tensor(args[place]) if len(args) > place else None
        if below is None:
            return func(*args, **kwargs)
        guarded = _not_zero(below, torch.finfo(below.dtype).eps)
        if guarded is below:
            return func(*args, **kwargs)
        self.note_place("division")
        self.say_at("kept from NaN and infinity:", "division")
        return func(*args[:place], guarded, *args[place + 1 :], **kwargs)

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Half-precision weights become single for the time of the step."""
        del step
        if optimizer is not None and self._single.widen(optimizer):
            self.say(f"{type(optimizer).__name__} steps float16 weights in float32")

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """And half again."""
        del step
        if optimizer is not None:
            self._single.narrow()

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Guard from now on, in this thread."""
        self.on_model(model, "", (), {})
        if optimizer is not None:
            self._single.stay(optimizer)
        self.stay()
        self.say("logarithms, roots, quotients and exponentials are guarded from now on")


def _at_least(x: Tensor, low: float) -> Tensor:
    return x.clamp_min(low) if bool((x < low).any()) else x


def _at_most(x: Tensor, high: float) -> Tensor:
    return x.clamp_max(high) if bool((x > high).any()) else x


def _not_zero(x: Tensor, small: float) -> Tensor:
    zero = x == 0
    return x.masked_fill(zero, small) if bool(zero.any()) else x


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy; a decay of the weights is a part of the loss too, and so is its unit."""
    if remedy.settings.get("decay"):
        return Decay(remedy)
    if remedy.settings.get("epsilon"):
        return Epsilon(remedy)
    if "target_low" in remedy.settings:
        return Within(remedy)
    return (Units if "target_std" in remedy.settings else StabilizeLoss)(remedy)
