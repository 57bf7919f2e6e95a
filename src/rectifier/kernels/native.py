"""The compiled kernels: whether they are there, which they are, and how to call one.

Layer: kernels. Wraps the extension module ``rectifier._native``, which CMake builds from what
`rectifier.kernels.emit_cpp` prints. Takes NumPy arrays and PyTorch CPU tensors without importing
either. Which path a front end takes is decided in `rectifier.kernels.choose`, not here.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

from rectifier.errors import InvalidInputError, KernelUnavailableError

if TYPE_CHECKING:
    from rectifier.activation import Activation

Kind = Literal["forward", "backward"]
Runner = Callable[[bool, int, int, int, int, Any, int], None]

SWITCH = "RECTIFIER_NATIVE"
"""Environment variable; ``0`` turns the compiled kernels off for this process."""

DTYPES: Mapping[str, int] = MappingProxyType(
    {"float32": 0, "float64": 1, "bfloat16": 2, "float16": 3}
)
"""The element types that kernels are compiled for, by the numbers of ``native/bindings.cpp``."""

_NO_DOUBLE = "kernels in float64 need a processor with fused multiply-add, which this one lacks"

ALONE = 32767
"""Up to this many elements a call uses one thread; ``inline_size`` of ``native/team.hpp``."""


@functools.cache
def _load() -> tuple[ModuleType | None, str]:
    """Return the extension module, or None and the reason in one sentence; warn once of that."""
    try:
        return importlib.import_module("rectifier._native"), ""
    except ModuleNotFoundError as error:
        if error.name != "rectifier._native":
            raise
        reason = (
            "this installation of rectifier has no compiled kernels, because no working C++ "
            "compiler was found when it was installed; install one (g++ or clang++), then run: "
            "pip install --force-reinstall --no-deps --no-cache-dir rectifier"
        )
    except ImportError as error:
        reason = f"the compiled kernels are there but cannot be loaded: {error}"
    if os.environ.get(SWITCH) != "0":  # who has turned them off misses nothing
        warnings.warn(
            f"{reason}. Until then everything is computed operation by operation, right and "
            f"several times as slow; {SWITCH}=0 in the environment silences this.",
            RuntimeWarning,
            stacklevel=2,
        )
    return None, reason


def available() -> bool:
    """Say whether compiled kernels can be used in this process."""
    return os.environ.get(SWITCH) != "0" and _load()[0] is not None


def module() -> ModuleType | None:
    """Return the extension module where it can be used in this process, for what is no kernel."""
    return _load()[0] if available() else None


def _look_up() -> Callable[[], bool]:
    """Return `switched_on`, by the dictionary under ``os.environ`` where there is one.

    To ask ``os.environ`` takes a microsecond, for it encodes the name each time; a training step on
    few elements takes thirty.
    """
    table, encode = getattr(os.environ, "_data", None), getattr(os.environ, "encodekey", None)
    value = getattr(os.environ, "encodevalue", None)
    if table is None or encode is None or value is None:
        return lambda: os.environ.get(SWITCH) != "0"
    key, off, get = encode(SWITCH), value("0"), table.get
    return lambda: bool(get(key) != off)


switched_on = _look_up()
"""Say whether the environment leaves the compiled kernels on."""


def why_not() -> str:
    """Say in one sentence why compiled kernels cannot be used; empty when they can."""
    if os.environ.get(SWITCH) == "0":
        return f"the environment variable {SWITCH}=0 turns the compiled kernels off"
    return _load()[1]


def names() -> tuple[str, ...]:
    """Return the names of the activations that were compiled; empty when none were."""
    module = _load()[0]
    return tuple(module.digests()) if module is not None and available() else ()


def supports(activation: Activation | str, dtype: str = "float32") -> bool:
    """Say whether a compiled kernel computes exactly this activation in this element type.

    The name alone is not believed: the formula that was compiled has to be the activation's, so
    that neither a user's own activation of that name nor an older catalog's is mixed up with it.

    Args:
        activation: A name of the catalog or an `Activation`.
        dtype: Name of the element type, such as ``"float32"``.
    """
    return obstacle(activation, dtype) == ""


def obstacle(activation: Activation | str, dtype: str = "float32") -> str:
    """Say in one clause why no compiled kernel serves; empty when one does.

    Args:
        activation: As in `supports`.
        dtype: As in `supports`.
    """
    if not available():
        return why_not()
    from rectifier import catalog  # deferred: calling a kernel does not need the catalog
    from rectifier.kernels.emit_cpp import digest

    spec = catalog.get(activation)
    module = _load()[0]
    assert module is not None  # available() has said so
    compiled = module.digests()
    if spec.name not in compiled:
        return (
            f"no kernel was compiled for {spec.name!r}; those {len(compiled)} of the catalog were, "
            "when rectifier was installed"
        )
    if compiled[spec.name] != digest(spec):
        return (
            f"the kernel compiled as {spec.name!r} is of another formula than this activation's; "
            "if the catalog was edited, install rectifier again"
        )
    if dtype not in DTYPES:
        return f"kernels are compiled for {', '.join(DTYPES)} and this is {dtype}"
    if dtype not in element_types():
        return _NO_DOUBLE
    return ""


@functools.cache
def element_types() -> tuple[str, ...]:
    """Return those of `DTYPES` that the kernels serve on this machine; empty without kernels."""
    module = _load()[0]
    if module is None:
        return ()
    return tuple(n for n in DTYPES if n != "float64" or module.has_fused_multiply_add)


@functools.cache
def has_tables(dtype: str) -> bool:
    """Say whether kernels by tables (``native/tabled.hpp``) serve an element type here."""
    return dtype != "float64" and bool(getattr(_load()[0], "has_tables", False))


@functools.cache
def default_threads() -> int:
    """Return how many threads a call on NumPy arrays uses unless told.

    As for OpenMP: ``OMP_NUM_THREADS``, else the cores that this process may use; read once.
    """
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if given.isdecimal() and int(given) > 0:
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _rows() -> Mapping[str, int]:
    """Return the number of each compiled activation in the extension module's table."""
    module = _load()[0]
    return {} if module is None else {name: row for row, name in enumerate(module.digests())}


