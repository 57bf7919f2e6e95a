"""Row-wise functions as modules: ``Softmax(dim=1)``, ``Maxout(4)``, ``TopK(32)``.

Layer: torch front end, on `rectifier.torch.rowwise`. The classes are made from the catalog's
records when they are first asked for; batch top-k, which is another function once training is
over, has a class of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.analysis.rows import check_axis, check_k, length
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidActivationError, InvalidInputError
from rectifier.torch.rowwise import nan_marked, rowwise
from rectifier.torch.signature import checked


class RowwiseModule(nn.Module):
    """Base of the row-wise functions.

    Args:
        *args: The function's options in their order, such as ``k`` of ``TopK``, then ``dim``.
        **options: The same by name; ``dim`` is -1 if it is not given.

    Raises:
        InvalidActivationError: An option is missing, unknown, given twice or not a whole number.
    """

    record: ClassVar[Rowwise]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        names = (*self.record.options, "dim")
        given = dict(zip(names, args, strict=False))
        if len(args) > len(names) or set(given) & set(options):
            raise InvalidActivationError(
                f"{self.record.class_name} takes {', '.join(names)}, each once; got {args} and "
                f"{options}."
            )
        given |= options
        self.dim: int = check_axis(self.record.class_name, given.pop("dim", -1), "dim")
        self.options = self.record.chosen(given)
        self.function = rowwise(self.record.name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "function"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self.function = rowwise(self.record.name)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function along ``dim``.

        Args:
            input: A floating tensor.

        Returns:
            A tensor of the input's type.
        """
        return self.function(input, self.dim, **self.options)

    def extra_repr(self) -> str:
        """Return the options."""
        return ", ".join(f"{k}={v}" for k, v in {**self.options, "dim": self.dim}.items())


class BatchTopK(RowwiseModule):
    """Keeps the k largest per row of the whole batch; after training what exceeds their threshold.

    While it trains, k times the number of rows are kept, wherever they are. The smallest positive
    one that is kept, averaged over the batches, is the threshold of evaluation, so that there the
    output for one row does not depend on the others.

    Args:
        k: How many to keep for each row, on average.
        dim: The dimension of the units.
        momentum: Weight of a new batch in the running average; None for the mean of all batches.

    Source:
        Bussmann, Leask and Nanda (2024), "BatchTopK Sparse Autoencoders",
        https://arxiv.org/abs/2412.06410; the mean over all batches is the paper's.
    """

    threshold: Tensor
    batches: Tensor

    def __init__(self, *args: Any, momentum: float | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        number = isinstance(momentum, int | float) and not isinstance(momentum, bool)
        if momentum is not None and not (number and 0 < momentum <= 1):
            raise InvalidActivationError(
                "BatchTopK: momentum must be a number above 0 and at most 1, or None for the mean "
                f"of all batches, got {momentum!r}."
            )
        self.momentum = momentum
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function, and while training move the threshold.

        Args:
            input: A floating tensor.

        Returns:
            A tensor of the input's shape and type.

        Raises:
            InvalidInputError: A row has fewer than k elements, or a transform of ``torch.func``
                keeps the threshold of a module in training from being moved.
        """
        if not self.training:
            x = checked(self.record, input)
            check_k(
                self.record.name,
                self.options["k"],
                length(self.record.name, x.shape, self.dim, "dim"),
            )
            x = nan_marked(x)
            return torch.where(x <= self.threshold.to(x.dtype), 0.0, x)  # NaN passes
        result = super().forward(input)
        if not result.numel():
            return result
        if torch.compiler.is_compiling() or not torch._C._are_functorch_transforms_active():
            self._learn(result)
            return result
        try:
            self._learn(result)
        except RuntimeError as error:
            raise InvalidInputError(
                "BatchTopK: while training it moves its threshold, which a transform of torch.func "
                "cannot let it do; call .eval() first, take rectifier.torch.rowwise('batch_topk'), "
                "or hand the transformed function the buffers by torch.func.functional_call."
            ) from error
        return result

    def _learn(self, result: Tensor) -> None:
        """Move the threshold towards the smallest positive output of a batch."""
        with torch.no_grad():
            kept = result.detach()
            least = torch.where(kept > 0, kept, torch.inf).amin().to(self.threshold.dtype)
            # A batch without a positive output says nothing.
            counts = torch.isfinite(least)
            self.batches += counts
            weight = 1 / self.batches.clamp(min=1) if self.momentum is None else self.momentum
            weight = torch.where(self.batches == 1, 1.0, weight)
            self.threshold += torch.where(counts, weight * (least - self.threshold), 0.0)


OWN: Mapping[str, type[RowwiseModule]] = {"batch_topk": BatchTopK}
"""Classes that do more than apply the function of their record."""


@functools.cache
def rowwise_class(name: str) -> type[RowwiseModule]:
    """Return the module class of a row-wise function.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`, an alias or a class name.

    Raises:
        UnknownNameError: There is no such function.
    """
    record = catalog.rowwise(name)
    if name != record.name:
        return rowwise_class(record.name)
    own = OWN.get(record.name)
    text = f"{record.summary}\n\nArgs:\n    *args: As for `RowwiseModule`: "
    text += f"{', '.join((*record.options, 'dim'))}.\n\nSource: {record.source}"
    return type(
        record.class_name,
        (own or RowwiseModule,),
        {
            "record": record,
            "__module__": "rectifier.torch.modules",
            "__qualname__": record.class_name,
            "__doc__": own.__doc__ if own else text,
        },
    )
