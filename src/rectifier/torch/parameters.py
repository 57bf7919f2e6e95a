"""Parameter groups for an optimiser: what weight decay may pull on, and what it may not.

Layer: torch front end. Weight decay on a bias, on a normalisation's scale or on the slope of a
PReLU pulls it to a value that has no special meaning (a PReLU turns into a ReLU); its inventors
turned it off. Which parameters of an activation want decay is said by the catalog.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from rectifier.errors import InvalidInputError
from rectifier.torch.elementwise_modules import ActivationModule


def parameter_groups(
    model: nn.Module, weight_decay: float = 0.01, **group_options: Any
) -> list[dict[str, Any]]:
    """Split the trainable parameters of a model into those with weight decay and those without.

    Without decay are biases, weights of normalisations, and the parameters of activations that the
    catalog (or torch, for its own ``nn.PReLU``) wants left alone. A parameter that is used in
    several places is left alone if one of them wants that. Every trainable parameter is in exactly
    one group.

    Args:
        model: The model.
        weight_decay: The decay of the first group, at least 0.
        **group_options: Further options for both groups, such as ``lr``.

    Returns:
        Two dictionaries for an optimiser, the decayed group first; an empty group is left out.

    Raises:
        InvalidInputError: There is no trainable parameter, or an option makes no sense.

    Example:
        >>> import torch, rectifier.torch as rt
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), rt.PReLU(8))
        >>> optimizer = torch.optim.AdamW(rt.parameter_groups(model, 0.05), lr=1e-3)
        >>> [len(group["params"]) for group in optimizer.param_groups]
        [1, 2]
    """
    if not isinstance(model, nn.Module):
        raise InvalidInputError(f"expected a torch.nn.Module, got {type(model).__name__}.")
    if isinstance(weight_decay, bool) or not isinstance(weight_decay, int | float):
        raise InvalidInputError(f"weight_decay must be a number, got {weight_decay!r}.")
    if not 0 <= weight_decay < float("inf"):
        raise InvalidInputError(f"weight_decay must be at least 0 and finite, got {weight_decay}.")
    if "params" in group_options:
        raise InvalidInputError("the option 'params' is what this function fills in; leave it out.")
    decayed: dict[nn.Parameter, bool] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            if isinstance(parameter, nn.parameter.UninitializedParameter):
                raise InvalidInputError(
                    f"the parameter {name!r} of {type(module).__name__} has no shape yet; run the "
                    "model once on an example before building the groups."
                )
            if parameter.requires_grad:
                decayed[parameter] = decayed.get(parameter, True) and _decays(module, name)
    if not decayed:
        raise InvalidInputError("the model has no trainable parameter.")
    groups = [
        {"params": [p for p, d in decayed.items() if d], "weight_decay": float(weight_decay)},
        {"params": [p for p, d in decayed.items() if not d], "weight_decay": 0.0},
    ]
    return [{**group_options, **group} for group in groups if group["params"]]


def _decays(module: nn.Module, name: str) -> bool:
    """Whether weight decay should pull on a module's own parameter."""
    if isinstance(module, ActivationModule):
        return module.activation.params[name].weight_decay
    # By the name of the class, so that a model's own RMSNorm counts too.
    if isinstance(module, nn.PReLU) or "norm" in type(module).__name__.lower():
        return False
    # "in_proj_bias" of attention, "bias_ih_l0" of recurrent layers, "bias_k".
    return "bias" not in name.split("_")
