"""What can be trained: a network, its gradients and its score. Layer: training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from rectifier.errors import InvalidInputError


@dataclass
class Job:
    """A training without its loop.

    Attributes:
        model: The network.
        gradients: Given a generator, draws a batch, writes gradients, returns the loss. It must
            take all its random numbers from the generator or from torch's global one, so that a
            run can be gone on with.
        evaluate: Scores by name, in evaluation mode; the first one is what the job is judged by.
        optimizer: ``adam``, ``adamw`` or ``sgd``. ``rate``: its learning rate.
        steps: How many to make where nobody says.
        momentum, weight_decay: Of the optimiser.
        schedule: Factor on the rate after a share of the training.
        memory: What the job itself must remember to be gone on with, such as games played: read
            and written by a checkpoint, plain values and tensors.
        remember: Called with that memory when a run goes on.
    """

    model: nn.Module
    gradients: Callable[[torch.Generator], float]
    evaluate: Callable[[], Mapping[str, float]]
    optimizer: str = "adam"
    rate: float = 1e-3
    steps: int = 500
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: Callable[[float], float] = lambda share: 1.0 - share
    memory: Callable[[], dict[str, Any]] = field(default=dict)
    remember: Callable[[dict[str, Any]], None] = lambda memory: None


def device_of(name: str) -> torch.device:
    """A device by name.

    Raises:
        InvalidInputError: There is no such device here.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).partition("\n")[0]
        raise InvalidInputError(f"the device {name!r} cannot be used here ({told})") from error
    return device


def supervised(
    model: nn.Module,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
    batch: int,
) -> Callable[[torch.Generator], float]:
    """Gradients of a loss on batches drawn from arrays.

    Args:
        model: The network.
        loss: Of outputs and targets.
        x: Inputs, a row a sample, on the network's device.
        y: Targets, there too.
        batch: Samples a step.
    """

    def gradients(generator: torch.Generator) -> float:
        # Drawn on the CPU, so that every device sees the same batches.
        rows = torch.randint(len(x), (min(batch, len(x)),), generator=generator).to(x.device)
        model.train()
        value = loss(model(x[rows]), y[rows])
        value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    return gradients
