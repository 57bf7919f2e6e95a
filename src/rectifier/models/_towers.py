"""AlexNet's two groups on two devices or in two processes, as on its two cards of 2012.

Layer: models. Each half has half of every layer's units. The halves see each other's outputs only
before the third convolution and before each fully connected layer; there `TwoDevices` copies them
from one device to the other, and `TwoProcesses` gathers them from all processes. Both give what the
network in one piece gives (a test compares outputs and gradients).

Source: Krizhevsky, Sutskever and Hinton (2012), section 3.2 and figure 2.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from rectifier.errors import InvalidInputError
from rectifier.models.alexnet import ResponseNorm

HALVES = 2


def half(model: nn.Sequential, which: int) -> nn.ModuleList:
    """Half of a grouped network, cut into the stages between which the halves meet.

    Args:
        model: Of `rectifier.models.alexnet.build`, grouped.
        which: 0 or 1.

    Raises:
        InvalidInputError: The network has no two groups.
    """
    if not any(isinstance(layer, nn.Conv2d) and layer.groups == HALVES for layer in model):
        raise InvalidInputError("only a network with two groups has halves; build(grouped=True)")
    stages: list[list[nn.Module]] = [[]]
    for layer in model:
        meets = isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1)
        if meets and any(isinstance(each, nn.Conv2d | nn.Linear) for each in stages[-1]):
            stages.append([])
        if isinstance(layer, nn.Flatten):
            stages[-1].append(copy.deepcopy(layer))
        elif isinstance(layer, nn.Conv2d):
            stages[-1].append(_half_convolution(layer, which))
        elif isinstance(layer, nn.Linear):
            stages[-1].append(_half_linear(layer, which))
        elif isinstance(layer, ResponseNorm):
            stages[-1].append(ResponseNorm(1))
        else:
            stages[-1].append(_half_slopes(copy.deepcopy(layer), which))
    return nn.ModuleList(nn.Sequential(*stage) for stage in stages)


def _rows(tensor: Tensor, which: int) -> Tensor:
    return tensor.detach().chunk(HALVES)[which].clone()


def _half_convolution(layer: nn.Conv2d, which: int) -> nn.Conv2d:
    made = nn.Conv2d(
        layer.in_channels // layer.groups,
        layer.out_channels // HALVES,
        layer.kernel_size,  # type: ignore[arg-type]  # torch stores the pair that it was given
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
        device="meta",
    ).to_empty(device=layer.weight.device)
    with torch.no_grad():
        made.weight.copy_(_rows(layer.weight, which))
        if made.bias is not None and layer.bias is not None:
            made.bias.copy_(_rows(layer.bias, which))
    return made


def _half_linear(layer: nn.Linear, which: int) -> nn.Linear:
    made = nn.Linear(layer.in_features, layer.out_features // HALVES, device="meta").to_empty(
        device=layer.weight.device
    )
    with torch.no_grad():
        made.weight.copy_(_rows(layer.weight, which))
        made.bias.copy_(_rows(layer.bias, which))
    return made


def _half_slopes(layer: nn.Module, which: int) -> nn.Module:
    """Parameters with one number a unit, such as PReLU's, are cut too."""
    for name, parameter in list(layer.named_parameters(recurse=False)):
        if parameter.dim() == 1 and parameter.numel() > 1:
            setattr(layer, name, nn.Parameter(_rows(parameter, which)))
    return layer


class TwoDevices(nn.Module):
    """Both halves in this process, each on a device.

    Args:
        model: Of `rectifier.models.alexnet.build`, grouped; its weights are copied.
        devices: Of the halves, such as ``("cuda:0", "cuda:1")``. They may be the same.
    """

    def __init__(self, model: nn.Sequential, devices: Iterable[torch.device | str]) -> None:
        super().__init__()
        self.devices = [torch.device(device) for device in devices]
        if len(self.devices) != HALVES:
            raise InvalidInputError(f"two devices are needed; {len(self.devices)} came")
        self.halves = nn.ModuleList(
            half(model, which).to(device) for which, device in enumerate(self.devices)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(samples, …) to logits (samples, classes), on the first device."""
        seen = [x.to(device) for device in self.devices]
        stages: list[tuple[nn.Module, ...]] = list(zip(*self.halves, strict=True))
        for place, pair in enumerate(stages):
            made = [stage(given) for stage, given in zip(pair, seen, strict=True)]
            if place == len(stages) - 1:
                return torch.cat([part.to(self.devices[0]) for part in made], dim=1)
            seen = [
                torch.cat([part.to(device) for part in _flat(made, stages[place + 1][0])], dim=1)
                for device in self.devices
            ]
        raise AssertionError("a network has stages")


def _flat(parts: list[Tensor], following: nn.Module) -> list[Tensor]:
    """Images as they are; before a fully connected layer as vectors, half after half."""
    first = next(iter(following.children()), None)
    vectors = isinstance(first, nn.Linear | nn.Flatten)
    return [part.flatten(1) for part in parts] if vectors else parts


class TwoProcesses(nn.Module):
    """This process's half; the other process has the other.

    Every process must see the same batch in the same order and must compute its loss from all
    logits. Gradients then are those of the network in one piece. Random masks of dropout differ
    from process to process, as they must: the units differ.

    Args:
        model: As for `TwoDevices`, the same in both processes.
        group: The process group; None: the default one, which must have two processes.
    """

    def __init__(self, model: nn.Sequential, group: Any = None) -> None:
        super().__init__()
        if dist.get_world_size(group) != HALVES:
            raise InvalidInputError(
                f"two processes are needed; the group has {dist.get_world_size(group)}"
            )
        self.group = group
        self.stages = half(model, dist.get_rank(group))

    def forward(self, x: Tensor) -> Tensor:
        """(samples, …) to logits (samples, classes), the same in both processes."""
        last = len(self.stages) - 1
        for place, stage in enumerate(self.stages):
            made = stage(x)
            if place < last:
                made = _flat([made], self.stages[place + 1])[0]
            x = _Gather.apply(made, self.group, place < last)  # type: ignore[no-untyped-call]
        return x


class _Gather(torch.autograd.Function):
    """Put the halves side by side; backward, add up what both processes want of mine.

    After the last stage both processes compute the same loss, so each has the whole gradient
    already and nothing is added.
    """

    @staticmethod
    def forward(ctx: Any, mine: Tensor, group: Any, add: bool) -> Tensor:
        ctx.group, ctx.add = group, add
        parts = [torch.empty_like(mine) for _ in range(HALVES)]
        dist.all_gather(parts, mine.contiguous(), group=group)
        return torch.cat(parts, dim=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        gradient = gradients[0].contiguous()
        if ctx.add:
            gradient = gradient.clone()
            dist.all_reduce(gradient, group=ctx.group)
        return gradient.chunk(HALVES, dim=1)[dist.get_rank(ctx.group)], None, None
