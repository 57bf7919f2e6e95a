"""The last layers of a network's residual branches, read from autograd's graph; for reinitialize.

Layer: doctor's remedies, on the torch front end. In ``x + f(x)`` weights that keep the signal's
size in ``f`` double its variance at every sum: thirty blocks are a factor of a billion. A
normalisation at the end of ``f`` sets the branch's size whatever the weights are, so such a branch
is none of ours.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.torch import graph
from rectifier.torch.sample import running

_FAR = 2_000
"""Nodes that are looked at behind one sum."""


def scale_down(model: nn.Module, sample: tuple[Any, ...]) -> int:
    """Divide the last weights of each of N residual branches by the root of N.

    Args:
        model: The model; its modes are as before afterwards.
        sample: Its positional arguments.

    Returns:
        N: variance then grows by (1 + 1/N)^N, under e, through all of them.

    Source:
        Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.3
        (1/sqrt(N)); Zhang, Dauphin and Ma 2019, "Fixup initialization" (the last layer of each
        branch); De and Smith 2020 (why normalised branches need none).
    """
    recurrent = (nn.RNNBase, nn.RNNCellBase)  # their sums over time are no branches in depth
    inner = {id(p) for m in model.modules() if isinstance(m, recurrent) for p in m.parameters()}
    parameters = {
        id(p): p
        for p in model.parameters()
        if p.requires_grad and p.dim() > 1 and id(p) not in inner
    }
    found: list[Any] = []

    def ran(module: nn.Module, args: Any, output: Any) -> None:
        del args
        if module is model:
            found.extend(_starts(output))

    handle = model.register_forward_hook(ran)
    try:
        with torch.enable_grad(), running(model, sample) as run:
            run()
    finally:
        handle.remove()
    branches = [weights for start in found for weights in _branches(start, parameters)]
    shares = {id(w): w for weights in branches for w in weights}
    with torch.no_grad():
        for weight in shares.values():
            weight.mul_(1.0 / math.sqrt(len(branches)))
    return len(branches)


def _starts(output: Any) -> Iterator[Any]:
    if isinstance(output, Tensor):
        if output.grad_fn is not None:
            yield output.grad_fn
    elif isinstance(output, dict):
        for value in output.values():
            yield from _starts(value)
    elif isinstance(output, list | tuple):
        for value in output:
            yield from _starts(value)


def _branches(start: Any, parameters: Mapping[int, Tensor]) -> Iterator[list[Tensor]]:
    """The last weights of each branch that is added to what it was computed from."""
    for node in list(graph.nodes(start)):
        above = graph.above_of(node)
        if graph.name_of(node) != "add" or len(above) != 2:
            continue
        for skip, branch in (above, above[::-1]):
            if graph.variable_of(skip) is None and _comes_from(branch, skip):
                weights = _last(branch, skip, parameters)
                if weights:
                    yield weights
                break


def _comes_from(node: Any, source: Any) -> bool:
    """Whether a node was computed from another one."""
    seen, waiting = {node}, deque([node])
    while waiting and len(seen) < _FAR:
        for up in graph.above_of(waiting.popleft()):
            if up is source:
                return True
            if up not in seen:
                seen.add(up)
                waiting.append(up)
    return False


def _last(branch: Any, skip: Any, parameters: Mapping[int, Tensor]) -> list[Tensor]:
    """The weights of the layers that give a branch's output; none behind a normalisation."""
    seen, waiting, weights = {branch}, [branch], []
    while waiting:
        node = waiting.pop()
        name = graph.name_of(node)
        if "norm" in name:
            return []
        if name in graph.PRODUCTS:
            leaves = [graph.leaf_of(up) for up in graph.above_of(node)]
            own = [leaf for leaf in leaves if leaf is not None and id(leaf) in parameters]
            if own:
                weights += own
                continue
        for up in graph.above_of(node):
            if up is not skip and up not in seen and graph.variable_of(up) is None:
                seen.add(up)
                waiting.append(up)
    return weights
