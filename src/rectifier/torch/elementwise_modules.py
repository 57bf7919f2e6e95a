"""The module of any activation of numbers: its parameters, its options, its state.

Layer: torch front end, on `rectifier.torch.functional`. A parameter that the catalog calls
learnable is an ``nn.Parameter``. Arithmetic is left to the functions, the classes of the catalog's
activations to `rectifier.torch.modules`, the choice of what an optimiser does with the parameters
to `rectifier.torch.parameters`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rectifier.activation import Activation, check_flag
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError
from rectifier.kernels import choose, residual
from rectifier.torch.functional import function

OWN_ARGUMENTS = frozenset(
    {
        "num_parameters",
        "init",
        "learnable",
        "inplace",
        "path",
        "keep",
        "device",
        "dtype",
        "activation",
    }
)
"""Argument names of the modules that no parameter may have."""


class ActivationModule(nn.Module):
    """Base of all modules of this front end, and the module of an activation that a user defined.

    Args:
        *args: Values of the parameters in the order of the catalog; for an activation with a value
            per channel the number of channels comes before them, as in ``PReLU(64)``.
        num_parameters: How many values each learnable parameter has: 1, the number of channels
            (dimension 1 of the input), or for one value per unit the shape of the input without
            its batch, of two dimensions or more, as in ``PReLU((16, 8, 8))``.
        init: The starting value, where there is exactly one learnable parameter.
        learnable: Whether the learnable parameters are learned; False makes them plain numbers.
        inplace: Whether to write the result into the input.
        path: ``native``, ``framework`` or ``composed``; None for the fastest that is right.
        keep: What backward keeps of the forward pass: ``input``, ``mask``, ``output``, ``code8``,
            ``code4`` or ``code2``; see `rectifier.torch.lean`.
        device: Where to make the learnable parameters.
        dtype: Their element type.
        **values: Values of the parameters by name. For a learnable one it is where training starts
            and may be a tensor with one value, or one per channel.

    A parameter beyond the largest number of float16, such as the ``mu`` of SMU, 1e6, is held at
    that number in float16.

    Raises:
        InvalidActivationError: There is no such parameter, or a value is out of its bounds.
        UnknownNameError: There is no such path, or nothing such to keep.

    Example:
        >>> from rectifier.torch import PReLU
        >>> PReLU(64).weight.shape
        torch.Size([64])
    """

    spec: ClassVar[Activation | None] = None
    activation: Activation

    def __init__(
        self,
        *args: Any,
        num_parameters: int | tuple[int, ...] | None = None,
        init: float | None = None,
        learnable: bool = True,
        inplace: bool = False,
        path: str | None = None,
        keep: str = "input",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        activation: Activation | None = None,
        **values: Any,
    ) -> None:
        super().__init__()
        spec = type(self).spec or activation
        if spec is None:
            raise InvalidActivationError(
                "ActivationModule needs an activation; use rectifier.torch.activation(name)."
            )
        _check_names(spec)
        self.activation = spec
        self.function: Callable[..., Tensor] = function(spec)
        self.inplace = check_flag(spec.class_name, "inplace", inplace)
        if path is not None and path not in choose.PATHS:
            raise UnknownNameError("kernel path", path, choose.PATHS)
        residual.check(keep)
        self.path = path
        self.keep = keep
        self.learnable = (
            spec.learnable if check_flag(spec.class_name, "learnable", learnable) else ()
        )
        if args and any(param.sharing == "channel" for param in spec.params.values()):
            if num_parameters is not None:
                raise InvalidActivationError(f"{spec.class_name} got num_parameters twice.")
            num_parameters, args = args[0], args[1:]
        shape = _shape(spec, 1 if num_parameters is None else num_parameters)
        self.num_parameters = shape[0] if len(shape) == 1 else shape
        given = _given(spec, args, init, values)
        self.values = spec.parameters(
            **{name: v for name, v in given.items() if name not in self.learnable}
        )
        for name in self.learnable:
            start = given.get(name, spec.params[name].default)
            del self.values[name]
            self.register_parameter(
                name, nn.Parameter(_start(spec, name, start, shape, device, dtype))
            )

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation.

        Args:
            input: A floating tensor of any shape; with values per channel, these are dimension 1.

        Returns:
            A tensor of the input's shape, element type and device.
        """
        learned = {name: getattr(self, name) for name in self.learnable}
        options: dict[str, Any] = {"inplace": self.inplace, "path": self.path}
        if self.keep != "input":
            options["keep"] = self.keep
        return self.function(input, **self.values, **learned, **options)

    def __getstate__(self) -> dict[str, Any]:
        # The function is made again from the activation; a class of the catalog brings its own.
        left_out = {"function", *(["activation"] if type(self).spec is not None else [])}
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.activation = type(self).spec or state["activation"]
        self.function = function(self.activation)
        self.__dict__.setdefault("keep", "input")  # saved before there was a choice

    def reset_parameters(self) -> None:
        """Set the learnable parameters to the defaults of the catalog."""
        for name in self.learnable:
            parameter = getattr(self, name)
            start = self.activation.params[name].default
            with torch.no_grad():
                parameter.copy_(torch.tensor(start, dtype=torch.float64))
            held(parameter)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> ActivationModule:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name in self.learnable:  # half() makes an infinity of SMU's mu, 1e6
            held(getattr(self, name))
        return self

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        for name in self.learnable:  # float16 of a float32 checkpoint
            held(getattr(self, name))

    def _get_name(self) -> str:
        return self.activation.class_name

    def extra_repr(self) -> str:
        """Return what is not the default: ``num_parameters=64``, ``negative_slope=0.2``."""
        parts = [f"num_parameters={self.num_parameters}"] if self.num_parameters != 1 else []
        parts += [f"{name}={value:g}" for name, value in self.values.items()]
        if self.activation.learnable and not self.learnable:
            parts.append("learnable=False")
        parts += ["inplace=True"] if self.inplace else []
        parts += [f"path={self.path!r}"] if self.path else []
        parts += [f"keep={self.keep!r}"] if self.keep != "input" else []
        return ", ".join(parts)


