"""What made a tensor: the nearest marked results above it on autograd's graph.

Layer: torch front end, below `rectifier.torch.followers`. The results of activations and of layers
are marked as they are made; later the graph is followed upwards from a layer's input. A result
that needs no gradient has no place on the graph and is known by its memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from torch import Tensor

Mark = TypeVar("Mark")
Part = tuple[float, tuple[Mark, ...]]

_KEY = "rectifier_origin"
_NORMALISING = ("batch_norm", "batchnorm", "layernorm", "layer_norm", "groupnorm", "rmsnorm")
_MOST = 256
"""How deep the graph is followed."""


class _Placed(NamedTuple):
    """A tensor's place on the graph; it is kept, since releases of torch drop a node with it."""

    node: Any
    tensor: Tensor


class Origins(Generic[Mark]):
    """Marks results, and finds the marks behind a tensor.

    Args:
        joined: Makes one mark of those that were applied one on another, the first applied first,
            and of whether the result was then multiplied by what the first was applied to, as in
            ``h * sigmoid(h)``.
        mixed: Makes one mark of the parts of a concatenation: the share of each, and its marks.
    """

    def __init__(
        self,
        joined: Callable[[tuple[Mark, ...], bool], Mark],
        mixed: Callable[[tuple[Part[Mark], ...]], Mark],
    ) -> None:
        self._joined = joined
        self._mixed = mixed
        self._chains: dict[int, tuple[tuple[Mark, ...], int]] = {}
        self._tick = 0
        self._found: dict[int, tuple[Any, tuple[int, tuple[Mark, ...]] | None]] = {}
        self._loose: dict[int, tuple[Tensor, tuple[Mark, ...]]] = {}

    def mark(self, output: Any, marks: tuple[Mark, ...], source: Any = None) -> None:
        """Remember what made these tensors; nothing of interest for no marks.

        Args:
            output: One or several tensors.
            marks: What made them.
            source: The node of the tensor that the mark was applied to, where that is known.
        """
        self._tick += 1
        below = None if source is None else source.metadata.get(_KEY)
        if below is not None and marks:
            before, base = self._chains.get(below[0], ((), below[0]))
            self._chains[self._tick] = (*before, *marks), base
            if before:
                marks = (self._joined((*before, *marks), False),)
        for tensor in output if isinstance(output, tuple | list) else (output,):
            if not isinstance(tensor, Tensor):
                continue
            if tensor.grad_fn is not None:
                tensor.grad_fn.metadata[_KEY] = (self._tick, marks)  # type: ignore[index]
            elif marks:  # kept, so that its memory is given to no other
                self._loose[tensor.untyped_storage().data_ptr()] = tensor, marks

    def note(self, tensor: Tensor) -> Any:
        """What `of` needs to know of a tensor, to be asked when all marks are there."""
        if tensor.grad_fn is not None:
            return _Placed(tensor.grad_fn, tensor)
        loose = self._loose.get(tensor.untyped_storage().data_ptr())
        return () if loose is None else loose[1]

    def of(self, noted: Any) -> tuple[Mark, ...]:
        """Return the marks of what made a tensor.

        Where branches meet in a product all count, as in a gate, and in a concatenation each by
        its share; elsewhere, as in a residual sum, the branch that ran last.

        Args:
            noted: What `note` gave.
        """
        if not isinstance(noted, _Placed):
            return tuple(noted)
        found = self._above(noted.node, _MOST)
        return () if found is None else tuple(dict.fromkeys(found[1]))

    def _above(self, node: Any, left: int) -> tuple[int, tuple[Mark, ...]] | None:
        known = self._found.get(id(node))
        if known is None:
            known = node, self._look(node, left)  # the node is kept, so that its id stays its own
            self._found[id(node)] = known
        return known[1]

    def _look(self, node: Any, left: int) -> tuple[int, tuple[Mark, ...]] | None:
        marked: tuple[int, tuple[Mark, ...]] | None = node.metadata.get(_KEY)
        if marked is not None:
            return marked
        name = str(node.name()).lower()
        if left == 0 or any(word in name for word in _NORMALISING):
            return (0, ())
        if name.startswith("cat"):
            return self._parts(node, left)
        above = (self._above(up, left - 1) for up, _ in node.next_functions if up is not None)
        branches: Sequence[tuple[int, tuple[Mark, ...]]] = [b for b in above if b is not None]
        if not branches:
            return None
        if name.startswith("mul") and len(branches) > 1:
            ticks = [tick for tick, _ in branches]
            for tick, other in (ticks[:2], ticks[1::-1]):
                chain = self._chains.get(tick)
                if chain is not None and chain[1] == other and self._marks_nothing(node, other):
                    return max(ticks), (self._joined(chain[0], True),)
            return max(ticks), tuple(mark for _, marks in branches for mark in marks)
        return max(branches, key=lambda branch: branch[0])

    def _parts(self, node: Any, left: int) -> tuple[int, tuple[Mark, ...]] | None:
        """Return the marks of a concatenation: one of all its parts, or none if none has any.

        Where torch does not tell of what size they are, all count as equally large.
        """
        sized = hasattr(node, "_input_metadata")  # before torch 2.5 no node tells of shapes
        whole = math.prod(node._input_metadata[0].shape) if sized else len(node.next_functions)
        parts: list[Part[Mark]] = []
        latest = None
        for up, place in node.next_functions:
            found = None if up is None else self._above(up, left - 1)
            if found is not None:
                latest = max(found[0], latest or 0)
                share = (math.prod(up._input_metadata[place].shape) if sized else 1) / whole
                parts.append((share, tuple(dict.fromkeys(found[1]))))
        if latest is None:
            return None
        parts.append((1 - sum(share for share, _ in parts), ()))  # what comes from no layer
        return latest, (self._mixed(tuple(parts)),) if any(marks for _, marks in parts) else ()

    def _marks_nothing(self, node: Any, tick: int) -> bool:
        """Whether a factor of a product is the very result of a layer that ran at a tick."""
        marked = [up.metadata.get(_KEY) for up, _ in node.next_functions if up is not None]
        return (tick, ()) in marked
