"""Which way an activation is computed, decided in one place, with the reason.

Layer: kernels. The front ends decide by `explain`, so what it says is what runs. Four paths:

- ``native``: one compiled pass over memory, on the CPU (`rectifier.kernels.native`).
- ``triton``: one pass over memory by a Triton kernel, on a CUDA device (`rectifier.kernels.cuda`).
- ``framework``: the framework's own operation, where that is right and either faster than the
  compiled kernel or the only one.
- ``composed``: the catalog's expression, operation by operation, in the framework.

A path that is asked for by name and cannot run raises; nothing is replaced in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from rectifier.errors import KernelUnavailableError, UnknownNameError
from rectifier.kernels import cuda, native

if TYPE_CHECKING:
    from rectifier.activation import Activation

Path = Literal["native", "triton", "composed", "framework"]

PATHS = ("composed", "framework", "native", "triton")
FRAMEWORKS = ("jax", "keras", "numpy", "torch")

OWN: dict[str, dict[str, str]] = {
    "jax": {},
    "keras": {},
    "numpy": {},
    # Not sigmoid: torch flushes its subnormal results, below x = -87.3 in fp32, to 0.
    "torch": {"relu": "torch.relu", "tanh": "torch.tanh"},
}
"""Per framework: the activations whose own operation is right, for where no kernel was compiled.

Where one was, it has the advantage that the gradient at NaN is NaN without a second operation.
"""

FASTER = frozenset({"tanh"})
"""Those of them that are faster than the compiled kernel where that has no table; its derivative
serves all the same. By table, tanh takes 0.9 of torch's time from 256 elements to a million."""


@dataclass(frozen=True, slots=True)
class Short:
    """An operation of torch's own that is faster than a compiled kernel on few elements.

    Attributes:
        operation: The name of torch's function.
        most: Below so many elements it is faster where a gradient is wanted.
        plain: The same where none is.
    """

    operation: str
    most: int
    plain: int


