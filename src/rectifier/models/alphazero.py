"""AlphaZero's network: a residual tower with a head for the policy and one for the value.

Layer: models. ReLU and batch normalisation in the tower; the value ends in tanh, since it lies
between a loss and a win. Published size: 256 channels × 19 blocks (20 with the stem).

Source: Silver et al. (2017), "Mastering the game of Go without human knowledge", methods; Silver et
al. (2018), "A general reinforcement learning algorithm that masters chess, shogi, and Go".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._parts import Shape, drawing, image, initialize, samples, unit
from rectifier.models._residual import basic, convolution


class PolicyValue(nn.Module):
    """A tower with two heads."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        moves: int,
        width: int,
        blocks: int,
        hidden: int,
        activation: str | Activation,
    ) -> None:
        super().__init__()
        planes, height, across = shape
        self.shape = shape
        self.tower = nn.Sequential(
            convolution(planes, width, 3),
            unit(activation, width),
            *(basic(width, width, 1, activation, padded=True) for _ in range(blocks)),
        )
        self.policy = nn.Sequential(
            convolution(width, 2, 1),
            unit(activation, 2),
            nn.Flatten(),
            nn.Linear(2 * height * across, moves),
        )
        self.value = nn.Sequential(
            convolution(width, 1, 1),
            unit(activation, 1),
            nn.Flatten(),
            nn.Linear(height * across, hidden),
            unit(activation, hidden),
            nn.Linear(hidden, 1),
            nn.Tanh(),
        )

    def forward(self, board: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of all moves, (samples, moves), and values from -1 to 1, (samples,)."""
        seen = self.tower(samples(board, self.shape))
        return self.policy(seen), self.value(seen).squeeze(1)


def build(
    inputs: Shape = (17, 19, 19),
    classes: int = 362,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 256,
    blocks: int = 19,
    hidden: int = 256,
) -> PolicyValue:
    """The network with fresh weights, float32; by default the published one for Go.

    Args:
        inputs: Planes, height and width of the board.
        classes: Number of moves.
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the tower.
        blocks: Residual blocks of the tower.
        hidden: Width of the value head.

    Returns:
        Input (samples, *inputs); logits of the moves and the value.

    Raises:
        InvalidInputError: The inputs are no board.

    Example:
        >>> logits, value = build((2, 3, 3), 9, width=8, blocks=1)(torch.zeros(4, 2, 3, 3))
        >>> logits.shape, value.shape
        (torch.Size([4, 9]), torch.Size([4]))
    """
    shape = image(inputs)
    with drawing(generator):
        model = PolicyValue(shape, classes, width, blocks, hidden, activation)
        initialize(model, init or "he_normal", activation)
    return model