def unary(
    name: str,
    kind: Kind,
    source: Any,
    out: Any,
    *,
    grad: Any = None,
    parameters: Sequence[float] = (),
    threads: int | None = None,
) -> None:
    """Run one compiled kernel over whole buffers, in one pass.

    ``forward`` writes f(source) to `out`; ``backward`` writes grad · f'(source). `out` may be
    `source` or `grad` itself (in place), but must not overlap them in part. The interpreter lock is
    released meanwhile, but for short buffers. The last bit of a result may depend on its
    neighbours, since the arithmetic is chosen block by block; not on the number of threads.

    Args:
        name: Canonical name of a compiled activation; see `names`.
        kind: ``"forward"`` or ``"backward"``.
        source: NumPy array or PyTorch CPU tensor of one of `DTYPES`, contiguous, any shape.
        out: As `source`, of its element type, writable, with as many elements.
        grad: As `source`, of its element type, with as many elements; given exactly for
            ``"backward"``.
        parameters: Values of the activation's parameters, in the order of its definition.
        threads: Most threads to use; small buffers use fewer. Default: for tensors what
            ``torch.get_num_threads`` says, else `default_threads`.

    Raises:
        KernelUnavailableError: There are no compiled kernels, or none of this name.
        InvalidInputError: The buffers do not fit the kernel or one another.
    """
    module = _load()[0]
    if module is None or not switched_on():
        raise KernelUnavailableError(f"kernel {name!r} cannot run: {why_not()}")
    row = _rows().get(name)
    if row is None:
        raise KernelUnavailableError(
            f"no kernel was compiled for {name!r}, only for the catalog's {len(_rows())} "
            "activations; see rectifier.kernels.native.names()."
        )
    if kind not in ("forward", "backward"):
        raise InvalidInputError(f"kind must be 'forward' or 'backward', got {kind!r}.")
    if (grad is not None) != (kind == "backward"):
        raise InvalidInputError("grad must be given for 'backward' and only then.")
    if threads is not None and threads < 1:
        raise InvalidInputError(f"threads must be 1 or more, got {threads}.")
    dtype = _named(getattr(source, "dtype", "float32"))
    if dtype == "float64" and dtype not in element_types():
        raise KernelUnavailableError(f"kernel {name!r} cannot run: {_NO_DOUBLE}.")
    run = _on_tensors if hasattr(source, "data_ptr") else _on_arrays
    try:
        run(module, row, DTYPES.get(dtype), source, out, grad, tuple(parameters), threads)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(str(error)) from error


