"""``reinitialize``: weights drawn anew, to suit the activation that follows each layer.

Layer: doctor's remedies, on the front end's ``init_``. Settings: ``scheme``; or ``alike``: true to
draw only weights that are one constant (so that a pretrained rest stays), as PyTorch's own layers
do. Acts once per model, before its first training forward pass, and not on copies of what was
trained since (`_copies`), while targets and averages follow (`_shadows`); alike weights also when
an optimiser is made for them, since models may grow meanwhile. Normalisations
whose shift leaves a unit on one side of zero get none, those with a
scale of zero and no shift get one, residual branches are kept small (`_branches`), and embeddings
of far too large a spread are drawn anew. Networks of nothing but activations like tanh start with
gain 1, on the steep part. With ``recurrent`` in the scope: orthogonal weights for the layers named
there, and nothing else. With ``biases``: those alone (`_unbiased`). With the scheme ``scaled``: the
weights that are there, times the ``factors`` of the scope.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.doctor.finding import Remedy
from rectifier.doctor.plateaus import all_level_off
from rectifier.doctor.remedies import Action, Site, apart
from rectifier.doctor.remedies._branches import scale_down
from rectifier.doctor.remedies._copies import Copies
from rectifier.doctor.remedies._recurrent import redraw
from rectifier.doctor.remedies._shadows import follow, shadows_of
from rectifier.doctor.remedies._unbiased import Unbiased
from rectifier.doctor.wording import listing
from rectifier.errors import InvalidInputError
from rectifier.torch import graph
from rectifier.torch.activation_modules import is_torch
from rectifier.torch.sites import Layer

KNOWN = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase, nn.Embedding)
"""Layers, and what users derive from them, that ``init_`` draws for."""

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)

LOUD = 3.0
"""Spread of embeddings over the one that suits, from which they are drawn anew."""

BEYOND = 2.0
"""Shift over scale from which 98 % of a normalised unit's inputs lie on one side of zero."""


