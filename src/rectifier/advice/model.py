"""Reads a case off a network: runs it once on made-up input and looks.

Layer: advice; the only file here that needs torch. Activations are seen by the one interception, so
functional ones count too. Where no input can be guessed that the network takes, what its modules
tell has to do, and that is said.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rectifier.advice.case import Case
from rectifier.errors import InvalidInputError, ScriptError
from rectifier.torch.sites import Interception, Observer, Site

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)
_WEIGHTED = (nn.Linear, *_CONVOLUTIONS, *_TRANSPOSED)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_GATES = frozenset(("sigmoid", "softmax", "log_softmax"))
_STEPS = 3
_SIDES = (32, 64, 224, 28, 8)


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        case: The facts.
        notes: How far they can be trusted.
    """

    case: Case
    notes: tuple[str, ...]


def load(reference: str) -> nn.Module:
    """The network that a function of a file or module makes.

    Args:
        reference: ``model.py:build`` or ``package.module:build``; a class does as well.

    Raises:
        ScriptError: The file or module is not there or fails.
        InvalidInputError: The function is not there, wants arguments, or gives no module.
    """
    place, colon, name = reference.rpartition(":")
    if not colon or not place or not name:
        raise InvalidInputError(
            f"expected FILE.py:FUNCTION or MODULE:FUNCTION, such as model.py:build; got "
            f"{reference!r}"
        )
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    except ScriptError:
        raise
    except Exception as error:
        raise ScriptError(f"{place} failed: {type(error).__name__}: {error}") from error
    made = getattr(module, name, None)
    if made is None:
        raise InvalidInputError(f"{place} has no {name}")
    if not isinstance(made, nn.Module):
        try:
            made = made()
        except TypeError as error:
            raise InvalidInputError(
                f"{reference} could not be called without arguments: {error}"
            ) from error
    if not isinstance(made, nn.Module):
        raise InvalidInputError(f"{reference} gave a {type(made).__name__}, no torch.nn.Module")
    return made


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise ScriptError(f"{path} is not there")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ScriptError(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def _from_name(name: str) -> Any:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ScriptError(f"there is no module {name!r} ({error})") from error
    finally:
        sys.path.pop(0)


class _Seen(Observer):
    def __init__(self) -> None:
        self.functions: list[str] = []
        self.last: tuple[str, int] | None = None

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.functions.append(site.function)
        self.last = (site.function, id(output))


class _Sums(TorchFunctionMode):
    """Counts sums of two tensors of one shape, as shortcuts make them, and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.shortcuts = 0
        self.attention = 0

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in ("add", "add_", "__add__", "__iadd__", "__radd__") and len(args) >= 2:
            one, other = args[:2]
            if isinstance(one, Tensor) and isinstance(other, Tensor):
                same = one.shape == other.shape and one.dim() > 1
                self.shortcuts += same and not isinstance(other, nn.Parameter)
        self.attention += name == "scaled_dot_product_attention"
        return func(*args, **(kwargs or {}))


class _Repeats:
    """Counts the calls of square linear layers: a recurrent cell calls its own once a step."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.calls: dict[int, int] = {}
        self._hooks = [
            module.register_forward_pre_hook(self._count)
            for module in modules
            if isinstance(module, nn.Linear) and module.in_features == module.out_features
        ]

    def _count(self, module: nn.Module, _: Any) -> None:
        self.calls[id(module)] = self.calls.get(id(module), 0) + 1

    @property
    def recurrent(self) -> bool:
        """Whether one was called for three steps or more."""
        return max(self.calls.values(), default=0) >= _STEPS

    def remove(self) -> None:
        """Take the hooks off again."""
        for hook in self._hooks:
            hook.remove()


def made_up(shapes: Sequence[Sequence[int]]) -> Iterator[tuple[Tensor, ...]]:
    """Two samples of those shapes: from N(0, 1), or zeros where it is to be tokens."""
    drawn = [torch.randn(2, *shape) for shape in shapes]
    whole = [torch.zeros(2, *shape, dtype=torch.int64) for shape in shapes]
    yield from itertools.product(*zip(drawn, whole, strict=True))


def read(model: nn.Module, sample: Any = None, *, shapes: Sequence[Sequence[int]] = ()) -> Reading:
    """Read a case off a network.

    Args:
        model: The network; its mode is put back.
        sample: An input, or a tuple of them; None: some are made up.
        shapes: Of each input to make up, without the batch; none: they are guessed.

    Returns:
        Facts and how they were found.
    """
    modules = list(model.modules())
    layers = [m for m in modules if isinstance(m, _WEIGHTED)]
    notes: list[str] = []
    seen, sums = _Seen(), _Sums()
    repeats = _Repeats(modules)
    output: Any = None
    guesses = made_up(shapes) if shapes else _guesses(model)
    tried = [sample] if sample is not None else list(guesses)
    training = model.training
    model.eval()
    error: Exception | None = None
    try:
        for guess in tried:
            seen, sums = _Seen(), _Sums()
            repeats.calls.clear()
            given = guess if isinstance(guess, tuple) else (guess,)
            try:
                with torch.no_grad(), Interception([seen], [model]), sums:
                    output = model(*given)
                break
            except Exception as failed:  # noqa: BLE001 - a wrong guess may raise anything
                # The first is told: later ones are of tokens, which are less often meant.
                error = error or failed
    finally:
        repeats.remove()
        model.train(training)
    if output is None:
        if error is not None and shapes:
            asked = " and ".join(str(tuple(shape)) for shape in shapes)
            why = f"it does not take samples of shape {asked}, as --input says: {error}"
        else:
            told = "no input could be guessed" if error is None else f"running it failed: {error}"
            why = f"{told}; pass --input with the shape of a sample, once for each input"
        notes.append(f"read from its modules alone, since {why}")
    functions = tuple(dict.fromkeys(seen.functions)) or _by_modules(modules)
    hidden = tuple(name for name in functions if name not in _GATES)
    domain = _domain(modules, sums.attention > 0, repeats.recurrent)
    bridged = sums.shortcuts > 0 and domain != "rnn"  # a cell adds the input to its state
    case = Case(
        domain=domain,
        depth=len(layers) + sum(map(_stacked, modules)) or None,
        width=min((_outputs(layer) for layer in layers[:-1]), default=None),
        batch_norm=any(isinstance(m, _BATCH_NORMS) for m in modules),
        residual=bridged if output is not None else None,
        activations=hidden,
    )
    if isinstance(output, Tensor):
        ended = seen.last is not None and seen.last[1] == id(output)
        last = seen.last[0] if ended and seen.last is not None else ""
        case = replace(
            case, output_activation=last, output=_purpose(last, output), depth=case.depth
        )
    return Reading(case, tuple(notes))


def _domain(modules: Sequence[nn.Module], attention: bool, recurrent: bool) -> str:
    if attention or any(isinstance(m, nn.MultiheadAttention) for m in modules):
        return "transformer"
    if recurrent or any(isinstance(m, _RECURRENT) for m in modules):
        return "rnn"
    if any(isinstance(m, _CONVOLUTIONS) for m in modules):
        return "cnn"
    return "mlp"


def _purpose(last: str, output: Tensor) -> str | None:
    if last in ("softmax", "log_softmax"):
        return "classes"
    if last == "sigmoid":
        return "probability"
    if last == "tanh":
        return "bounded"
    if output.dim() == 2 and output.shape[1] > 1:
        return "classes"
    return "regression" if output.dim() <= 2 and output.shape[-1] == 1 else None


def _stacked(module: nn.Module) -> int:
    """Recurrent layers that a module of torch holds."""
    return getattr(module, "num_layers", 1) if isinstance(module, _RECURRENT) else 0


def _outputs(layer: nn.Module) -> int:
    found: int = getattr(layer, "out_features", 0) or getattr(layer, "out_channels", 1)
    return found


def _by_modules(modules: Sequence[nn.Module]) -> tuple[str, ...]:
    from rectifier.torch.activation_modules import module_function

    named = (module_function(module) for module in modules)
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _guesses(model: nn.Module) -> Iterator[Any]:
    """Inputs that the first layer with weights would take."""
    first = next(
        (
            m
            for m in model.modules()
            if isinstance(m, (*_WEIGHTED, nn.RNNBase, nn.Embedding, nn.MultiheadAttention))
        ),
        None,
    )
    makers: dict[type, Callable[[Any], list[Any]]] = {
        nn.Linear: lambda m: [torch.randn(2, m.in_features), torch.randn(2, 5, m.in_features)],
        nn.Conv1d: lambda m: [torch.randn(2, m.in_channels, side) for side in (64, 256)],
        nn.Conv2d: lambda m: [torch.randn(2, m.in_channels, side, side) for side in _SIDES],
        nn.Conv3d: lambda m: [torch.randn(1, m.in_channels, 16, 16, 16)],
        nn.RNNBase: lambda m: [torch.randn(2, 5, m.input_size)],
        nn.Embedding: lambda m: [torch.zeros(2, length, dtype=torch.int64) for length in (8, 2)],
        nn.MultiheadAttention: lambda m: [torch.randn(2, 5, m.embed_dim)],
    }
    for kind, make in makers.items():
        if isinstance(first, kind):
            yield from make(first)
    if isinstance(first, nn.Linear):  # images that are flattened before it
        for channels in (1, 3):
            side = round((first.in_features / channels) ** 0.5)
            if channels * side * side == first.in_features:
                yield torch.randn(2, channels, side, side)
