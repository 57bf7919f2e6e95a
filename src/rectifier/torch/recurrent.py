"""The activations inside torch's recurrent layers, which compute them in one fused call.

Part of the torch front end's interception (`rectifier.torch.sites`). What the gates were given is
computed again from what entered the layer and the states that came out, without gradients; so it
costs about one more forward pass of the layer, in observed steps only. Gradients at the gates are
not known. Of packed sequences what is padded is left out. The dropout between stacked layers is
drawn again from the generator's state before the call; only where the layer's own output comes out
again is what lies behind it believed, else the first layer alone is told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rectifier.torch.arguments import keywords

RECURRENT = (nn.RNNBase, nn.RNNCellBase)
"""The layers that `gates` reads."""

_NAMES = ("input", "hx")
"""What they are called with."""


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


@dataclass
class Given:
    """What a call of a recurrent layer was given, noted before it runs.

    Attributes:
        args: Positional arguments. ``state``: of the generator that its dropout draws from, if any.
    """

    args: tuple[Any, ...]
    state: Tensor | None = None

    @classmethod
    def of(cls, module: nn.Module, args: tuple[Any, ...]) -> Given | None:
        """Note it; None where this is no recurrent layer."""
        if not isinstance(module, RECURRENT):
            return None
        named: Mapping[str, Any] = keywords() if len(args) < len(_NAMES) else {}
        missing = [named.get(name) for name in _NAMES[len(args) :]]
        drops = (
            getattr(module, "dropout", 0) > 0
            and module.training
            and getattr(module, "num_layers", 1) > 1
        )
        return cls((*args, *missing), torch.get_rng_state() if drops else None)


def gates(module: nn.Module, given: Given, output: Any) -> tuple[list[Gate], str]:
    """The activations of one call of a recurrent layer.

    Args:
        module: One of `RECURRENT`.
        given: What it was called with.
        output: What it gave.

    Returns:
        Its gates, and a sentence where some cannot be told.
    """
    with torch.no_grad():
        if isinstance(module, nn.RNNCellBase):
            return list(_cell(module, given.args)), ""
        if not isinstance(module, nn.RNNBase):
            return [], ""
        if given.state is None:
            return list(_stack(module, given.args, output)), ""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(given.state)
            found = list(_stack(module, given.args, output))
    if any(gate.part.partition(".")[0] == "l1" for gate in found):
        return found, ""
    return found, "Behind the dropout in a stack of recurrent layers nothing is seen."


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
    lengths: Tensor | None = None
    if isinstance(args[0], PackedSequence):
        (x, lengths), (last, _) = (pad_packed_sequence(p) for p in (args[0], output[0]))
        x, last = x.detach(), last.detach()
    else:
        x, last = args[0].detach(), output[0].detach()
    state = args[1] if len(args) > 1 and args[1] is not None else None
    if x.dim() == 2:  # without a batch
        x, last = x.unsqueeze(1), last.unsqueeze(1)
        state = _map(state, lambda part: part.unsqueeze(1))
    elif module.batch_first and lengths is None:
        x, last = x.transpose(0, 1), last.transpose(0, 1)
    directions = 2 if module.bidirectional else 1
    hidden, size = module.hidden_size, module.proj_size or module.hidden_size
    states = module.num_layers * directions, x.shape[1]
    pair = state if isinstance(state, tuple | list) else (state, None)
    h = x.new_zeros(*states, size) if pair[0] is None else pair[0].detach()
    c = x.new_zeros(*states, hidden) if pair[1] is None else pair[1].detach()
    kind = module.mode.partition("_")[0]
    drops = bool(module.dropout and module.training and module.num_layers > 1)
    found: list[Gate] = []
    for layer in range(module.num_layers):
        own = slice(layer * directions, (layer + 1) * directions)
        top = layer == module.num_layers - 1
        given = (h[own], c[own]) if kind == "LSTM" else h[own]
        y = last if top and not drops else _run(module, layer, x, given, lengths)
        for direction in range(directions):
            part = f"l{layer}{'_reverse' if direction else ''}"
            outputs = _in_time(
                y[..., direction * size : (direction + 1) * size], direction, lengths
            )
            before = torch.cat([h[own][direction].unsqueeze(0), outputs[:-1]])
            weights = tuple(module.all_weights[layer * directions + direction])
            entering = _in_time(x, direction, lengths)
            inside = _given(entering, before, _complete(weights, module.bias))
            nonlinearity = getattr(module, "nonlinearity", "")
            of_layer = _read(kind, nonlinearity, part, inside, c[own][direction].unsqueeze(0))
            found += (_without_padding(gate, lengths) for gate in of_layer)
        x = y
        if drops and not top:
            packed = x if lengths is None else _packed(x, lengths).data
            dropped = torch.dropout(packed, module.dropout, True)
            x = dropped if lengths is None else _unpacked(dropped, x, lengths)
    if drops and not torch.allclose(y, last, rtol=1e-4, atol=1e-5):
        found = [gate for gate in found if gate.part.partition(".")[0] in ("l0", "l0_reverse")]
    yield from found


def _without_padding(gate: Gate, lengths: Tensor | None) -> Gate:
    """Of sequences of several lengths, put one behind the other, what is really there."""
    if lengths is None:
        return gate
    times = torch.arange(gate.input.shape[0]).unsqueeze(1)
    there = (times < lengths).to(gate.input.device)
    return replace(gate, input=gate.input[there], output=gate.output[there])


def _packed(padded: Tensor, lengths: Tensor) -> PackedSequence:
    return pack_padded_sequence(padded, lengths, enforce_sorted=False)


def _unpacked(data: Tensor, padded: Tensor, lengths: Tensor) -> Tensor:
    """Packed elements padded again, as ``padded`` was."""
    packed = _packed(padded, lengths)
    filled, _ = pad_packed_sequence(
        PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices),
        total_length=padded.shape[0],
    )
    return filled


def _in_time(tensor: Tensor, direction: int, lengths: Tensor | None) -> Tensor:
    """In the order in which a direction goes through the sequences."""
    if not direction:
        return tensor
    if lengths is None:
        return tensor.flip(0)
    times = torch.arange(tensor.shape[0]).unsqueeze(1)
    order = torch.where(times < lengths, lengths - 1 - times, times).to(tensor.device)
    return tensor.gather(0, order.unsqueeze(-1).expand_as(tensor))


def _run(module: nn.RNNBase, layer: int, x: Tensor, state: Any, lengths: Tensor | None) -> Tensor:
    """What one layer of a stack gives."""
    directions = 2 if module.bidirectional else 1
    own = module.all_weights[layer * directions : (layer + 1) * directions]
    weights = [w for of_direction in own for w in of_direction]
    function: Any = getattr(torch, module.mode.lower())
    rest = (weights, module.bias, 1, 0.0, False, module.bidirectional)
    if lengths is None:
        result: Tensor = function(x, state, *rest, False)[0]
        return result
    packed = _packed(x, lengths)
    order = packed.sorted_indices
    sorted_state = _map(state, lambda part: part if order is None else part.index_select(1, order))
    data = function(packed.data, packed.batch_sizes, sorted_state, *rest)[0]
    return _unpacked(data, x, lengths)


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
