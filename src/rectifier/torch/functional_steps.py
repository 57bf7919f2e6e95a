"""Trainings by ``torch.func.grad``: parameters in, gradients out, no optimiser and no ``backward``.

Part of the torch front end's interception; `rectifier.torch.interception` alone uses it. Inside a
transform of torch's tensors are wrappers that no hook can keep. So the gradient is taken by
autograd instead, of leaves that stay the same objects from step to step: then a layer is a layer,
and a step by hand a step by hand, as in any other program. What is returned is the same. Inside
another transform (``vmap`` of ``grad``), or where what is differentiated has a history of its own,
torch's own way is taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from rectifier.torch import graph

if TYPE_CHECKING:
    from rectifier.torch.interception import Interception


class FunctionalSteps:
    """Wrappers of ``torch.func.grad`` and ``grad_and_value``.

    Args:
        owner: Is told of backward passes by the autograd that it has wrapped, and of gradients.
    """

    def __init__(self, owner: Interception) -> None:
        self._owner = owner
        self._leaves: dict[tuple[Any, ...], Tensor] = {}
        self._inside = False

    def wrapper(self, original: Any, *, with_value: bool) -> Any:
        """What takes the place of one of the two functions."""

        def transform(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Any:
            plain = original(func, argnums, has_aux)

            @functools.wraps(plain)
            def take(*args: Any, **kwargs: Any) -> Any:
                if self._inside or not self._owner.here or _in_transform():
                    return plain(*args, **kwargs)
                self._inside = True
                try:
                    found = self._take(func, argnums, has_aux, args, kwargs)
                finally:
                    self._inside = False
                if found is None:
                    return plain(*args, **kwargs)
                gradients, value, aux = found
                if with_value:
                    return gradients, (value, aux) if has_aux else value
                return (gradients, aux) if has_aux else gradients

            return take

        return transform

    def _take(
        self, func: Callable[..., Any], argnums: Any, has_aux: bool, args: Any, kwargs: Any
    ) -> tuple[Any, Any, Any] | None:
        """Gradients, value and what came beside it; None where it has to be torch's own way."""
        places = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        if not all(-len(args) <= place < len(args) for place in places):
            return None
        places = tuple(place % len(args) for place in places)
        flat, shape = pytree.tree_flatten([args[place] for place in places])
        if not all(_is_data(tensor) for tensor in flat):
            return None
        leaves = [self._leaf(func, place, tensor) for place, tensor in enumerate(flat)]
        given = list(args)
        for place, part in zip(places, pytree.tree_unflatten(leaves, shape), strict=True):
            given[place] = part
        with torch.enable_grad():
            result = func(*given, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor) or value.dim() or value.grad_fn is None:
                return None
            own = set(map(id, leaves))
            reached = (graph.variable_of(node) for node in graph.nodes(value.grad_fn))
            foreign = any(isinstance(leaf, Tensor) and id(leaf) not in own for leaf in reached)
            found = torch.autograd.grad(value, leaves, create_graph=foreign, allow_unused=True)
        gradients = [
            torch.zeros_like(leaf) if gradient is None else gradient
            for leaf, gradient in zip(leaves, found, strict=True)
        ]
        if not foreign:
            self._owner.gradients_given(gradients)
            value = value.detach()
            aux = pytree.tree_map_only(Tensor, Tensor.detach, aux)
        parts = pytree.tree_unflatten(gradients, shape)
        return parts[0] if isinstance(argnums, int) else tuple(parts), value, aux

    def _leaf(self, func: Any, place: int, tensor: Tensor) -> Tensor:
        """The leaf that stands for a parameter, with what it is now."""
        key = (getattr(func, "__code__", func), place, tensor.shape, tensor.dtype, tensor.device)
        leaf = self._leaves.get(key)
        if leaf is None:
            leaf = self._leaves[key] = tensor.detach().requires_grad_()
        else:
            with torch._C.DisableTorchFunction():
                leaf.data = tensor.detach()
        return leaf


def _is_data(value: Any) -> bool:
    """Whether it is a plain tensor without a history."""
    return (
        type(value) in (Tensor, torch.nn.Parameter)
        and value.is_floating_point()
        and value.grad_fn is None
    )


def _in_transform() -> bool:
    """Whether a transform of torch's is under way, so that tensors are its wrappers."""
    return torch._C._functorch.peek_interpreter_stack() is not None
