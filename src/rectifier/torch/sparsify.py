"""Make the linear layers of a model sparse that gain from it on this machine: ``rt.sparsify``.

Layer: torch front end, on `rectifier.torch.sparse` (the layer) and `rectifier.torch.crossover`
(when it is faster). Here a sample is run to see how many zeros each layer gets.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.errors import InvalidInputError, KernelUnavailableError
from rectifier.kernels import native, sparse
from rectifier.torch.crossover import Crossover, crossover
from rectifier.torch.memory import is_real
from rectifier.torch.sparse import SparseLinear

FEWEST_ZEROS = 0.2
"""A layer whose input had a smaller share of zeros on the sample is not measured at all."""


@dataclass(frozen=True)
class SparseLayer:
    """What `sparsify` found out about one linear layer.

    Attributes:
        name: Path of the layer in the model.
        inputs: Its number of inputs.
        outputs: Its number of outputs.
        zeros: Share of zeros in its input on the sample.
        converted: Whether it is a `SparseLinear` now.
        reason: Why, or why not.
        crossovers: What was measured, for each number of rows; empty where nothing was.
        bytes_added: Size of the second copy of the weight.
    """

    name: str
    inputs: int
    outputs: int
    zeros: float
    converted: bool
    reason: str
    crossovers: tuple[Crossover, ...] = ()
    bytes_added: int = 0

    def __str__(self) -> str:
        verb = "sparse" if self.converted else "dense"
        return f"{self.name} ({self.inputs} → {self.outputs}): {verb}, {self.reason}"


Measure = Callable[[nn.Linear, float], tuple[Crossover, ...]]


def sparsify(
    model: nn.Module, sample: Any, measure: Measure = crossover
) -> tuple[SparseLayer, ...]:
    """Make the linear layers sparse that gain from it on this machine, in place.

    For inference on the CPU with few rows at a time, under ``torch.no_grad`` or
    ``torch.inference_mode``. Results stay those of the model but for the order of summation.

    Args:
        model: Any module.
        sample: Its input, or a tuple of arguments. It should be typical: how many zeros each layer
            gets is measured on it, in evaluation mode.
        measure: Measures the crossover of a layer for the zeros of the sample; it takes about a
            hundred calls of the layer.

    Returns:
        One record for each linear layer that the sample reached.

    Raises:
        KernelUnavailableError: There is no compiled code, without which nothing is gained.
        InvalidInputError: The model has no linear layer.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
        >>> [layer.name for layer in sparsify(model, torch.ones(1, 8))]
        ['0', '2']
    """
    if not sparse.available():
        raise KernelUnavailableError(f"sparse products cannot run: {native.why_not()}.")
    layers = {
        name: module
        for name, module in model.named_modules()
        if type(module) in (nn.Linear, SparseLinear)
    }
    if not layers:
        raise InvalidInputError("the model has no torch.nn.Linear.")
    zeros = _zeros(model, layers, sample if isinstance(sample, tuple) else (sample,))
    return tuple(_decide(name, layers[name], share, measure) for name, share in zeros.items())


def _decide(name: str, layer: nn.Module, zeros: float, measure: Measure) -> SparseLayer:
    assert isinstance(layer, nn.Linear)

    def record(reason: str, **more: Any) -> SparseLayer:
        sizes = (layer.in_features, layer.out_features)
        return SparseLayer(name, *sizes, zeros, bool(more.get("bytes_added")), reason, **more)

    obstacle = _obstacle(layer)
    if obstacle:
        return record(obstacle)
    if zeros < FEWEST_ZEROS:
        return record(f"only {zeros:.0%} of its input are zero")
    found = measure(layer, zeros)
    limits = [each.limit for each in found]
    active = (1 - zeros) * layer.in_features
    if not limits or limits[0] < active:
        share = limits[0] / layer.in_features if limits else 0.0
        return record(
            f"{zeros:.0%} of its input are zero and it would have to be {1 - share:.0%} on this "
            "machine"
            if share
            else "it is no faster sparse on this machine",
            crossovers=found,
        )
    SparseLinear.of_(layer, limits)
    return record(
        f"{zeros:.0%} of its input are zero: {found[0].gain:.1f} times as fast for one row",
        crossovers=found,
        bytes_added=layer.weight.numel() * layer.weight.element_size(),
    )


def _obstacle(layer: nn.Linear) -> str:
    """Say what keeps a layer from being made sparse; empty if nothing does."""
    if not is_real(layer.weight) or layer.weight.dtype != torch.float32:
        return (
            f"its weight is {layer.weight.dtype} on {layer.weight.device}, not float32 on the CPU"
        )
    if not bool(torch.isfinite(layer.weight).all()):
        return "its weight is not finite"
    return ""


def _zeros(
    model: nn.Module, layers: dict[str, nn.Module], sample: tuple[Any, ...]
) -> dict[str, float]:
    """Return the share of zeros in each layer's input, in the order in which they run."""
    counts: dict[str, list[int]] = {}

    def look(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def hook(module: nn.Module, given: tuple[Any, ...]) -> None:
            if given and isinstance(given[0], Tensor) and given[0].numel():
                seen = counts.setdefault(name, [0, 0])
                seen[0] += given[0].numel() - int(torch.count_nonzero(given[0]))
                seen[1] += given[0].numel()

        return hook

    handles = [module.register_forward_pre_hook(look(name)) for name, module in layers.items()]
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            model(*sample)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    return {name: none / every for name, (none, every) in counts.items()}


class _Callable(types.ModuleType):
    """``rt.sparsify`` is this module once it is imported by name, and must be the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[SparseLayer, ...]:
        return sparsify(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
