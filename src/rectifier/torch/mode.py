"""The torch function mode through which calls are seen, and its place on the stack.

Part of the torch front end's interception (`rectifier.torch.sites`). A program may enter modes of
its own (``with torch.device(...)``) while ours is on the stack and leave them after ours went, so
ours is taken out from wherever it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from types import FunctionType, MethodType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class Own(TorchFunctionMode):
    """A mode of ours; none of them does anything about ``Tensor.backward``."""


def are_own() -> bool:
    """Whether no mode but ours is on the stack."""
    count = torch._C._len_torch_function_stack()
    return all(isinstance(torch._C._get_function_stack_at(at), Own) for at in range(count))


class Seeing(Own):
    """Hands every call of a torch function over.

    Args:
        matters: The functions that are handed over.
        own: Module whose functions are handed over as well.
        dispatch: Given the function, its arguments and its keyword arguments; returns the result.
        other: Given any other function and its arguments, while `curious` is set.
    """

    def __init__(
        self,
        matters: Container[Any],
        own: str,
        dispatch: Callable[[Any, Any, Any], Any],
        other: Callable[[Any, Any], None],
    ) -> None:
        super().__init__()
        self._matters = matters
        self._own = own
        self._dispatch = dispatch
        self._other = other
        self.curious = False

    def see_by(self, compiled: Callable[..., Any]) -> None:
        """Have something compiled, given the mode first, do what `__torch_function__` does."""
        self.__torch_function__ = MethodType(compiled, self)  # type: ignore[method-assign]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # Runs for every torch call of an observed step, most of which do not matter: keep it short.
        if func in self._matters or (type(func) is FunctionType and func.__module__ == self._own):
            return self._dispatch(func, args, {} if kwargs is None else kwargs)
        if self.curious:
            self._other(func, args)
        return func(*args, **kwargs) if kwargs else func(*args)


def put_on(mode: TorchFunctionMode) -> None:
    """Put a mode on the stack, to stay there until `take_out`."""
    torch._C._push_on_torch_function_stack(mode)


def take_off(mode: TorchFunctionMode) -> bool:
    """Remove a mode from the top of the stack; False, and nothing done, where another is there."""
    if torch._C._len_torch_function_stack() == 0:
        return False
    top = torch._C._pop_torch_function_stack()
    if top is mode:
        return True
    torch._C._push_on_torch_function_stack(top)
    return False


def take_out(mode: TorchFunctionMode) -> bool:
    """Remove a mode from wherever it is on the stack, and however often; others may lie above it.

    Returns:
        Whether it was there.
    """
    stack: list[Any] = []
    try:
        while torch._C._len_torch_function_stack() > 0:
            stack.append(torch._C._pop_torch_function_stack())
    finally:
        for other in reversed(stack):
            if other is not mode:
                torch._C._push_on_torch_function_stack(other)
    return any(other is mode for other in stack)
