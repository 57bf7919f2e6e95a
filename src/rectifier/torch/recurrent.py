"""The activations inside torch's recurrent layers, which compute them in one fused call.

Part of the torch front end's interception (`rectifier.torch.sites`). What the gates were given is
computed again from what entered the layer and the states that came out, without gradients; so it
costs about one more forward pass of the layer, in observed steps only. Gradients at the gates are
not known. Behind a dropout between stacked layers the numbers cannot be told again: only the first
layer is seen then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RECURRENT = (nn.RNNBase, nn.RNNCellBase)
"""The layers that `gates` reads."""


@dataclass(frozen=True)
class Gate:
    """One activation inside a recurrent layer.

    Attributes:
        part: Layer of the stack and direction as in the names of the weights (``l0``,
            ``l0_reverse``); empty for a cell.
        function: Catalog name.
        input: What it was applied to, units last. ``output``: what it gave.
    """

    part: str
    function: str
    input: Tensor
    output: Tensor


def gates(module: nn.Module, args: tuple[Any, ...], output: Any) -> list[Gate] | None:
    """The activations of one call of a recurrent layer.

    Args:
        module: One of `RECURRENT`.
        args: What it was called with.
        output: What it gave.

    Returns:
        Its gates; None where they cannot be told (packed sequences).
    """
    if not args or not isinstance(args[0], Tensor):
        return None
    with torch.no_grad():
        if isinstance(module, nn.RNNCellBase):
            return list(_cell(module, args))
        if isinstance(module, nn.RNNBase):
            return list(_stack(module, args, output))
    return None


def _cell(module: nn.RNNCellBase, args: tuple[Any, ...]) -> Iterator[Gate]:
    x = args[0].detach()
    state = args[1] if len(args) > 1 and args[1] is not None else None
    pair = state if isinstance(state, tuple | list) else (state, state)
    zeros = x.new_zeros(*x.shape[:-1], module.hidden_size)
    h, c = (zeros if part is None else part.detach() for part in pair)
    weights = (module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh)
    kind = {nn.LSTMCell: "LSTM", nn.GRUCell: "GRU"}.get(type(module), "RNN")
    given = _given(x, h, weights)
    yield from _read(
        kind, getattr(module, "nonlinearity", ""), "", given, c.unsqueeze(0), cell=True
    )


def _stack(module: nn.RNNBase, args: tuple[Any, ...], output: Any) -> Iterator[Gate]:
    x, last = args[0].detach(), output[0].detach()
    state = args[1] if len(args) > 1 and args[1] is not None else None
    if x.dim() == 2:  # without a batch
        x, last = x.unsqueeze(1), last.unsqueeze(1)
        state = _map(state, lambda part: part.unsqueeze(1))
    elif module.batch_first:
        x, last = x.transpose(0, 1), last.transpose(0, 1)
    directions = 2 if module.bidirectional else 1
    hidden, size = module.hidden_size, module.proj_size or module.hidden_size
    states = module.num_layers * directions, x.shape[1]
    pair = state if isinstance(state, tuple | list) else (state, None)
    h = x.new_zeros(*states, size) if pair[0] is None else pair[0].detach()
    c = x.new_zeros(*states, hidden) if pair[1] is None else pair[1].detach()
    kind = module.mode.partition("_")[0]
    for layer in range(module.num_layers):
        own = slice(layer * directions, (layer + 1) * directions)
        top = layer == module.num_layers - 1
        given = (h[own], c[own]) if kind == "LSTM" else h[own]
        y = last if top else _run(module, layer, x, given)
        for direction in range(directions):
            part = f"l{layer}{'_reverse' if direction else ''}"
            outputs = _in_time(y[..., direction * size : (direction + 1) * size], direction)
            before = torch.cat([h[own][direction].unsqueeze(0), outputs[:-1]])
            weights = tuple(module.all_weights[layer * directions + direction])
            inside = _given(_in_time(x, direction), before, _complete(weights, module.bias))
            nonlinearity = getattr(module, "nonlinearity", "")
            yield from _read(kind, nonlinearity, part, inside, c[own][direction].unsqueeze(0))
        if module.dropout and module.training:
            return
        x = y


def _in_time(tensor: Tensor, direction: int) -> Tensor:
    """In the order in which a direction goes through the sequence."""
    return tensor.flip(0) if direction else tensor


def _run(module: nn.RNNBase, layer: int, x: Tensor, state: Any) -> Tensor:
    """What one layer of a stack gives."""
    directions = 2 if module.bidirectional else 1
    own = module.all_weights[layer * directions : (layer + 1) * directions]
    weights = [w for of_direction in own for w in of_direction]
    function: Any = getattr(torch, module.mode.lower())
    result = function(x, state, weights, module.bias, 1, 0.0, False, module.bidirectional, False)
    return result[0]  # type: ignore[no-any-return]


def _complete(weights: tuple[Tensor, ...], bias: bool) -> tuple[Tensor | None, ...]:
    return (*weights[:2], *(weights[2:4] if bias else (None, None)))


def _given(x: Tensor, h: Tensor, weights: tuple[Tensor | None, ...]) -> tuple[Tensor, Tensor]:
    """What input and state contribute to the gates."""
    w_ih, w_hh, b_ih, b_hh = weights
    if w_ih is None or w_hh is None:
        raise ValueError("a recurrent layer has weights")
    return F.linear(x, w_ih, b_ih), F.linear(h, w_hh, b_hh)


def _read(
    kind: str,
    nonlinearity: str,
    part: str,
    given: tuple[Tensor, Tensor],
    state: Tensor,
    *,
    cell: bool = False,
) -> Iterator[Gate]:
    """The activations of a layer from what its gates were given."""
    of_x, of_h = given
    if kind == "RNN":
        function = torch.relu if nonlinearity == "relu" else torch.tanh
        yield Gate(part, nonlinearity or "tanh", of_x + of_h, function(of_x + of_h))
        return
    if kind == "GRU":
        (rx, zx, nx), (rh, zh, nh) = of_x.chunk(3, -1), of_h.chunk(3, -1)
        gate = torch.cat([rx + rh, zx + zh], -1)
        yield Gate(part, "sigmoid", gate, gate.sigmoid())
        new = nx + gate[..., : rx.shape[-1]].sigmoid() * nh
        yield Gate(part, "tanh", new, new.tanh())
        return
    i, f, g, o = (of_x + of_h).chunk(4, -1)
    gate = torch.cat([i, f, o], -1)
    yield Gate(part, "sigmoid", gate, gate.sigmoid())
    yield Gate(part, "tanh", g, g.tanh())
    forget, new = f.sigmoid(), i.sigmoid() * g.tanh()
    if cell:
        held = forget * state[0] + new
    else:
        steps, current = [], state[0]
        for time in range(len(forget)):
            current = forget[time] * current + new[time]
            steps.append(current)
        held = torch.stack(steps)
    yield Gate(f"{part}.cell" if part else "cell", "tanh", held, held.tanh())


def _map(state: Any, how: Any) -> Any:
    if state is None:
        return None
    return tuple(map(how, state)) if isinstance(state, tuple | list) else how(state)
