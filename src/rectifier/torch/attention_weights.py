"""The projections into attention, which ``nn.MultiheadAttention`` keeps outside of any layer.

Layer: torch front end, below `rectifier.torch.initialize`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_PARTS = ("q", "k", "v")


def find(model: nn.Module) -> dict[str, nn.Linear]:
    """Return the trainable projections into attention as layers that share their memory.

    Args:
        model: Any model.

    Returns:
        Layers by ``<path>.in_proj.q``, ``.k`` and ``.v``; writing into them writes into the model.
    """
    found: dict[str, nn.Linear] = {}
    for path, module in model.named_modules():
        if not isinstance(module, nn.MultiheadAttention):
            continue
        for part, weight, bias in _parts(module):
            name = f"{path}.in_proj.{part}" if path else f"in_proj.{part}"
            found[name] = _layer(weight, bias)
    return found


def _parts(module: nn.MultiheadAttention) -> list[tuple[str, Tensor, Tensor | None]]:
    size = module.embed_dim
    bias: Tensor | None = module.in_proj_bias
    biases = [None if bias is None else bias.detach()[i * size :][:size] for i in range(3)]
    whole: Tensor | None = module.in_proj_weight
    if whole is not None:
        if not whole.requires_grad:
            return []
        blocks = [whole.detach()[i * size :][:size] for i in range(3)]
    else:
        own = [getattr(module, f"{part}_proj_weight") for part in _PARTS]
        if not all(weight.requires_grad for weight in own):
            return []
        blocks = [weight.detach() for weight in own]
    return list(zip(_PARTS, blocks, biases, strict=True))


def _layer(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    with torch.device("meta"):
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(bias)
    return layer
