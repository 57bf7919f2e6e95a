"""Copies that a program keeps of a model: a target network, an average of the weights.

Layer: doctor's remedies. Such a copy is made before the first step and never trained, so that no
training pass tells of it; but in a program that was edited it would be made of the edited model.
What counts is what equals the model in every weight: another module of its kind, or a dictionary
of tensors by the names of its parameters, or a list of them, as averages written by hand keep them.
Looked for once for each model, before its weights change.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor, nn


def copies_of(model: nn.Module) -> list[nn.Module]:
    """Other modules of the model's kind with the same weights."""
    own = {id(module) for module in model.modules()}
    state = model.state_dict(keep_vars=True)
    return [
        other
        for other in gc.get_objects()
        if type(other) is type(model)
        and id(other) not in own
        and _equal(other.state_dict(keep_vars=True), state)
    ]


def shadows_of(model: nn.Module) -> list[Mapping[str, Tensor]]:
    """The copies' weights, by name, and those that dictionaries and lists hold."""
    state = model.state_dict(keep_vars=True)
    names = [name for name, _ in model.named_parameters()]
    found: list[Mapping[str, Tensor]] = [
        copy.state_dict(keep_vars=True) for copy in copies_of(model)
    ]
    for other in gc.get_objects():
        if type(other) not in (dict, OrderedDict, list) or not names:
            continue
        if not len(names) <= len(other) <= len(state):
            continue
        if type(other) is list:
            held = dict(zip(names, other, strict=False)) if len(other) == len(names) else {}
        else:
            held = other if set(names) <= other.keys() <= state.keys() else {}
        tensors = all(type(value) in (Tensor, nn.Parameter) for value in held.values())
        if held and tensors and _equal(held, {name: state[name] for name in held}):
            found.append(held)
    return found


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether both hold the same numbers, in tensors that share no memory."""
    return one.keys() == other.keys() and all(
        isinstance(here, Tensor)
        and here.data_ptr() != there.data_ptr()
        and here.shape == there.shape
        and torch.equal(here.detach(), there.detach())
        for name, there in other.items()
        if (here := one[name]) is not None and there.numel()
    )


def follow(shadows: list[Mapping[str, Tensor]], model: nn.Module) -> None:
    """Give the shadows what the model's weights have become."""
    state = model.state_dict()
    with torch.no_grad():
        for shadow in shadows:
            for name, tensor in shadow.items():
                tensor.copy_(state[name])