class Reinitialize(Action):
    """Calls ``init_`` on each model before it trains; biases become zero."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.alike = bool(remedy.settings.get("alike"))
        self._bare: dict[int, tuple[Layer, Tensor]] = {}
        self._leaves: dict[int, Tensor] = {}
        self._added: dict[int, Tensor] = {}
        self._again: Counter[int] = Counter()
        self._behind: set[str] = set()
        self._copies = Copies()

    def on_model(
        self, model: nn.Module, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Draw new weights, apart from the program's random stream."""
        del kwargs
        shadows = shadows_of(model)
        if not self._copies.settled(model):
            self._draw(model, name, tuple(args) or None)
            follow(shadows, model)
            self._copies.drawn(model)

    def on_layer(self, layer: Layer, output: Any) -> None:
        """A weight of no module, or of the user's own kind: drawn after this step.

        Where others are scaled, or the recurrent ones of modules alone are drawn, none is: the rest
        is as it should be.
        """
        if self._scaled or self.remedy.scope.get("recurrent"):
            return
        module = layer.module()
        own = module is None or not (is_torch(module) or isinstance(module, KNOWN))
        weight = layer.weight() if own else None
        if weight is not None and weight.dim() > 1:
            self._again[id(weight)] += id(weight) in self._bare
            self._bare[id(weight)] = layer, weight
            start = output.grad_fn if isinstance(output, Tensor) else None
            leaves = map(graph.variable_of, graph.nodes(start)) if start is not None else ()
            self._leaves |= {id(leaf): leaf for leaf in leaves if isinstance(leaf, Tensor)}

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """Nothing; but what the program adds to a product, or takes from it, is known here."""
        del input, apply
        self._behind.add(site.function)
        weight = None if site.feeding is None else site.feeding.weight()
        bias = None if site.feeding is None else site.feeding.bias()
        if weight is not None and bias is not None and id(weight) in self._bare:
            self._added[id(weight)] = bias
        return None

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Draw the weights of a network of bare tensors."""
        if step != self.since or not self._bare:
            self._bare.clear()
            return
        if optimizer is not None:  # what it remembers is of the old weights
            optimizer.state.clear()
        if self.alike:
            weights = [weight for _, weight in sorted(self._bare.values(), key=_order)]
            self._tell_apart(weights, "the program")
            self._drop_gradients()
            return
        last = max(layer.order for layer, _ in self._bare.values())
        bounded = all_level_off(self._behind)
        with apart(), torch.no_grad():
            for key, (layer, weight) in self._bare.items():
                gain = 1.0 if layer.order == last or bounded else math.sqrt(2.0)
                if weight.dim() == 2 and weight.shape[0] == weight.shape[1] and self._again[key]:
                    nn.init.orthogonal_(weight)  # of a state, whose size is to stay
                else:
                    fan = float(max(layer.fan_in, 1))
                    if bounded:  # of few inputs the whole spread would drive each unit to its end
                        fan = (fan + weight.numel() / fan) / 2
                    weight.normal_(0.0, gain / math.sqrt(fan))
                bias = self._added.get(id(weight), layer.bias())
                if bias is not None and bias.is_leaf:
                    bias.zero_()
        self.unwritten = True
        scheme = "xavier_normal" if bounded else "he_normal"
        self.say(f"{len(self._bare)} weights outside torch's layers drawn anew ({scheme})")
        self._drop_gradients()

    @property
    def draws_next(self) -> bool:
        """Whether weights that no model holds were met, and are drawn behind this step."""
        return bool(self._bare)

    @property
    def _scaled(self) -> bool:
        return self.remedy.settings.get("scheme") == "scaled"

    def _drop_gradients(self) -> None:
        """What the old weights got is nothing to the new ones, nor to biases that stay."""
        own = [tensor for layer, weight in self._bare.values() for tensor in (weight, layer.bias())]
        own += self._added.values()
        for tensor in (*own, *self._leaves.values()):
            if tensor is not None and tensor.grad is not None:
                tensor.grad.zero_()
        self._bare.clear()
        self._leaves.clear()
        self._added.clear()

    def on_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Draw what it holds and is alike."""
        if self.alike:
            held = [p for group in optimizer.param_groups for p in group["params"]]
            self._tell_apart(held, f"what {type(optimizer).__name__} holds")

    def _draw(self, model: nn.Module, name: str, sample: tuple[Any, ...] | None) -> None:
        if self.alike:
            self._tell_apart(list(model.parameters()), name)
            return
        if self.remedy.scope.get("recurrent"):
            self._orthogonal(model, name)
            return
        if self._scaled:
            self._scale(model, name)
            return
        if not any(isinstance(module, KNOWN) for module in model.modules()):
            return  # layers of the user's own kind alone: drawn after the first step
        from rectifier.torch import init_

        scheme = str(self.remedy.settings.get("scheme", "he_normal"))
        redrawn = self._tables(model, name)
        tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
        known = [m for m in model.modules() if isinstance(m, KNOWN)]
        layers = [m for m in known if not isinstance(m, nn.Embedding)]
        if all(id(getattr(m, "weight", None)) in tables for m in layers):
            return  # nothing but embeddings, and layers that share their weights
        if redrawn and all(_fits(p) for m in layers for p in m.parameters() if p.dim() > 1):
            return  # the fault was in the tables
        gains = "gains of the activations"
        with apart():
            try:
                rows = init_(model, sample, scheme=scheme)
            except InvalidInputError:
                if sample is not None:
                    raise
                # nothing to run the model on (called by keywords, or part by part)
                rows = init_(model, activation="relu", scheme=scheme)
                gains = "gain of ReLU"
        named = gains == "gain of ReLU"
        names = [n for row in rows for n in row.activation.split(", ") if n]
        names = _own_activations(model) if named else names
        if scheme == "he_normal" and all_level_off(names):
            scheme, gains = "xavier_normal", "gain 1"
            with apart():
                init_(model, sample, activation="identity", scheme=scheme)
            self.met["scheme"] = [scheme]
        self.say(f"weights of {name} drawn anew ({scheme}, {gains})")
        with apart():
            recurrent = redraw(model)
        if recurrent:
            self.unwritten = True
            self.say(f"recurrent weights of {listing(recurrent)} of {name} keep a state's size now")
        self._centre(model, name)
        if sample is not None:
            with apart():
                branches = scale_down(model, sample)
            if branches > 1:
                self.unwritten = True
                self.say(
                    f"the last layers of {branches} residual branches of {name} divided by the "
                    "root of their number"
                )

    def _scale(self, model: nn.Module, name: str) -> None:
        """Weights and biases times the factor of their layer."""
        modules = dict(model.named_modules())
        factors: Mapping[str, float] = self.remedy.scope.get("factors", {})
        found = [(path, modules[path], f) for path, f in factors.items() if path in modules]
        with torch.no_grad():
            for path, module, factor in found:
                for parameter in module.parameters(recurse=False):
                    parameter.mul_(factor)
                self.say(f"weights of {path} of {name} times {factor:.3g}")
        self.unwritten = True

    def _orthogonal(self, model: nn.Module, name: str) -> None:
        """Recurrent weights that keep the signal's size; all others stay as they are."""
        modules = dict(model.named_modules())
        with apart():
            for path in self.remedy.scope.get("layers", ()):
                module = modules.get(str(path))
                named = [] if module is None else list(module.named_parameters(recurse=False))
                of_states = [w for n, w in named if n.startswith("weight_hh")]
                found = of_states or [w for n, w in named if n == "weight" and w.dim() == 2]
                for weight in found:
                    for gate in torch.split(weight, weight.shape[1]) if of_states else (weight,):
                        nn.init.orthogonal_(gate)  # a gate's weights are a square each
                if found:
                    self.unwritten = True
                    self.say(f"orthogonal weights drawn for {path} of {name}")

    def _tables(self, model: nn.Module, name: str) -> bool:
        """Embeddings on the scale of their use: as the last layer's weights, or of spread one.

        Rows that serve as output weights too meet normalised features of as many dimensions, so one
        over the root of that number gives logits of spread one. Returns whether any was drawn.
        """
        redrawn = False
        used = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
        with apart(), torch.no_grad():
            for path, table in model.named_modules():
                if not isinstance(table, nn.Embedding) or not table.weight.requires_grad:
                    continue
                tied = id(table.weight) in used
                std = table.embedding_dim**-0.5 if tied else 1.0
                if not float(table.weight.std()) > LOUD * std:
                    continue
                table.weight.normal_(0.0, std)
                redrawn = True
                if table.padding_idx is not None:
                    table.weight[table.padding_idx] = 0.0
                self.unwritten = True
                self.say(f"embeddings {path!r} of {name} drawn with spread {std:.3g}")
        return redrawn

    def _centre(self, model: nn.Module, name: str) -> None:
        """Take back shifts of normalisations that hold units on one side of zero, and give a scale
        to those that have none: what is zero behind them, and its gradient, stays so.
        """
        reset, opened = [], []
        with torch.no_grad():
            for path, module in model.named_modules():
                if not isinstance(module, _NORMS):
                    continue
                weight, bias = module.weight, getattr(module, "bias", None)
                if weight is None or bias is None or not bias.requires_grad:
                    continue
                if weight.requires_grad and not bool(weight.any()) and not bool((bias > 0).any()):
                    weight.fill_(1.0)
                    opened.append(path)
                beyond = bias.abs() > BEYOND * weight.abs()
                if bool(beyond.any()):
                    bias[beyond] = 0.0
                    reset.append(path)
        if reset:
            self.unwritten = True
            self.say(f"shifts beyond the spread in {listing(reset)} of {name} set to zero")
        if opened:
            self.unwritten = True
            self.say(f"scales of {listing(opened)} of {name}, which were zero, set to one")

    def _tell_apart(self, parameters: Sequence[Tensor], name: str) -> None:
        matrices = [p for p in parameters if p.dim() > 1 and p.requires_grad and p.numel() > 1]
        drawn = 0
        previous: Tensor | None = None
        with apart(), torch.no_grad():
            for p in matrices:
                if not bool((p == p.reshape(-1)[0]).all()):
                    previous = None
                    continue
                # of two factors (LoRA's) the second may stay zero: the first tells units apart
                factor = previous is not None and _factors(previous, p)
                previous = p
                if factor and not bool(p.any()):
                    continue
                bound = 1.0 / math.sqrt(math.prod(p.shape[1:]))
                p.uniform_(-bound, bound)
                drawn += 1
        if drawn:
            self.say(f"{drawn} constant weights of {name} drawn at random, as PyTorch's layers are")

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Draw new weights now; what the optimiser remembers of the old ones is forgotten."""
        self._draw(model, type(model).__name__, None)
        if optimizer is not None:
            optimizer.state.clear()


def _fits(weight: Tensor) -> bool:
    """Whether weights are on a scale that keeps a signal: between 0.2 and 4 over the root of their
    inputs, as `rectifier.doctor.rules.poor_initialization` has it.
    """
    inputs = weight.numel() // max(weight.shape[0], 1)
    return 0.2 < float(weight.detach().double().square().mean().sqrt()) * math.sqrt(inputs) < 4.0


def _own_activations(model: nn.Module) -> list[str]:
    """What the model's own modules are called that the catalog knows as activations."""
    kinds = {type(module).__name__.lower() for module in model.modules()}
    return [name for name in catalog.names() if name in kinds]


def _order(item: tuple[Layer, Tensor]) -> int:
    return item[0].order


def _factors(first: Tensor, second: Tensor) -> bool:
    """Whether two matrices are factors of low rank: few rows, then as few columns."""
    narrow = first.shape[0] < first.shape[1] and first.shape[0] < second.shape[0]
    return second.dim() == 2 and second.shape[1] == first.shape[0] and narrow


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy; of biases alone it is one of its own."""
    return (Unbiased if remedy.settings.get("biases") else Reinitialize)(remedy)
