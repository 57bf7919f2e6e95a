"""Which calls of torch apply an activation, and on what.

Part of the torch front end's interception (`rectifier.torch.sites`). `recognise` looks at one call
of a torch function and says whether it is an activation in one of its many spellings:
``F.relu(x)``, ``torch.relu_(x)``, ``x.clamp(min=0)``, ``torch.maximum(x, zeros)``, ``torch.where(x
> 0, x, 0)``, ``x * (x > 0)``, ``x[x < 0] = 0``. It knows nothing of modules, sites or observers.
"""

from __future__ import annotations

import enum
import functools
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from rectifier.torch.activation_modules import module_function

Call = Callable[..., Any]

__all__ = [
    "ACTIVATIONS",
    "COMPARISONS",
    "KINDS",
    "LOSS_FUNCTIONS",
    "OWN_FUNCTIONS",
    "WEIGHTED",
    "Form",
    "Kind",
    "Masks",
    "module_function",
    "recognise",
]

_PLAIN = {
    "relu": "relu",
    "relu6": "relu6",
    "leaky_relu": "leaky_relu",
    "prelu": "prelu",
    "rrelu": "rrelu",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "gelu": "gelu",
    "silu": "silu",
    "mish": "mish",
    "softplus": "softplus",
    "sigmoid": "sigmoid",
    "expit": "sigmoid",
    "logsigmoid": "logsigmoid",
    "tanh": "tanh",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "hardtanh": "hardtanh",
    "hardshrink": "hardshrink",
    "softshrink": "softshrink",
    "tanhshrink": "tanhshrink",
    "softsign": "softsign",
    "threshold": "threshold",
}
"""Name of the torch function, and the catalog's name where it has one."""

_LIKELY = {"sin": "sin", "cos": "cos", "atan": "arctan", "arctan": "arctan"}
"""Activations only where a weighted layer feeds them (SIREN); else they are just mathematics."""

LOSSES = frozenset(
    {
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cosine_embedding_loss",
        "cross_entropy",
        "ctc_loss",
        "gaussian_nll_loss",
        "hinge_embedding_loss",
        "huber_loss",
        "kl_div",
        "l1_loss",
        "margin_ranking_loss",
        "mse_loss",
        "multi_margin_loss",
        "multilabel_margin_loss",
        "multilabel_soft_margin_loss",
        "nll_loss",
        "poisson_nll_loss",
        "smooth_l1_loss",
        "soft_margin_loss",
        "triplet_margin_loss",
        "triplet_margin_with_distance_loss",
    }
)
"""Loss functions of ``torch.nn.functional``."""

_WEIGHTED = (
    *("linear", "bilinear", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "embedding"),
    *("matmul", "mm", "addmm", "bmm", "baddbmm", "einsum", "tensordot", "mv", "addmv"),
    *("__matmul__", "__rmatmul__"),
)


class Kind(enum.Enum):
    """What a torch function may be to the interception."""

    ACTIVATION = "activation"
    WEIGHTED = "weighted"
    LOSS = "loss"
    COMPARISON = "comparison"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True)
class Form:
    """One call that applies an activation.

    Attributes:
        function: The activation's catalog name where it has one, else the callee's name.
        input: What it is applied to.
        inplace: Whether the call overwrites its input.
        certain: False for calls that are an activation only where a weighted layer feeds them.
        apply: The same function on another tensor, never in place.
        assured: Whether ``function`` is known from what was called, not from a class's name.
        written: Whether it is a formula between two layers, which is known only when it has run.
    """

    function: str
    input: Tensor
    inplace: bool
    certain: bool
    apply: Callable[[Tensor], Tensor]
    assured: bool = True
    written: bool = False


class Masks:
    """Remembers the latest ``x > 0`` so that ``where`` and ``*`` with it are recognised."""

    def __init__(self) -> None:
        self._recent: deque[tuple[weakref.ref[Tensor], weakref.ref[Tensor], bool]] = deque(maxlen=8)

    def compared(self, name: str, args: Sequence[Any], mask: Any) -> None:
        """A comparison ran; keep it if it was one of a tensor with zero."""
        if len(args) < 2 or not isinstance(mask, Tensor):
            return
        left, right = args[0], args[1]
        upward = name in ("gt", "ge", "__gt__", "__ge__", "greater", "greater_equal")
        if isinstance(left, Tensor) and _is_zero(right, left):
            self._recent.append((weakref.ref(mask), weakref.ref(left), upward))
        elif isinstance(right, Tensor) and _is_zero(left, right):
            self._recent.append((weakref.ref(mask), weakref.ref(right), not upward))

    def converted(self, source: Any, result: Any) -> None:
        """A mask was turned into numbers; the result stands for the same comparison."""
        for mask, operand, upward in tuple(self._recent):
            kept = operand()
            if mask() is source and kept is not None and isinstance(result, Tensor):
                self._recent.append((weakref.ref(result), weakref.ref(kept), upward))
                return

    def find(self, candidate: Any) -> tuple[Tensor, bool] | None:
        """The tensor that ``candidate`` compares with zero, and whether it is true above zero."""
        for mask, operand, upward in self._recent:
            if mask() is candidate:
                kept = operand()
                return None if kept is None else (kept, upward)
        return None


