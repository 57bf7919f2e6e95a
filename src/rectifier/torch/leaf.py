"""Torch's own modules of which it is known what they call.

Part of the torch front end's interception (`rectifier.torch.sites`). While one of them runs the
function mode is taken off the stack: under it each call inside costs some ten microseconds, and
tells nothing that the module's class does not.
"""

from __future__ import annotations

import enum
import functools
from typing import Any

from torch import nn
from torch.nn.modules.loss import _Loss

from rectifier.torch.activation_modules import module_class_function
from rectifier.torch.recurrent import RECURRENT


class Leaf(enum.Enum):
    """What a module's class tells.

    NONE: each module has to be looked at, and what it calls. ACTIVATION: the module is one
    activation. PLAIN: no activation; where it holds no other module, a layer or nothing of concern.
    """

    NONE = "none"
    ACTIVATION = "activation"
    PLAIN = "plain"


def leaf_of(module: nn.Module) -> Leaf:
    """What the class of a module tells."""
    kind: Any = type(module)
    return _leaf_kind(kind)


@functools.lru_cache(maxsize=1024)
def _leaf_kind(kind: Any) -> Leaf:
    if not kind.__module__.startswith("torch.nn.modules."):
        return Leaf.NONE
    if issubclass(kind, (*RECURRENT, _Loss)):
        return Leaf.NONE
    return Leaf.PLAIN if module_class_function(kind) is None else Leaf.ACTIVATION


def is_as_made(module: nn.Module) -> bool:
    """Whether a module calls nothing but what its class says: nothing was put in or before it."""
    parts = module._modules
    if parts and not (type(module) is nn.MultiheadAttention and parts.keys() == {"out_proj"}):
        return False  # attention reads the weights of its part, and does not call it
    return not (module._forward_pre_hooks or "forward" in module.__dict__)
