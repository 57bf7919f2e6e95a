"""A census of the parameters, optimisers and losses of a program.

Layer: watch, on torch; used by `rectifier.watch.watcher`. Everything here happens at the first few
backward passes and steps and then at ever longer intervals (each 1.6 times the one before, anew
whenever an optimiser is made), so its cost does not grow with the run. Parameters are known by
weak reference; of each a thousand elements are kept, to tell how far it has moved.

What enters the first layers and leaves the last is kept in `rectifier.watch.ends`.
One file, though long: all else is told of the same list of parameters, at the same occasions.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch import graph, observer, upstream, wiring
from rectifier.torch.identity import ByIdentity
from rectifier.torch.sites import Layer
from rectifier.watch import likeness
from rectifier.watch.carrying import Carrying
from rectifier.watch.ends import Feeds, Heads
from rectifier.watch.occasions import Occasions
from rectifier.watch.record.circumstances import (
    Attention,
    Circumstances,
    Joint,
    OptimizerFacts,
    ParameterFacts,
)
from rectifier.watch.weights import held, is_plain, never_counted

_MOST = 5000
"""Parameters that are followed at most."""

_TOLD_APART = 8
"""Optimisers that are told apart; later ones take the place of those that are gone."""


@dataclass
class _Person:
    """A parameter under the census; ``begun``: whether training had begun when it was met."""

    reference: weakref.ref[Tensor]
    facts: ParameterFacts
    sample: Tensor | None
    since: int
    begun: bool = False
    alike: tuple[float, float] = (math.nan, math.nan)
    alike_now: tuple[float, float] = (math.nan, math.nan)
    empty: tuple[float, float] = (math.nan, math.nan)

    @property
    def is_passing(self) -> bool:
        """Whether it came when training had begun and went, of a model that nobody told of.

        So do copies that train between two looks: what they began with was learnt.
        """
        return self.begun and not self.facts.model and self.reference() is None


@dataclass
class _Held:
    """An optimiser: its parameters by id, and how often it stepped."""

    facts: OptimizerFacts
    ids: set[int]
    steps: int = 0
    occasions: Occasions = field(default_factory=Occasions)


class Census:
    """Takes the census; ask for the `circumstances` at any time."""

    def __init__(self) -> None:
        self._people: dict[int, _Person] = {}
        self._optimizers: weakref.WeakKeyDictionary[Optimizer, _Held] = weakref.WeakKeyDictionary()
        self._kept_optimizers: list[_Held] = []
        self._built: ByIdentity[bool] = ByIdentity()
        self._late: ByIdentity[bool] = ByIdentity()
        self._roots: list[tuple[weakref.ref[nn.Module], str]] = []
        self._losses = Occasions()
        self._derivatives = Occasions()
        self._heads = Heads()
        self._joints: dict[tuple[int, int], Joint] = {}
        self._attentions: dict[int, Attention] = {}
        self._feeds = Feeds()
        self._wired = self._looked = self._backwards = self._idle = 0
        self._second_order = False
        self._linear: bool | None = None
        self._columns: set[int] = set()
        self._tables: set[int] = set()
        self._flat: set[str] = set()
        self._behind: set[int] = set()
        self._squashed: set[tuple[int, int]] = set()
        self._carrying = Carrying()
        self._seen: set[Layer] = set()
        self._ran: dict[int, Layer] = {}
        self._loaded: set[int] = set()
        self._asked: set[int] = set()
        self._resting: dict[int, bool] = {}
        self._named: dict[tuple[str, str], int] = {}
        self._standing_in: ByIdentity[bool] = ByIdentity()
        self._stood_in: set[int] = set()

    # What comes in

    def on_module(self, module: nn.Module) -> None:
        """Note what is made, and made after an optimiser."""
        self._built[module] = True
        if self._kept_optimizers:
            self._late[module] = True

    def on_model(self, model: nn.Module, name: str) -> None:
        """Register the parameters of a root model, before its first training pass."""
        copied = any(held() is None for held, known in self._roots if known == name)
        self._roots = [root for root in self._roots if root[0]() is not None]
        self._roots.append((weakref.ref(model), name))
        if copied:
            self._go_on(model, name)
        self._register(model, name)
        if self._backwards > 1 and model not in self._built:  # a copy of what was trained
            self._loaded.update(map(id, model.parameters()))

    def _register(self, model: nn.Module, name: str) -> None:
        for prefix, module in model.named_modules():
            late = module in self._late
            for path, parameter in module.named_parameters(prefix, recurse=False):
                self._meet(parameter, path, name, late=late)

    def _go_on(self, model: nn.Module, name: str) -> None:
        """The model went on in a copy: its parameters are those that are known.

        Those may not be gone yet: an optimiser that holds them waits for the garbage collector.
        """
        for path, parameter in model.named_parameters():
            former = self._people.get(self._named.get((name, path), -1))
            if former is None or former.reference() is parameter:
                continue
            if former.facts.shape == tuple(parameter.shape):
                person = self._people.get(id(parameter))
                if person is not None and person.reference() is parameter:
                    del self._people[id(parameter)]
                self._stand_in(parameter)

    def _stand_in(self, parameter: Tensor) -> None:
        """A parameter is the copy of one that is known: it is not followed by itself."""
        self._standing_in[parameter] = True
        self._stood_in.add(id(parameter))

    def on_layer(self, layer: Layer) -> None:
        """Note which parameters take part in training passes."""
        if layer not in self._seen:
            self._seen.add(layer)
            self._ran.update((id(tensor), layer) for tensor in layer.tensors())

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Note what a new optimiser holds, and which parameters exist by now."""
        if optimizer in self._optimizers:
            return
        own = held(optimizer)
        groups = optimizer.param_groups

        def most(name: str) -> float:
            given = [g.get(name) for g in groups]  # Adafactor has a pair for its eps
            known = [float(v) for v in given if isinstance(v, int | float | Tensor)]
            return max(known, default=math.nan)

        kind = type(optimizer).__name__
        facts = OptimizerFacts(
            kind=kind,
            rate=most("lr"),
            momentum=most("momentum"),
            decay=most("weight_decay"),
            apart=kind == "AdamW" or any(g.get("decoupled_weight_decay") for g in groups),
            epsilon=most("eps"),
            step=self._backwards,
            parameters=len(own),
            trainable=sum(p.requires_grad for p in own),
        )
        known = self._let_go(facts)
        if known is not None:
            known.ids = {id(p) for p in own}
            self._optimizers[optimizer] = known
            for p in own:
                if id(p) not in self._people:
                    self._stand_in(p)
            return
        known = _Held(facts, {id(p) for p in own})
        self._optimizers[optimizer] = known
        self._kept_optimizers.append(known)
        for p in own:
            self._meet(p)
        self._losses.again()

    def _let_go(self, facts: OptimizerFacts) -> _Held | None:
        """One like it that is gone, where so many were made that they are not told apart."""
        if len(self._kept_optimizers) < _TOLD_APART:
            return None
        alive = set(map(id, self._optimizers.values()))
        for known in reversed(self._kept_optimizers):
            like = known.facts.kind == facts.kind and known.facts.parameters == facts.parameters
            if like and id(known) not in alive:
                return known
        return None

    def sleeps(self) -> int:
        """How many steps may pass of which nobody tells but `slept`: none is to be looked at."""
        ahead = [known.occasions.ahead() for known in self._optimizers.values()]
        return min([self._losses.ahead() // 2, *ahead])

    def slept(self, backwards: int, stepped: Sequence[int]) -> None:
        """Steps have passed unseen.

        Args:
            backwards: How many backward passes.
            stepped: The ``id`` of the optimiser of each step.
        """
        self._backwards += backwards
        self._carrying.forget()
        self._losses.passed(backwards)
        for optimizer, known in self._optimizers.items():
            number = stepped.count(id(optimizer))
            known.steps += number
            known.occasions.passed(number)

    def wants_loss(self, loss: Tensor, observed: bool) -> bool:
        """A backward pass begins: is it time to look at the graph of its loss?"""
        self._backwards += 1
        self._carrying.on_backward()
        return self._losses.now(later=not observed and not observer.is_at_hand(loss))

    def on_backward(self, loss: Tensor, step: int, source: str) -> None:
        """Look at the graph of a loss."""
        found = wiring.read(loss, self._attentions)
        if found is None:
            return
        self._looked += 1
        self._wired = max(self._wired, found.wired)
        if found.wired:
            self._linear = found.linear and self._linear is not False
        self._columns |= found.columns
        self._tables |= found.tables
        self._flat |= found.flat
        weights = set(map(id, found.weights))
        for leaf in found.leaves:
            if isinstance(leaf, nn.Parameter) or id(leaf) in weights:
                self._meet_again(leaf)
            person = self._people.get(id(leaf))
            if person is not None:
                person.facts = replace(
                    person.facts,
                    reached=person.facts.reached + 1,
                    rounds=max(person.facts.rounds, found.rounds.get(id(leaf), 0)),
                    applied=max(person.facts.applied, found.applied.get(id(leaf), 0)),
                )
        trained = [leaf for leaf in found.leaves if leaf.requires_grad]
        holders = [self._held_by(id(leaf)) for leaf in trained]
        if trained and self._kept_optimizers and not any(holders):
            self._idle += 1
        if any(holders) and not all(holders):
            self._behind |= upstream.behind(loss, self._held_by)
        for seen in found.squashed:
            self._squashed.add((id(seen.weights[0]), id(seen.weights[1])))
        for head in found.heads:
            self._heads.take(head, step, source)
        for joint in found.joints:
            first, second = joint.weights
            key = (id(first), id(second))
            self._joints.setdefault(key, Joint("", "", **joint.facts, step=step))
        for attention in found.attentions:
            self._attentions.setdefault(
                id(attention.weights[0]), Attention("", **attention.facts, step=step)
            )
        for fed in found.feeds:
            self._feeds.take(fed)
        self._look()

    def on_loaded(self, module: nn.Module) -> None:
        """Weights that were learnt elsewhere came in.

        Where some of the module's were trained here before, it is a state of its own that comes
        back: the best one, an average, the one that it began with.
        """
        own = list(map(id, module.parameters()))
        known = [self._people[key].facts for key in own if key in self._people]
        if not any(facts.trainable and (facts.steps or facts.reached) for facts in known):
            self._loaded.update(own)

    def on_derivative(self, outputs: Any, inputs: Any) -> None:
        """A gradient that is to be differentiated again was asked for: of what, by what?"""
        if not isinstance(outputs, Tensor) or outputs.grad_fn is None:
            return
        if not isinstance(inputs, Tensor) or not inputs.is_leaf or id(inputs) in self._people:
            return  # by weights, as in meta-learning, not by what enters
        if not self._second_order and self._derivatives.now():
            names = (str(node.name()) for node in graph.nodes(outputs.grad_fn))
            self._second_order = any("BackwardBackward" in name for name in names)

    def wants_step(self, optimizer: Optimizer, observed: bool) -> bool:
        """An optimiser is about to step: is it time to look at its parameters?

        Args:
            optimizer: One that may not have been met.
            observed: Whether this step is; where not, nobody may wait for a device.
        """
        known = self._optimizers.get(optimizer)
        if known is None:
            self.on_optimizer(optimizer)
            known = self._optimizers[optimizer]
        known.steps += 1
        self._carrying.on_step(known.steps)
        far = not observed and not all(map(observer.is_at_hand, held(optimizer)[:1]))
        return known.occasions.now(later=far)

    def before_step(self, optimizer: Optimizer) -> None:
        """See which of the optimiser's parameters have a gradient."""
        known = self._optimizers[optimizer]
        own = held(optimizer)
        known.ids = {id(p) for p in own}
        if len(self._kept_optimizers) == 1:  # the loss of another leaves gradients not asked for
            self._carrying.follow(own, known.steps)
        nonzero = {id(p): likeness.any_of(p.grad) for p in own if p.grad is not None}
        for p in own:
            self._meet(p)
            person = self._people.get(id(p))
            if person is not None:
                facts = person.facts
                person.facts = replace(
                    facts,
                    steps=facts.steps + 1,
                    with_gradient=facts.with_gradient + (id(p) in nonzero),
                    nonzero=facts.nonzero + nonzero.get(id(p), False),
                )

    # Keeping it

    def _meet_again(self, leaf: Tensor) -> None:
        """Meet what a loss depends on; what is new may have come into a model that is known."""
        known = self._people.get(id(leaf))
        if leaf in self._standing_in:
            return
        if known is None or known.reference() is not leaf:
            for reference, name in self._roots:
                model = reference()
                if model is not None:
                    self._register(model, name)
        self._meet(leaf)

    def _held_by(self, key: int) -> bool:
        return any(key in known.ids for known in self._kept_optimizers)

    def _meet(
        self, parameter: Tensor, name: str = "", model: str = "", *, late: bool = False
    ) -> None:
        person = self._people.get(id(parameter))
        if person is not None and person.reference() is parameter:
            if name and not person.facts.name:
                person.facts = replace(person.facts, name=name, model=model, late=late)
                self._named[model, name] = id(parameter)
            return
        if not is_plain(parameter) or not parameter.numel() or len(self._people) >= _MOST:
            return
        if parameter in self._standing_in:
            return
        facts = ParameterFacts(name, "", model, tuple(parameter.shape), late=late)
        person = _Person(
            weakref.ref(parameter),
            facts,
            likeness.sample(parameter),
            self._looked,
            begun=self._backwards > 1,
        )
        self._people[id(parameter)] = person
        self._named[model, name] = id(parameter)
        size = parameter.numel()
        values = parameter.detach()
        person.alike = person.alike_now = likeness.alike(values)
        person.empty = likeness.empty(values)
        person.facts = replace(
            facts,
            trainable=parameter.requires_grad,
            mean=float(values.mean()),
            std=float(values.std()) if size > 1 else math.nan,
            spread_start=likeness.spread(values),
            zero_start=not bool(values.any()),
        )

    def _look(self) -> None:
        """See what became of each parameter."""
        self._look_at_normalisations()
        self._look_at_wishes()
        for person in self._people.values():
            parameter, sample = person.reference(), person.sample
            if sample is None or not is_plain(parameter) or parameter is None:
                continue
            now = likeness.sample(parameter)
            if now is None or now.shape != sample.shape:
                continue
            change, size = float((now - sample).norm()), float(sample.norm())
            size = size or float(now.norm())
            if max(person.alike) >= 0.5:  # NaN compares false: such weights are never alike
                person.alike_now = likeness.alike(parameter.detach())
            person.facts = replace(
                person.facts,
                trainable=parameter.requires_grad,
                moved=change / size if size > 0 else (math.nan if change else 0.0),
                broken=not math.isfinite(float(now.norm())),
            )

    # What comes out

    def circumstances(self) -> Circumstances:
        """All that was found so far."""
        self._look()
        ran = self._ran
        for reference, _ in self._roots:
            model = reference()
            if model is not None:
                for path, parameter in model.named_parameters():
                    self._meet(parameter, path)
        names = {key: self._name(key, ran) for key in self._people}

        def layer_of(key: int) -> str:
            return ran[key].name if key in ran else names.get(key, "").rpartition(".")[0]

        people = tuple(
            replace(
                person.facts,
                name=names[key],
                layer=layer_of(key),
                held=self._held_by(key),
                loaded=key in self._loaded or (person.is_passing and self._held_by(key)),
                alike_start=person.alike[key in self._columns | self._tables],
                alike_end=person.alike_now[key in self._columns | self._tables],
                empty_start=person.empty[key in self._columns],
                asked=key in self._asked,
                ran=key in ran,
                behind=key in self._behind,
                looked=self._looked - person.since,
                fan_in=likeness.fan_in(person.facts.shape, key in self._columns),
            )
            for key, person in self._people.items()
        )
        known = {key for key, p in self._people.items() if p.facts.model or p.facts.reached}
        return Circumstances(
            heads=self._heads.told(layer_of),
            joints=tuple(
                replace(joint, first=layer_of(first), second=layer_of(second))
                for (first, second), joint in self._joints.items()
            ),
            feeds=self._feeds.told(layer_of),
            attentions=tuple(
                replace(known_, layer=layer_of(key)) for key, known_ in self._attentions.items()
            ),
            parameters=people,
            optimizers=tuple(
                replace(o.facts, steps=o.steps, orphans=len(o.ids - known - self._stood_in))
                for o in self._kept_optimizers
            ),
            wired=self._wired,
            linear=bool(self._linear),
            losses=self._looked,
            backwards=self._backwards,
            idle=self._idle,
            flat=tuple(sorted(self._flat)),
            squashed=tuple(
                dict.fromkeys((layer_of(one), layer_of(two)) for one, two in self._squashed)
            ),
            carried=self._carrying.carried,
            cleared=self._carrying.cleared,
            second_order=self._second_order,
            resting=tuple(
                ran[key].name
                for key in sorted(self._resting.keys() & ran.keys(), key=lambda key: ran[key].order)
                if self._resting[key] and key not in self._loaded and self._held_by(key)
            ),
        )

    def _look_at_normalisations(self) -> None:
        """See which batch normalisations have not counted a batch yet; models may be gone later."""
        for layer in self._seen:  # a model that never trains is no root that we were told of
            module = layer.module()
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                self._resting[id(module.weight)] = never_counted(module.num_batches_tracked)

    def _look_at_wishes(self) -> None:
        """See which modules were told by an attribute that their parameters shall learn."""
        for reference, _ in self._roots:
            for module in model.modules() if (model := reference()) is not None else ():
                if module.__dict__.get("requires_grad") is True:
                    self._asked.update(map(id, module.parameters()))

    def _name(self, key: int, ran: dict[int, Layer]) -> str:
        facts = self._people[key].facts
        if facts.name:
            return facts.name
        return ran[key].name if key in ran else f"parameter of shape {facts.shape}"
