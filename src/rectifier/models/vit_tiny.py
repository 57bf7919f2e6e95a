"""A vision transformer small enough to train on one core in a minute.

Layer: models. Patches of an image, two blocks, the mean over patches, a linear head. Sequences are
cut into patches, too, so that one-dimensional tasks have a use for it.

Source: A. Dosovitskiy et al. (2021), "An Image is Worth 16x16 Words", with the mean in place of the
class token (L. Beyer et al. 2022, "Better plain ViT baselines for ImageNet-1k").
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._attention import Block, initialize_transformer, rescale_feed
from rectifier.models._parts import Shape, drawing, samples


class Vision(nn.Module):
    """Cuts samples into patches and attends to them."""

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        size: int,
        layers: int,
        heads: int,
        patch: int,
        activation: str | Activation,
    ) -> None:
        super().__init__()
        self.shape, self.patch = shape, patch
        count, values = self.cut(torch.zeros(1, *shape)).shape[1:]
        self.embed = nn.Linear(values, size)
        self.places = nn.Parameter(torch.zeros(count, size))
        self.blocks = nn.ModuleList(
            Block(size, heads, 4 * size, activation, causal=False, norm_first=True, dropout=0.0)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, classes)

    def cut(self, x: Tensor) -> Tensor:
        """(samples, *shape) to (samples, patches, values); what is over at the ends is left out."""
        x = samples(x, self.shape)
        if len(self.shape) == 1:
            return x.unfold(1, self.patch, self.patch)
        pieces = x.unfold(2, self.patch, self.patch).unfold(3, self.patch, self.patch)
        return pieces.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, *shape) to logits (samples, classes)."""
        hidden = self.embed(self.cut(x)) + self.places
        for block in self.blocks:
            hidden = block(hidden)
        result: Tensor = self.head(self.norm(hidden).mean(dim=1))
        return result


def build(
    inputs: Shape = (1, 28, 28),
    classes: int = 10,
    *,
    activation: str | Activation = "gelu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    size: int = 64,
    layers: int = 2,
    heads: int = 4,
    patch: int = 4,
) -> nn.Module:
    """The network with fresh weights, float32.

    Args:
        inputs: (channels, height, width) of an image, (height, width), or (length,) of a sequence.
        classes: Number of outputs.
        activation: Of the feed-forward layers.
        init: None: N(0, 0.02²), as GPT-2; another is refused.
        generator: Source of the initial weights; default torch's global one.
        size: Width of the model.
        layers: Number of blocks.
        heads: Of attention.
        patch: Side of a patch.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs cannot be cut into patches, or ``init`` is given.

    Example:
        >>> build((1, 8, 8), 10)(torch.zeros(2, 1, 8, 8)).shape
        torch.Size([2, 10])
    """
    if init is not None:
        raise InvalidInputError(f"this network has its own initialisation; init={init!r} came")
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    shape = (1, *shape) if len(shape) == 2 else shape
    if len(shape) not in (1, 3) or min(shape[-2:] if len(shape) == 3 else shape) < patch:
        raise InvalidInputError(
            f"inputs must be the shape of an image or a sequence, each side at least {patch}; "
            f"{inputs} came"
        )
    with drawing(generator):
        model = Vision(shape, classes, size, layers, heads, patch, activation)
        initialize_transformer(model, [b for b in model.blocks if isinstance(b, Block)])
        nn.init.normal_(model.places, 0.0, 0.02)
        nn.init.normal_(model.embed.weight, 0.0, model.embed.in_features**-0.5)
    rescale_feed(model, activation)
    return model
