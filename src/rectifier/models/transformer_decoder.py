"""A decoder like GPT-2: causal attention, normalisation first, weights shared with the embedding.

Layer: models. Published activation: the tanh form of GELU; any other, or a gated unit, by name.

Source: Radford et al. (2019), "Language Models are Unsupervised Multitask Learners".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._attention import Block, initialize_transformer, positions
from rectifier.models._parts import Shape, drawing, initialize
from rectifier.models._sizes import checked


class Decoder(nn.Module):
    """Predicts the next token at every position."""

    def __init__(
        self,
        length: int,
        tokens: int,
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
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(size, heads, inner, activation, causal=True, norm_first=True, dropout=dropout)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(size)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (samples, positions) to logits (samples, positions, tokens)."""
        places = self.places(positions(self.length, x))
        hidden = self.drop(self.tokens(x) + places)
        for block in self.blocks:
            hidden = block(hidden)
        result: Tensor = self.norm(hidden) @ self.tokens.weight.T
        return result


@checked
def build(
    inputs: Shape = (1024,),
    classes: int = 50257,
    *,
    activation: str | Activation = "gelu_tanh",
    init: str | None = None,
    generator: torch.Generator | None = None,
    size: int = 768,
    layers: int = 12,
    heads: int = 12,
    inner: int | None = None,
    dropout: float = 0.1,
) -> Decoder:
    """The network with fresh weights, float32; by default GPT-2's smallest.

    Args:
        inputs: (positions,): the longest sequence.
        classes: Number of tokens.
        activation: Of the feed-forward layers: name, definition or name of a gated unit.
        init: None: N(0, 0.02²), smaller where a shortcut is added to. The name of a scheme: the
            linear layers are drawn by it; the embedding, which the output shares, keeps its own.
        generator: Source of the initial weights; default torch's global one.
        size: Width of the model.
        layers: Number of blocks.
        heads: Of attention.
        inner: Width of the feed-forward layers; None: four times ``size``.
        dropout: Share left out while training.

    Returns:
        Input int64 (samples, positions), output (samples, positions, classes).

    Raises:
        InvalidInputError: A size does not fit, or the scheme looks at data.

    Example:
        >>> small = build((16,), 30, size=8, layers=1, heads=2, activation="swiglu")
        >>> small(torch.zeros(2, 16, dtype=torch.int64)).shape
        torch.Size([2, 16, 30])
    """
    length = inputs if isinstance(inputs, int) else inputs[0]
    with drawing(generator):
        model = Decoder(
            length, classes, size, layers, heads, inner or 4 * size, activation, dropout
        )
        blocks = [block for block in model.blocks if isinstance(block, Block)]
        initialize_transformer(model, blocks)
        if init is not None:
            initialize(model, init, sample=torch.zeros(1, 1, dtype=torch.int64))
    return model