@functools.cache
def _named(dtype: Any) -> str:
    """Return the name of an element type; once for each, which saves a call a microsecond."""
    return str(dtype).removeprefix("torch.")


def _on_arrays(
    module: ModuleType,
    row: int,
    code: int | None,
    source: Any,
    out: Any,
    grad: Any,
    parameters: tuple[float, ...],
    threads: int | None,
) -> None:
    code = 0 if code is None else code
    threads = default_threads() if threads is None else threads
    module.run_arrays(row, grad is not None, code, source, out, grad, parameters, threads)


def _on_tensors(
    module: ModuleType,
    row: int,
    code: int | None,
    source: Any,
    out: Any,
    grad: Any,
    parameters: tuple[float, ...],
    threads: int | None,
) -> None:
    dtype, size = source.dtype, source.numel()
    if code is None:
        raise InvalidInputError(f"source must be a tensor of {', '.join(DTYPES)}, got {dtype}.")
    at = _address(source, size, dtype, "source")
    to = _address(out, size, dtype, "out")
    by = 0 if grad is None else _address(grad, size, dtype, "grad")
    if threads is None:
        threads = sys.modules["torch"].get_num_threads()
    openmp()
    module.run_addresses(row, grad is not None, code, at, to, by, size, parameters, threads)


def _address(tensor: Any, size: int, dtype: Any, role: str) -> int:
    """Return where a PyTorch tensor's elements are, after checking that a kernel may use them."""
    torch = sys.modules["torch"]
    if not isinstance(tensor, torch.Tensor):
        raise InvalidInputError(
            f"{role} must be a PyTorch tensor like the source, got {type(tensor).__name__}."
        )
    fits = tensor.dtype is dtype and tensor.is_cpu and tensor.is_contiguous()
    if not fits or tensor.numel() != size:
        raise InvalidInputError(
            f"{role} must be a contiguous {dtype} CPU tensor of {size} elements, got "
            f"{tensor.dtype} on {tensor.device}, shape {tuple(tensor.shape)}, "
            f"strides {tensor.stride()}."
        )
    address: int = tensor.data_ptr()
    return address


@functools.cache
def openmp() -> bool:
    """Let the kernels share the threads of PyTorch's OpenMP runtime, where that is loaded.

    Its workers spin for a while after each of PyTorch's operations, so threads of their own would
    leave the kernels little. Asked for when a tensor comes for the first time. Calls on NumPy
    arrays use a small pool of the kernels' own, as all do without it.

    Returns:
        Whether the runtime was found.
    """
    module = _load()[0]
    return module is not None and bool(module.join_openmp_of_torch())


def team() -> str:
    """Return whose threads the kernels run on now: ``"openmp"`` (PyTorch's) or ``"pool"``."""
    module = _load()[0]
    return "none" if module is None else str(module.kind_of_team())


@functools.cache
def all_finite() -> Callable[[int, int], bool] | None:
    """Return what says of an address and a number of float32 there whether all are finite.

    None where there are no compiled kernels, or older ones than this source. The caller vouches for
    the memory.
    """
    return getattr(_load()[0], "all_finite", None)


def shortcut() -> Callable[..., Any] | None:
    """Return the compiled type of `rectifier.torch.shortcut.Shortcut`, which says what it does.

    None where there are no compiled kernels, or older ones than this source.
    """
    return getattr(_load()[0], "Shortcut", None)


def runner(name: str, dtype: str) -> Runner:
    """Return a compiled kernel for buffers that the caller has checked, for front ends in a hurry.

    Args:
        name: Canonical name of a compiled activation.
        dtype: A name of `DTYPES`.

    Returns:
        A function of: whether the pass is backward; addresses of source, out and grad (0 for none)
        without gaps between the elements; number of elements; parameters; most threads.

    Raises:
        KernelUnavailableError: There are no compiled kernels, or none of this name.
    """
    module = _load()[0]
    row = _rows().get(name)
    if module is None or row is None or os.environ.get(SWITCH) == "0":
        raise KernelUnavailableError(f"kernel {name!r} cannot run: {why_not() or 'not compiled'}")
    run, code = module.run_addresses, DTYPES[dtype]

    def call(
        backward: bool, source: int, out: int, grad: int, size: int, parameters: Any, threads: int
    ) -> None:
        run(row, backward, code, source, out, grad, size, parameters, threads)

    return call
