"""Which modules are one activation, and which are one layer with weights.

Part of the torch front end's interception (`rectifier.torch.sites`).
"""

from __future__ import annotations

import functools
import re
import weakref
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from torch import Tensor, nn

from rectifier import catalog
from rectifier.errors import UnknownNameError

ACTIVATION_MODULES: Mapping[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.LeakyReLU: "leaky_relu",
    nn.PReLU: "prelu",
    nn.RReLU: "rrelu",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.CELU: "celu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Mish: "mish",
    nn.Softplus: "softplus",
    nn.Sigmoid: "sigmoid",
    nn.LogSigmoid: "logsigmoid",
    nn.Tanh: "tanh",
    nn.Hardswish: "hardswish",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Hardtanh: "hardtanh",
    nn.Hardshrink: "hardshrink",
    nn.Softshrink: "softshrink",
    nn.Tanhshrink: "tanhshrink",
    nn.Softsign: "softsign",
    nn.Threshold: "threshold",
}
"""Module classes whose whole forward is one activation."""

NOT_ELEMENTWISE = frozenset(
    {
        *("mean", "sum", "var", "std", "var_mean", "std_mean", "norm", "vector_norm", "prod"),
        *("softmax", "log_softmax", "logsumexp", "cumsum", "amax", "amin", "argmax", "max", "min"),
        *("rand", "rand_like", "randn_like", "bernoulli", "bernoulli_", "dropout", "normal_"),
        *("cat", "stack", "chunk", "split", "normalize", "einsum", "sort", "topk", "median"),
        *("alpha_dropout", "feature_dropout", "uniform_", "empty_like", "roll", "gather"),
    }
)
"""Names of torch functions that a module which is just an activation does not call."""


def module_function(module: nn.Module) -> str | None:
    """The catalog name of what an activation module computes; None for any other module."""
    kind: Any = type(module)
    function = module_class_function(kind)
    if function is None:
        return _of_rectifier(module)
    if function == "gelu" and getattr(module, "approximate", "none") == "tanh":
        return "gelu_tanh"
    if function == "hardtanh":
        bounds = (getattr(module, "min_val", None), getattr(module, "max_val", None))
        return "relu6" if bounds == (0, 6) else function
    if function == "threshold":
        bounds = (getattr(module, "threshold", None), getattr(module, "value", None))
        return "relu" if bounds == (0, 0) else function
    return function


@functools.lru_cache(maxsize=1024)
def module_class_function(kind: Hashable) -> str | None:
    """What a class computes that is an activation class of torch or inherits its forward."""
    for base in getattr(kind, "__mro__", ()):
        function = ACTIVATION_MODULES.get(base)
        if function is not None:
            same = getattr(kind, "forward", None) is getattr(base, "forward", None)
            return function if same else None
    return None


def _of_rectifier(module: nn.Module) -> str | None:
    """The name of the activation that a module of rectifier's own front end computes."""
    if not type(module).__module__.startswith("rectifier.torch"):
        return None
    name = getattr(getattr(module, "activation", None), "name", None)
    return name if isinstance(name, str) else None


def may_be_activation(module: nn.Module) -> bool:
    """Whether a module of the user's own may be one activation: nothing inside, few parameters."""
    if module._modules or type(module).__module__.startswith("torch."):
        return False
    return all(p is None or p.dim() <= 1 for p in module._parameters.values())


def named_like(kind: type) -> str:
    """The catalog's name for a class called like an activation, else the class's own."""
    return called_like(kind) or _words(kind)


def _words(kind: type) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def called_like(kind: type) -> str | None:
    """The catalog's name for a class called like an activation; None for any other."""
    words = _words(kind)
    for name in (words, words.replace("_", ""), words.removesuffix("_function")):
        try:
            return catalog.get(name).name
        except UnknownNameError:
            continue
    return None


def is_layer(module: nn.Module) -> bool:
    """Whether a module applies weights of its own as one operation."""
    if not any(p is not None for p in module._parameters.values()):
        return "parametrizations" in module._modules
    if module._modules and not isinstance(module, nn.MultiheadAttention):
        return set(module._modules) == {"parametrizations"}
    return module_function(module) is None


def is_torch(module: nn.Module) -> bool:
    """Whether a module is one of torch's own layers, which mark their output as a whole."""
    return type(module).__module__.startswith("torch.")


def only_matrix(module: nn.Module) -> Tensor | None:
    """The one weight with two or more dimensions that a module of the user's own holds."""
    if is_torch(module) or module._modules:
        return None
    found = [p for p in module._parameters.values() if p is not None and p.dim() > 1]
    return found[0] if len(found) == 1 else None


def apply_of(module: nn.Module | None) -> Callable[[Tensor], Tensor]:
    """The function of an activation module, never in place."""
    reference = None if module is None else weakref.ref(module)

    def apply(tensor: Tensor) -> Tensor:
        held = None if reference is None else reference()
        if held is None:
            raise ReferenceError("what applied the activation no longer exists")
        given = tensor.clone() if getattr(held, "inplace", False) else tensor
        result: Tensor = held.forward(given)
        return result

    return apply