def _is_zero(value: Any, beside: Tensor) -> bool:
    """Whether a number or tensor is zero throughout."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return value == 0
    if isinstance(value, Tensor) and value is not beside and not value.requires_grad:
        return value.numel() > 0 and not bool(value.count_nonzero())
    return False


def _named(names: Sequence[str]) -> dict[Call, str]:
    found: dict[Call, str] = {}
    for name in names:
        for home in (torch, F, Tensor, torch.special):
            for spelling in (name, name + "_"):
                function = getattr(home, spelling, None)
                if callable(function):
                    found[function] = spelling
    return found


def _simple(name: str) -> Callable[[Call, str, tuple[Any, ...], Mapping[str, Any]], Form | None]:
    certain = name in _PLAIN

    def look(func: Call, spelling: str, args: tuple[Any, ...], kwargs: Any) -> Form | None:
        tensor = args[0] if args else kwargs.get("input")
        if not isinstance(tensor, Tensor):
            return None
        function = _PLAIN.get(name) or _LIKELY[name]
        rest = args[1:]
        options = {key: value for key, value in kwargs.items() if key not in ("input", "out")}
        inplace = spelling.endswith("_") or bool(options.pop("inplace", False))
        if function == "gelu" and options.get("approximate") == "tanh":
            function = "gelu_tanh"
        elif function == "threshold":
            bound = (*rest, options.get("threshold"), options.get("value"))[:2]
            function = "relu" if tuple(bound) == (0, 0) else "threshold"
        elif function == "hardtanh":
            low = rest[0] if rest else options.get("min_val", -1.0)
            high = rest[1] if len(rest) > 1 else options.get("max_val", 1.0)
            function = "relu6" if (low, high) == (0, 6) else "hardtanh"
        plain = _without_inplace(func, spelling)
        return Form(function, tensor, inplace, certain, lambda t: plain(t, *rest, **options))

    return look


def _without_inplace(func: Call, spelling: str) -> Call:
    if not spelling.endswith("_"):
        return func

    def on_copy(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        return func(tensor.clone(), *args, **kwargs)

    return on_copy


def _clamp(func: Call, spelling: str, args: tuple[Any, ...], kwargs: Any) -> Form | None:
    tensor = args[0] if args else kwargs.get("input")
    low = args[1] if len(args) > 1 else kwargs.get("min")
    high = args[2] if len(args) > 2 else kwargs.get("max")
    if not isinstance(tensor, Tensor) or low is None:
        return None
    if isinstance(low, int | float) and isinstance(high, int | float) and (low, high) == (-1, 1):
        function = "hardtanh"
    elif not _is_zero(low, tensor):
        return None
    elif high is None:
        function = "relu"
    elif isinstance(high, int | float) and high == 6:
        function = "relu6"
    else:
        return None
    return Form(function, tensor, spelling.endswith("_"), False, lambda t: t.clamp(low, high))


def _maximum(func: Call, spelling: str, args: tuple[Any, ...], kwargs: Any) -> Form | None:
    left = args[0] if args else kwargs.get("input")
    right = args[1] if len(args) > 1 else kwargs.get("other")
    if not isinstance(left, Tensor) or not isinstance(right, Tensor):
        return None
    if right.shape != left.shape and right.numel() != 1 and left.numel() != 1:
        return None
    if _is_zero(right, left):
        return Form("relu", left, False, False, lambda t: torch.maximum(t, torch.zeros_like(t)))
    if _is_zero(left, right):
        return Form("relu", right, False, False, lambda t: torch.maximum(t, torch.zeros_like(t)))
    for tensor, other in ((left, right), (right, left)):
        slope = _multiple(other, tensor)
        if slope is not None and 0 < slope < 1:
            leaky = functools.partial(F.leaky_relu, negative_slope=slope)
            return Form("leaky_relu", tensor, False, False, leaky)
    return None


def _multiple(value: Tensor, of: Tensor) -> float | None:
    """The number that a tensor was multiplied with to give another one; None if it was not."""
    node: Any = value.grad_fn
    if node is None or of.grad_fn is None or not node.name().startswith("MulBackward"):
        return None
    if [edge for edge in node.next_functions if edge[0] is not None] != [
        (of.grad_fn, of.output_nr)
    ]:
        return None
    factor = node._saved_other if node.next_functions[0][0] is not None else node._saved_self
    return float(factor) if isinstance(factor, Tensor) and factor.dim() == 0 else None


def _fill(spelling: str, args: tuple[Any, ...], masks: Masks) -> Form | None:
    """``x.masked_fill(x < 0, 0)`` and ``x[x < 0] = 0``."""
    if len(args) < 3 or not isinstance(args[0], Tensor):
        return None
    tensor, mask, value = args[:3]
    found = masks.find(mask)
    if found is None or found[1] or not _is_zero(value, tensor):
        return None
    if found[0] is not tensor and not _is_copy(tensor, found[0]):
        return None
    return Form("relu", tensor, spelling != "masked_fill", False, torch.relu)


def _is_copy(tensor: Tensor, of: Tensor) -> bool:
    """Whether a tensor is fresh from the ``clone()`` of another one."""
    node = tensor.grad_fn
    if node is None or of.grad_fn is None or not node.name().startswith("CloneBackward"):
        return False
    return node.next_functions[0] == (of.grad_fn, of.output_nr)


def _where(args: tuple[Any, ...], kwargs: Mapping[str, Any], masks: Masks) -> Form | None:
    values = (*args, *(kwargs[key] for key in ("input", "other") if key in kwargs))
    if len(values) < 3:
        return None
    found = masks.find(values[0])
    if found is None:
        return None
    operand, upward = found
    kept, other = (values[1], values[2]) if upward else (values[2], values[1])
    if kept is not operand:
        return None
    if _is_zero(other, operand):
        return Form("relu", operand, False, False, torch.relu)
    slope = _multiple(other, operand) if isinstance(other, Tensor) else None
    if slope is not None:
        leaky = functools.partial(F.leaky_relu, negative_slope=slope)
        return Form("leaky_relu", operand, False, False, leaky)
    return Form("where", operand, False, False, lambda t: t)


def _mask_product(args: tuple[Any, ...], masks: Masks) -> Form | None:
    if len(args) < 2:
        return None
    for tensor, mask in ((args[0], args[1]), (args[1], args[0])):
        found = masks.find(mask)
        if found is not None and found[0] is tensor and found[1]:
            return Form("relu", tensor, False, False, torch.relu)
    return None


def _own(func: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Form | None:
    tensor = args[0] if args else kwargs.get("input")
    if not isinstance(tensor, Tensor):
        return None
    rest = args[1:]
    options = {key: value for key, value in kwargs.items() if key not in ("input", "inplace")}
    name: str = getattr(func, "activation").name  # noqa: B009 - a function's attribute
    inplace = bool(kwargs.get("inplace", False))
    return Form(name, tensor, inplace, True, lambda t: func(t, *rest, **options))


_SIMPLE: dict[Call, tuple[str, Any]] = {
    function: (spelling, _simple(name))
    for name in (*_PLAIN, *_LIKELY)
    for function, spelling in _named([name]).items()
}
_CLAMPS = _named(["clamp", "clamp_min", "clip"])
_MAXIMA = _named(["maximum", "fmax", "max"])
_WHERES = _named(["where"])
_FILLS = {**_named(["masked_fill"]), Tensor.__setitem__: "__setitem__"}
_PRODUCTS = _named(["mul", "multiply", "__mul__", "__rmul__"])
COMPARISONS = _named(
    [
        *("gt", "ge", "lt", "le", "__gt__", "__ge__", "__lt__", "__le__"),
        *("greater", "greater_equal", "less", "less_equal"),
    ]
)
"""Functions whose result may be a mask."""
CONVERSIONS = _named(["float", "double", "half", "bfloat16", "to", "type_as", "type"])
"""Functions that turn a mask into numbers."""
WEIGHTED = _named(_WEIGHTED)
"""Functions that combine an input with weights."""
LOSS_FUNCTIONS = {getattr(F, name): name for name in sorted(LOSSES) if hasattr(F, name)}
"""Loss functions by callee."""
ACTIVATIONS = frozenset([*_SIMPLE, *_CLAMPS, *_MAXIMA, *_WHERES, *_FILLS, *_PRODUCTS])
"""Functions that may be an activation; `recognise` decides."""


OWN_FUNCTIONS = "rectifier.torch.functional"
"""Module of rectifier's own activations, each a function with its definition as ``activation``."""

