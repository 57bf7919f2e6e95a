"""Transformer blocks whose feed-forward layer has any activation or gated unit, by name.

For the encoder and the decoder here. Normalisation comes before each part (pre-LN) or after the
shortcut (post-LN).

Source: Vaswani et al. (2017), "Attention Is All You Need"; gated feed-forward layers: Shazeer
(2020), "GLU Variants Improve Transformer".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier import analysis, catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import unit


class Attention(nn.Module):
    """Scaled dot-product attention with several heads, of a sequence to itself."""

    def __init__(self, size: int, heads: int, *, causal: bool, dropout: float) -> None:
        super().__init__()
        if size % heads:
            raise InvalidInputError(f"{heads} heads do not divide a size of {size}")
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.project = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (samples, positions, size)."""
        samples, positions, size = x.shape
        parts = self.project(x).reshape(samples, positions, 3, self.heads, size // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(
            query,
            key,
            value,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal,
        )
        result: Tensor = self.out(mixed.transpose(1, 2).reshape(samples, positions, size))
        return result


def feed_forward(size: int, inner: int, activation: str | Activation) -> nn.Module:
    """The feed-forward layer.

    Args:
        size: Width of the model.
        inner: Width between; a gated unit gets two thirds of it, so that it has as many weights.
        activation: An activation, or the name of a gated unit such as ``swiglu``.
    """
    if isinstance(activation, str) and activation.lower() in catalog.gated_names():
        return rt.activation(activation, size, max(1, round(inner * 2 / 3)), bias=False)
    return nn.Sequential(nn.Linear(size, inner), unit(activation), nn.Linear(inner, size))


class Block(nn.Module):
    """Attention and a feed-forward layer, each with a shortcut."""

    def __init__(
        self,
        size: int,
        heads: int,
        inner: int,
        activation: str | Activation,
        *,
        causal: bool,
        norm_first: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attention = Attention(size, heads, causal=causal, dropout=dropout)
        self.feed = feed_forward(size, inner, activation)
        self.norm_one, self.norm_two = nn.LayerNorm(size), nn.LayerNorm(size)
        self.drop = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (samples, positions, size)."""
        if self.norm_first:
            x = x + self.drop(self.attention(self.norm_one(x)))
            fed: Tensor = self.drop(self.feed(self.norm_two(x)))
            return x + fed
        x = self.norm_one(x + self.drop(self.attention(x)))
        result: Tensor = self.norm_two(x + self.drop(self.feed(x)))
        return result


def initialize_transformer(model: nn.Module, blocks: list[Block], std: float = 0.02) -> None:
    """N(0, std²) and biases of 0; what is added to a shortcut is divided by √(2 · blocks).

    Source: Radford et al. (2019), "Language Models are Unsupervised Multitask Learners", section
    2.3; for the deviation also Devlin et al. (2019).
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, std)
    for block in blocks:
        if not block.norm_first:
            continue
        feed = block.feed
        last = feed[-1] if isinstance(feed, nn.Sequential) else feed.down_proj
        for layer in (block.attention.out, last):
            if not isinstance(layer, nn.Linear):
                raise TypeError(f"expected a linear layer, found {type(layer).__name__}")
            nn.init.normal_(layer.weight, 0.0, std / (2 * len(blocks)) ** 0.5)


def positions(length: int, x: Tensor) -> Tensor:
    """Numbers of the positions of a sequence.

    Raises:
        InvalidInputError: It is no batch of tokens, or longer than the model allows.
    """
    if x.dim() != 2 or x.dtype not in (torch.int64, torch.int32):
        raise InvalidInputError(
            "expected tokens, whole numbers of shape (samples, positions); a tensor of shape "
            f"{tuple(x.shape)} of {str(x.dtype).removeprefix('torch.')} came"
        )
    if x.shape[1] > length:
        raise InvalidInputError(f"the model reads {length} positions at most; {x.shape[1]} came")
    return torch.arange(x.shape[1], device=x.device)


def rescale_feed(model: nn.Module, activation: str | Activation) -> None:
    """Multiply the layers before an activation by the ratio of its gain to that of GPT-2's.

    A gated unit is left as it is.

    Args:
        model: With `Block`s in it.
        activation: What they apply.
    """
    ratio = 1.0
    if not (isinstance(activation, str) and activation.lower() in catalog.gated_names()):
        ratio = analysis.gain(activation) / analysis.gain("gelu_tanh")
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, Block) and isinstance(module.feed, nn.Sequential):
                first = module.feed[0]
                if isinstance(first, nn.Linear):
                    first.weight.mul_(ratio)