def _check_names(spec: Activation) -> None:
    taken = {*OWN_ARGUMENTS, *dir(ActivationModule), *vars(nn.Module())}
    clash = taken & spec.params.keys()
    if clash:
        raise InvalidActivationError(
            f"activation {spec.name!r} has a parameter named {', '.join(sorted(clash))}, which a "
            "module needs for itself; give it another name."
        )


def _shape(spec: Activation, number: Any) -> tuple[int, ...]:
    """Return the shape of the learnable parameters: (1,), (channels,) or that of all units."""
    shape = tuple(number) if isinstance(number, tuple | list) else (number,)
    for size in shape:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InvalidActivationError(
                f"{spec.class_name}: num_parameters must be a whole number from 1, or the shape of "
                f"the units, got {number!r}."
            )
    if not shape:
        raise InvalidActivationError(f"{spec.class_name}: num_parameters must not be empty.")
    if shape != (1,) and not spec.learnable:
        raise InvalidActivationError(
            f"{spec.class_name} has no learnable parameters, so num_parameters makes no sense."
        )
    return shape


def _given(
    spec: Activation, args: tuple[Any, ...], init: float | None, values: dict[str, Any]
) -> dict[str, Any]:
    """Return the values that were given, by name."""
    if len(args) > len(spec.params):
        raise InvalidActivationError(
            f"{spec.class_name} takes {len(spec.params)} parameters "
            f"({', '.join(spec.params) or 'none'}), got {len(args)}."
        )
    given = dict(zip(spec.params, args, strict=False))
    if init is not None:
        if len(spec.learnable) != 1:
            raise InvalidActivationError(
                f"{spec.class_name}: init needs exactly one learnable parameter; give the values "
                f"by name instead: {', '.join(spec.params) or 'it has none'}."
            )
        values = {spec.learnable[0]: init, **values}
    for name in values:
        if name in given:
            raise InvalidActivationError(f"{spec.class_name} got {name!r} twice.")
        if name not in spec.params:
            spec.parameters(**{name: 0.0})  # raises, naming what there is
    return {**given, **values}


def _start(
    spec: Activation,
    name: str,
    start: Any,
    shape: tuple[int, ...],
    device: torch.device | str | None,
    dtype: torch.dtype | None,
) -> Tensor:
    """Return the starting values of a learnable parameter, of a shape."""
    dtype = dtype or torch.get_default_dtype()
    if isinstance(start, Tensor):
        count = math.prod(shape)
        if start.numel() not in (1, count) or not start.is_floating_point():
            raise InvalidInputError(
                f"{spec.class_name}: {name!r} must start from a number or a floating tensor with 1 "
                f"or num_parameters={count} values; got {start.dtype}, shape {tuple(start.shape)}."
            )
        made = start.detach().to(device, dtype).reshape(-1).expand(count).reshape(shape).clone()
        return held(made) if start.isfinite().all() else made
    number = spec.params[name].check(name, start)
    if dtype is torch.float16:
        number = min(max(number, -_LARGEST), _LARGEST)
    return torch.full(shape, number, device=device, dtype=dtype)


_LARGEST = torch.finfo(torch.float16).max


@torch.no_grad()
def held(parameter: Tensor) -> Tensor:
    """Hold an overflown parameter of float16 at the largest number there is, in place."""
    return parameter.clamp_(-_LARGEST, _LARGEST) if parameter.dtype is torch.float16 else parameter