KINDS: Mapping[Call, Kind] = {
    **dict.fromkeys(CONVERSIONS, Kind.CONVERSION),
    **dict.fromkeys(COMPARISONS, Kind.COMPARISON),
    **dict.fromkeys(LOSS_FUNCTIONS, Kind.LOSS),
    **dict.fromkeys(WEIGHTED, Kind.WEIGHTED),
    **dict.fromkeys(ACTIVATIONS, Kind.ACTIVATION),
}
"""Every function that matters, and why."""


def recognise(
    func: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any], masks: Masks
) -> Form | None:
    """Whether a call applies an activation.

    Args:
        func: A member of `ACTIVATIONS`.
        args: Positional arguments of the call.
        kwargs: Its keyword arguments.
        masks: The latest comparisons with zero.

    Returns:
        What is applied to what; None if the call is something else.
    """
    simple = _SIMPLE.get(func)
    if simple is not None:
        form: Form | None = simple[1](func, simple[0], args, kwargs)
    elif func in _CLAMPS:
        form = _clamp(func, _CLAMPS[func], args, kwargs)
    elif func in _MAXIMA:
        form = _maximum(func, _MAXIMA[func], args, kwargs)
    elif func in _WHERES:
        form = _where(args, kwargs, masks)
    elif func in _FILLS:
        form = _fill(_FILLS[func], args, masks)
    elif func not in KINDS:
        form = _own(func, args, kwargs)
    else:
        form = _mask_product(args, masks)
    if form is None or not form.input.is_floating_point() or form.input.dim() == 0:
        return None
    return form
