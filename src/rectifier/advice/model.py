"""Reads a case off a network: runs it once on made-up input and looks.

Layer: advice; the only file here that needs torch. Activations are seen by the one interception, so
functional ones count too. Where no input can be guessed that the network takes, what its modules
tell has to do, and that is said.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rectifier.advice.case import Case
from rectifier.advice.inputs import guesses, made_up, suited
from rectifier.errors import InvalidInputError, ScriptError
from rectifier.torch.sites import Interception, Observer, Site

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)
_WEIGHTED = (nn.Linear, *_CONVOLUTIONS, *_TRANSPOSED)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_GATES = frozenset(("sigmoid", "softmax", "log_softmax"))
_OTHER_NORMS = ("layer", "group", "instance", "rms")
_STEPS = 3


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
        except Exception as error:
            raise ScriptError(f"{reference} failed: {type(error).__name__}: {error}") from error
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
    """The sites of one run, and what each gave: held, since an ``id`` is given again."""

    def __init__(self) -> None:
        self.sites: list[tuple[Site, Tensor]] = []

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.sites.append((site, output))

    def on_absorbed(self, site: Site) -> None:
        self.sites = [(other, given) for other, given in self.sites if other is not site]

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the activations, each once."""
        return tuple(dict.fromkeys(site.function for site, _ in self.sites))

    def before(self, output: Any) -> list[Site]:
        """The sites that do not give the network's output."""
        ends = _tensors(output)
        return [site for site, given in self.sites if not any(given is end for end in ends)]

    def last(self, output: Any) -> str:
        """What gives the network's output; empty where it is no activation."""
        return next((site.function for site, given in self.sites if given is output), "")


class _Calls(TorchFunctionMode):
    """Looks for shortcuts, attention, normalisation and a softmax at the end.

    A shortcut is a sum of two tensors of one shape; attention by hand is a product with what a
    softmax gave, also through dropout; a gate is a factor that a sigmoid gave, and what it gates
    is the other one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shortcuts = 0
        self.attention = 0
        self.gates = 0
        self.gated: set[str] = set()
        self.norms: list[str] = []
        self._shares: list[tuple[str, Tensor]] = []
        self._squashed: list[Tensor] = []
        self._bounded: list[Tensor] = []

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
        if name in ("matmul", "__matmul__", "bmm", "einsum"):
            self.attention += any(self.share(each) for each in args)
        if name in ("mul", "mul_", "__mul__", "__imul__", "__rmul__"):
            gate = any(kept is each for kept in self._squashed for each in args)
            self.gates += gate
            if gate and any(kept is each for kept in self._bounded for each in args):
                self.gated.add("tanh")
        if name.endswith("_norm") and name.removesuffix("_norm") in (*_OTHER_NORMS, "batch"):
            self.norms.append(name.removesuffix("_norm"))
        result = func(*args, **(kwargs or {}))
        kept = next((found for each in args[:1] if (found := self.share(each))), "")
        if name in ("softmax", "log_softmax") or (name == "dropout" and kept):
            self._shares.append((kept or name, result))
        if name in ("sigmoid", "sigmoid_", "expit"):
            self._squashed.append(result)
        if name in ("tanh", "tanh_"):
            self._bounded.append(result)
        return result

    def share(self, value: Any) -> str:
        """Name of the softmax that gave a value; empty where none did."""
        return next((name for name, kept in self._shares if kept is value), "")


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
    seen, calls = _Seen(), _Calls()
    repeats = _Repeats(modules)
    output: Any = None
    made = made_up(shapes) if shapes else guesses(model)
    tried = [sample] if sample is not None else [suited(model, each) for each in made]
    training = model.training
    model.eval()
    error: Exception | None = None
    try:
        for guess in tried:
            seen, calls = _Seen(), _Calls()
            repeats.calls.clear()
            given = guess if isinstance(guess, tuple) else (guess,)
            try:
                # Formulas written out are found in autograd's graph, so there must be one.
                with torch.enable_grad(), Interception([seen], [model]), calls:
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
    ran = output is not None
    domain = _domain(modules, calls.attention, repeats.recurrent)
    bridged = calls.shortcuts > 0 and domain != "rnn"  # a cell adds the input to its state
    inner = list(dict.fromkeys(seen.before(output))) if ran else []
    norms = {*calls.norms, *map(_norm, modules)} - {""}
    case = Case(
        domain=domain,
        depth=len(layers) + sum(map(_stacked, modules)) or None,
        width=min(
            (site.units for site in inner) if inner else (_outputs(m) for m in layers[:-1]),
            default=None,
        ),
        widths=tuple(site.units for site in inner if site.function == "relu"),
        batch_norm="batch" in norms,
        other_norm=min(norms - {"batch"}, default=""),
        residual=bridged if ran else None,
        written_out=tuple(dict.fromkeys(site.function for site in inner if site.written)),
        activations=_hidden(seen.functions or _by_modules(modules), inner, gated=calls.gates > 0),
        gated=tuple(sorted(calls.gated)),
    )
    if isinstance(output, Tensor):
        last = seen.last(output) or calls.share(output)
        # A network of sines gives colours or heights at a place, not one of several classes.
        purpose = _purpose(last, output) if last or not case.of_sines else None
        case = replace(case, output_activation=last, output=purpose)
    return Reading(case, tuple(notes))


def _hidden(functions: Sequence[str], inner: Sequence[Site], *, gated: bool) -> tuple[str, ...]:
    """What counts as the network's activations: sigmoid where it is alone and gates nothing."""
    found = tuple(name for name in functions if name not in _GATES)
    names = [site.function for site in inner]
    if not gated and "sigmoid" in names and set(names) <= _GATES:
        return ("sigmoid", *found)
    return found


def _norm(module: nn.Module) -> str:
    """Kind of normalisation that a module is; empty: none."""
    if isinstance(module, _BATCH_NORMS):
        return "batch"
    name = type(module).__name__.lower().replace("_", "")
    return next((kind for kind in _OTHER_NORMS if name.startswith(f"{kind}norm")), "")


def _tensors(value: Any) -> list[Tensor]:
    """The tensors of an output, in sequences and mappings too."""
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        return [tensor for part in parts for tensor in _tensors(part)]
    return []


def _domain(modules: Sequence[nn.Module], attention: int, repeated: bool) -> str:
    attention += sum(isinstance(m, nn.MultiheadAttention) for m in modules)
    recurrent = repeated or any(isinstance(m, _RECURRENT) for m in modules)
    convolutions = sum(isinstance(m, _CONVOLUTIONS) and not _patches(m) for m in modules)
    # Attention over what cells or convolutions gave makes no transformer of them.
    if attention and not recurrent and convolutions <= attention + 1:
        return "transformer"
    if recurrent:
        return "rnn"
    return "cnn" if convolutions else "mlp"


def _patches(layer: nn.Module) -> bool:
    """Whether a convolution only cuts its input into patches, each seen once, as a mixer's does."""
    window, stride = getattr(layer, "kernel_size", ()), getattr(layer, "stride", ())
    return window == stride and max(window, default=1) > 1


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


def _cell_function(module: nn.Module) -> str | None:
    """The activation of a plain recurrent module of torch, which it says itself; or tanh."""
    return getattr(module, "nonlinearity", "tanh") if isinstance(module, _RECURRENT) else None


def _by_modules(modules: Sequence[nn.Module]) -> tuple[str, ...]:
    from rectifier.torch.activation_modules import module_function

    named = (module_function(module) or _cell_function(module) for module in modules)
    return tuple(dict.fromkeys(name for name in named if name is not None))
