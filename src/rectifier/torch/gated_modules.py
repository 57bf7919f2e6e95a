"""Gated units as modules: ``SwiGLU()`` on halves, ``SwiGLU(512, 1376)`` with its projections.

Layer: torch front end, on `rectifier.torch.gated`. The classes are made from the catalog's records
when they are first asked for. With sizes a unit is the feed-forward layer of Shazeer (2020),
``(act(x W) * (x V)) W2``, whose matrices have the names that LLaMA's checkpoints use.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.activation import Activation, check_flag
from rectifier.analysis.rows import check_axis, check_gate
from rectifier.errors import InvalidActivationError, InvalidInputError
from rectifier.torch.functional import function
from rectifier.torch.gated import gated


class GatedModule(nn.Module):
    """Base of the gated units, whose formula is that of the class.

    Without sizes the input holds both halves, as for ``torch.nn.GLU``. With sizes both come from
    projections of the input, and a third one follows.

    Args:
        in_features: Size of the last dimension of the input; None for no projections.
        hidden_features: Size of each half. The usual choice is 8 / 3 of ``in_features``, rounded.
        out_features: Size of the output; None for ``in_features``.
        bias: Whether the projections have biases.
        dim: Which dimension holds the halves; without projections only.
        gate: Which part of it gates: ``last`` (as PyTorch), ``first``, ``odd`` or ``even``;
            without projections only.
        device: Where to make the projections.
        dtype: Their element type.
        **values: Values of the unit's parameters, numbers.

    Raises:
        InvalidActivationError: Only one of the two sizes is given or a size is not a whole number,
            an option does not go with sizes, or a value is out of its bounds.
        UnknownNameError: There is no such part as ``gate`` names.

    Example:
        >>> import torch
        >>> from rectifier.torch import SwiGLU
        >>> SwiGLU()(torch.randn(2, 8)).shape, SwiGLU(8, 20)(torch.randn(2, 8)).shape
        (torch.Size([2, 4]), torch.Size([2, 8]))
    """

    unit: ClassVar[Activation]

    def __init__(
        self,
        in_features: int | None = None,
        hidden_features: int | None = None,
        out_features: int | None = None,
        *,
        bias: bool = False,
        dim: int = -1,
        gate: str = "last",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **values: Any,
    ) -> None:
        super().__init__()
        name = self.unit.class_name
        if "gate" in values or set(values) - set(self.unit.params):
            self.unit.parameters(**{key: 0.0 for key in values if key != "gate"})  # raises
        self.values = self.unit.parameters(**values)
        del self.values["gate"]
        self._find()
        self.projected = in_features is not None
        self.dim, self.gate = check_axis(name, dim, "dim"), check_gate(gate)
        check_flag(name, "bias", bias)
        if in_features is None or hidden_features is None:
            if not (in_features is hidden_features is out_features is None):
                raise InvalidActivationError(
                    f"{name} takes no sizes, or those of its input and of its halves, as in "
                    f"{name}(512, 1376); got in_features={in_features}, "
                    f"hidden_features={hidden_features}, out_features={out_features}."
                )
            if bias:
                raise InvalidActivationError(f"{name} without sizes has no bias.")
            return
        if (dim, gate) != (-1, "last"):
            raise InvalidActivationError(
                f"{name} with sizes has projections of their own for the halves of the last "
                "dimension; leave out dim and gate."
            )
        out = in_features if out_features is None else out_features
        for size in (in_features, hidden_features, out):
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise InvalidActivationError(
                    f"{name}: sizes must be whole numbers from 1, as in {name}(512, 1376), "
                    f"got {size!r}."
                )
        kind = {"bias": bias, "device": device, "dtype": dtype}
        self.gate_proj = nn.Linear(in_features, hidden_features, **kind)  # type: ignore[arg-type]
        self.up_proj = nn.Linear(in_features, hidden_features, **kind)  # type: ignore[arg-type]
        self.down_proj = nn.Linear(hidden_features, out, **kind)  # type: ignore[arg-type]

    def _find(self) -> None:
        """Look the functions up here, where no tracer has to follow."""
        self.halves = gated(self.unit.name)
        self.product = function(self.unit)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("halves", "product")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._find()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the unit.

        Args:
            input: A floating tensor; its size along ``dim`` is even, or ``in_features``.

        Returns:
            A tensor with half that size there, or with ``out_features``.
        """
        if not self.projected:
            return self.halves(input, self.dim, self.gate, **self.values)
        width = self.gate_proj.in_features
        if input.dim() == 0 or input.shape[-1] != width:
            raise InvalidInputError(
                f"{self.unit.class_name}: expected in_features={width} elements along the last "
                f"dimension, got shape {tuple(input.shape)}."
            )
        if input.is_complex():
            raise InvalidInputError(
                f"{self.unit.class_name}: expected real numbers, got {input.dtype}; "
                "apply it to the real and the imaginary part, as you mean it."
            )
        if not input.is_floating_point():
            input = input.to(self.gate_proj.weight.dtype)
        rows = input if input.dim() > 1 else input[None]
        held = self.product(self.up_proj(rows), gate=self.gate_proj(rows), **self.values)
        result: Tensor = self.down_proj(held)
        return result if input.dim() > 1 else result[0]

    def extra_repr(self) -> str:
        """Return what is not the default."""
        parts = [f"dim={self.dim}"] if self.dim != -1 else []
        parts += [f"gate={self.gate!r}"] if self.gate != "last" else []
        parts += [f"{name}={value:g}" for name, value in self.values.items()]
        return ", ".join(parts)


@functools.cache
def gated_class(name: str) -> type[GatedModule]:
    """Return the module class of a gated unit.

    Args:
        name: A name of `rectifier.catalog.gated_names`, an alias or a class name.

    Raises:
        UnknownNameError: There is no such unit.
    """
    unit = catalog.gated(name)
    if name != unit.name:
        return gated_class(unit.name)
    text = f"{unit.summary}\n\n    f(x, gate) = {unit.formula}\n\nArgs:\n"
    for each, param in list(unit.params.items())[1:]:
        text += f"    {each}: {param.description}; a number, default {param.default:g}.\n"
    text += f"    **options: As for `GatedModule`.\n\nSource: {unit.source}"
    return type(
        unit.class_name,
        (GatedModule,),
        {
            "unit": unit,
            "__module__": "rectifier.torch.modules",
            "__qualname__": unit.class_name,
            "__doc__": f"{text}\n\n{unit.differs}" if unit.differs else text,
        },
    )
