"""A plain recurrent network that starts as the identity: IRNN.

Layer: models. ``h = f(W h + U x + b)`` with W the identity and U small, so that a fresh network
adds up its inputs and its gradient neither grows nor fades over time. Any activation can take the
place of ReLU, and any scheme that of the identity, to compare them.

Source: Le, Jaitly and Hinton (2015), "A Simple Way to Initialize Recurrent Networks of Rectified
Linear Units".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import Shape, drawing, initialize, samples, unit
from rectifier.models._sizes import checked

INPUT_STD = 0.001


class Recurrent(nn.Module):
    """A recurrent layer and a linear one on its last state.

    Attributes:
        inward: Weights of the input, (features → width), with the bias.
        recurrent: Weights of the state, (width → width), without one.
        unit: The activation.
        head: From the last state to the outputs.
    """

    def __init__(
        self, steps: int, size: int, classes: int, width: int, activation: str | Activation
    ) -> None:
        super().__init__()
        self.shape = (steps, size)
        self.inward = nn.Linear(size, width)
        self.recurrent = nn.Linear(width, width, bias=False)
        self.unit = unit(activation)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, steps, features) or (samples, steps) to (samples, classes)."""
        steps = self.inward(samples(x, self.shape)).unbind(1)
        state = torch.zeros_like(steps[0])
        for step in steps:
            state = self.unit(self.recurrent(state) + step)
        result: Tensor = self.head(state)
        return result


@checked
def build(
    inputs: Shape = (40, 1),
    classes: int = 10,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 100,
) -> Recurrent:
    """The network with fresh weights, float32.

    Args:
        inputs: (steps, features) or (steps,); an image (1, height, width) is read row by row.
        classes: Number of outputs.
        activation: Name or definition.
        init: Name of a scheme; None: the identity for the state, N(0, 0.001²) for the rest.
        generator: Source of the initial weights; default torch's global one.
        width: Units of the state.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no sequence.

    Example:
        >>> build((40,), 10, width=16)(torch.zeros(2, 40)).shape
        torch.Size([2, 10])
    """
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) not in (1, 2) or min(shape) < 1:
        raise InvalidInputError(f"inputs must be (steps,) or (steps, features); {inputs} came")
    with drawing(generator):
        model = Recurrent(shape[0], shape[1] if len(shape) == 2 else 1, classes, width, activation)
        if init is not None:
            initialize(model, init, activation)
            return model
        nn.init.eye_(model.recurrent.weight)
        for layer in (model.inward, model.head):
            nn.init.normal_(layer.weight, 0.0, INPUT_STD)
            nn.init.zeros_(layer.bias)
    return model