SHORT: Mapping[str, Short] = MappingProxyType(
    {
        "celu": Short("torch.celu", 8192, 1024),
        "elu": Short("torch.nn.functional.elu", 8192, 1024),
        "hard_shrink": Short("torch.nn.functional.hardshrink", 262144, 32768),
        "hard_swish": Short("torch.nn.functional.hardswish", 262144, 8192),
        "hard_tanh": Short("torch.nn.functional.hardtanh", 262144, 32768),
        "leaky_relu": Short("torch.nn.functional.leaky_relu", 262144, 32768),
        "relu": Short("torch.relu", 262144, 32768),
        "relu6": Short("torch.nn.functional.relu6", 262144, 32768),
        "selu": Short("torch.selu", 8192, 1024),
        "soft_shrink": Short("torch.nn.functional.softshrink", 262144, 16384),
        "softplus": Short("torch.nn.functional.softplus", 8192, 512),
    }
)
"""torch's own operations that keep every bar in fp32 on the CPU, value and derivative, as long as
all inputs are finite, and below how many elements they win: an operation of our own costs autograd
microseconds a step. That the inputs are finite is looked up first: at NaN some of them have a
gradient that is a number, and at -infinity hardswish is NaN. Not log_sigmoid, whose gradient torch
cannot batch without a warning; not hard_sigmoid, whose gradient it cannot differentiate; not mish,
gelu, silu, sigmoid and tanh, whose value or derivative misses a bar."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which path computes an activation, and why.

    Attributes:
        path: ``"native"``, ``"triton"``, ``"composed"`` or ``"framework"``.
        reason: One sentence, without the name of the path.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def explain(
    activation: Activation | str,
    framework: str = "numpy",
    dtype: Any = "float32",
    device: Any = "cpu",
    path: str | None = None,
) -> Explanation:
    """Say which path computes an activation on contiguous data, and why that one.

    Args:
        activation: A name of the catalog or an `Activation`.
        framework: ``"numpy"``, ``"torch"``, ``"jax"`` or ``"keras"``.
        dtype: Element type: its name, or the framework's own object for it.
        device: Where the data is: its name, or the framework's own object for it.
        path: A path asked for by name; the default is the fastest that is right.

    Returns:
        The path and the reason.

    Raises:
        UnknownNameError: No such activation, framework or path.
        KernelUnavailableError: The path asked for cannot run; the message says why.

    Example:
        >>> from rectifier.kernels import explain
        >>> explain("relu", framework="torch", device="mps").path
        'framework'
    """
    from rectifier import catalog  # deferred: `import rectifier.kernels` stays quick

    spec = catalog.get(activation)
    if framework not in FRAMEWORKS:
        raise UnknownNameError("framework", framework, FRAMEWORKS)
    if path is not None and path not in PATHS:
        raise UnknownNameError("kernel path", path, PATHS)
    own = _own(spec, framework)
    on_gpu = _gpu_obstacle(spec, framework, _name(dtype), _name(device))
    obstacle = _obstacle(spec, framework, _name(dtype), _name(device))
    if path == "framework" and not own:
        raise KernelUnavailableError(
            f"path 'framework' cannot compute {spec.name!r}: {framework} has no operation of its "
            "own that is as right and as fast; use path='composed' or leave it out."
        )
    besides = ""
    if (framework, path, _name(dtype), _name(device)) == ("torch", None, "float32", "cpu"):
        besides = _short(spec)
    if path == "native" and obstacle:
        raise KernelUnavailableError(f"path 'native' cannot compute {spec.name!r}: {obstacle}.")
    if path == "triton" and on_gpu:
        raise KernelUnavailableError(f"path 'triton' cannot compute {spec.name!r}: {on_gpu}.")
    if path == "triton" or (path is None and not on_gpu):
        return Explanation(
            "triton", f"{spec.name} runs in one pass over the GPU's memory, on {_name(dtype)}."
        )
    faster = spec.name in FASTER and not native.has_tables(_name(dtype))
    if path == "framework" or (path is None and own and (obstacle or faster)):
        return Explanation("framework", f"{own} computes {spec.name} rightly and in one pass.")
    if path == "native" or (path is None and not obstacle):
        return Explanation(
            "native",
            f"{spec.name} runs in one compiled pass over memory, on {_name(dtype)}.{besides}",
        )
    if _name(device).startswith("cuda"):
        obstacle = on_gpu
    passes = f"{spec.name} is computed operation by operation in {framework}"
    if path == "composed":
        return Explanation("composed", f"{passes}, as asked.")
    if framework in ("jax", "keras"):
        return Explanation("composed", f"{passes}, which its compiler may fuse: {obstacle}.")
    return Explanation(
        "composed", f"{passes}, slower than in one compiled pass: {obstacle}.{besides}"
    )


def _own(spec: Activation, framework: str) -> str:
    """Return the framework's own operation for exactly this catalog entry, or an empty text."""
    from rectifier import catalog

    operation = OWN[framework].get(spec.name, "")
    return operation if operation and catalog.get(spec.name) == spec else ""


def short(spec: Activation) -> Short | None:
    """Return torch's own operation that is right, and faster than ours on few elements, if any."""
    from rectifier import catalog

    found = SHORT.get(spec.name)
    return found if found is not None and catalog.get(spec.name) == spec else None


def _short(spec: Activation) -> str:
    found = short(spec)
    if found is None:
        return ""
    return (
        f" On fewer than {found.plain:,} finite numbers, or {found.most:,} where a gradient is "
        f"wanted, {found.operation} runs instead."
    )


def _obstacle(spec: Activation, framework: str, dtype: str, device: str) -> str:
    """Say in one clause what keeps the compiled kernel from being used; empty if nothing does."""
    if framework in ("jax", "keras"):
        return f"compiled kernels serve NumPy and PyTorch, and {framework} traces its operations"
    if not device.startswith("cpu"):
        return f"compiled kernels run on the CPU and the data is on {device}"
    return native.obstacle(spec, dtype)


def _gpu_obstacle(spec: Activation, framework: str, dtype: str, device: str) -> str:
    """Say in one clause what keeps a Triton kernel from being used; empty if nothing does."""
    if framework != "torch":
        return f"Triton kernels serve PyTorch, and this is {framework}"
    return cuda.obstacle(spec, dtype, device)


def _name(thing: Any) -> str:
    """Return the plain name of an element type or a device: ``"float32"``, ``"cpu"``."""
    text = thing.__name__ if isinstance(thing, type) else str(thing)
    return text.removeprefix("torch.")
