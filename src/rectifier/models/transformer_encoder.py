"""An encoder like BERT: attention in both directions, normalisation after each shortcut.

Layer: models. Published activation: GELU; any other, or a gated unit, by name. The head classifies
by the first position, through a linear layer and tanh as in BERT.

Source: Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._attention import Block, initialize_transformer, positions
from rectifier.models._parts import Shape, drawing, initialize
from rectifier.models._sizes import checked


class Encoder(nn.Module):
    """Classifies a sequence."""

    def __init__(
        self,
        length: int,
        tokens: int,
        classes: int,
        size: int,
        layers: int,
        heads: int,
        inner: int,
        activation: str | Activation,
        dropout: float,
    ) -> None:
        super().__init__()
        self.length = length
        self.tokens = nn.Embedding(tokens, size)
        self.places = nn.Embedding(length, size)
        self.norm = nn.LayerNorm(size)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(size, heads, inner, activation, causal=False, norm_first=False, dropout=dropout)
            for _ in range(layers)
        )
        self.pool = nn.Sequential(nn.Linear(size, size), nn.Tanh())
        self.head = nn.Linear(size, classes)

    def encode(self, x: Tensor) -> Tensor:
        """Tokens (samples, positions) to states (samples, positions, size)."""
        places = self.places(positions(self.length, x))
        hidden: Tensor = self.drop(self.norm(self.tokens(x) + places))
        for block in self.blocks:
            hidden = block(hidden)
        return hidden

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (samples, positions) to logits (samples, classes)."""
        result: Tensor = self.head(self.pool(self.encode(x)[:, 0]))
        return result


@checked
def build(
    inputs: Shape = (512,),
    classes: int = 2,
    *,
    activation: str | Activation = "gelu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    tokens: int = 30522,
    size: int = 768,
    layers: int = 12,
    heads: int = 12,
    inner: int | None = None,
    dropout: float = 0.1,
) -> Encoder:
    """The network with fresh weights, float32; by default BERT-base without its pre-training heads.

    Args:
        inputs: (positions,): the longest sequence.
        classes: Number of outputs (logits).
        activation: Of the feed-forward layers: name, definition or name of a gated unit.
        init: None: N(0, 0.02²). The name of a scheme: the linear layers are drawn by it.
        generator: Source of the initial weights; default torch's global one.
        tokens: Number of different tokens.
        size: Width of the model.
        layers: Number of blocks.
        heads: Of attention.
        inner: Width of the feed-forward layers; None: four times ``size``.
        dropout: Share left out while training.

    Returns:
        Input int64 (samples, positions), output (samples, classes).

    Raises:
        InvalidInputError: A size does not fit, or the scheme looks at data.

    Example:
        >>> small = build((16,), 3, tokens=30, size=8, layers=1, heads=2, activation="relu")
        >>> small(torch.zeros(2, 16, dtype=torch.int64)).shape
        torch.Size([2, 3])
    """
    length = inputs if isinstance(inputs, int) else inputs[0]
    with drawing(generator):
        model = Encoder(
            length, tokens, classes, size, layers, heads, inner or 4 * size, activation, dropout
        )
        initialize_transformer(model, [])
        if init is not None:
            initialize(model, init, sample=torch.zeros(1, 1, dtype=torch.int64))
    return model
