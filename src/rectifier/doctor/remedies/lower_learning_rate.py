"""``lower_learning_rate``: every step is made smaller by one factor.

Layer: doctor's remedies. Settings: ``from`` and ``to``; ``cap``: true where only what exceeds
``to`` is too high, as at the top of a schedule that comes down by itself. The rate is scaled around
each step and put back after it, so the factor holds whatever schedule or loop sets the rate. An
optimiser of the user's own that keeps its rate elsewhere has the change of its weights scaled, and
so has an update by hand (`_updates`). A momentum above 0.95 is shortened to 0.9 first, which makes
steps smaller too. With ``trial_steps`` (and ``most``, a rate) others than ``to`` are tried in the
opening, and the best one is used (`_trials`). Where the rate is not known, ``from`` is 1 and ``to``
the factor. With ``guard`` it stands by while other remedies act, and does nothing unless the
opening overshoots all the same. A group whose rate is a thirtieth of another's at most, and no
higher than ``to``, is slow already and stays.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting
from rectifier.doctor.remedies._trials import Trials
from rectifier.doctor.remedies._updates import IN_PLACE, Updates
from rectifier.torch import graph
from rectifier.torch.mode import take_out
from rectifier.torch.sites import Layer

HEAVY, USUAL = 0.95, 0.9
"""Momentum from which it is shortened, and to what (Sutskever et al. 2013: raised above 0.9 late in
a training, with small rates; its steps are 1 / (1 - momentum) times the rate's)."""


_NOT_MET = "learning rate: no update of the program's own was met"

PULL = 1e-4
"""Rate times weight decay, the share of the weights that a step takes away, from which a rate that
is raised takes the decay back: the pull would drown what is learnt. Usual ones are half of it."""

APART = 30.0
"""Rate of the fastest group over another's, from which the other one is not what overshoots."""


class LowerLearningRate(Rewriting):
    """Scales each group's learning rate by ``to / from`` for the time of the step."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.factor = self.number("to") / self.number("from")
        self.cap = self.number("to") if remedy.settings.get("cap") else 0.0
        self.guards = bool(remedy.settings.get("guard"))
        self.names = IN_PLACE
        self._updates = Updates(self.factor)
        self._trials = self._choice(remedy)
        self._models: list[weakref.ref[nn.Module]] = []
        self._before: list[tuple[Tensor, Tensor]] = []
        self._optimizers: weakref.WeakSet[torch.optim.Optimizer] = weakref.WeakSet()
        self._kept: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]] = (
            weakref.WeakKeyDictionary()
        )
        self._kept_decay: weakref.WeakKeyDictionary[
            torch.optim.Optimizer, list[tuple[dict[str, Any], float]]
        ] = weakref.WeakKeyDictionary()
        self._kept_momentum: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]] = (
            weakref.WeakKeyDictionary()
        )

    def _choice(self, remedy: Remedy) -> Trials | None:
        steps = remedy.settings.get("trial_steps")
        if not isinstance(steps, int) or self.cap:
            return None
        old = self.number("from")
        return Trials(self.factor, self.number("most") / old, steps, old, self._chose)

    def _chose(self, tried: list[float], factor: float) -> None:
        """The trials are over: what was said of the first rate no longer holds."""
        self.factor = self._updates.factor = factor
        old = self.number("from")
        self.met["to"] = [float(f"{old * factor:.6g}")]
        self.log = [line for line in self.log if not line.startswith(("learning", "steps of"))]
        several = ", ".join(f"{old * each:g}" for each in tried)
        again = any(line.startswith("tried") for line in self.log)
        lost = f"what {old * tried[-1]:g} had learnt was lost again; back to {old * factor:g}"
        self.say(lost if again else f"tried in the opening: {several}; best: {old * factor:g}")

    @property
    def choosing(self) -> bool:
        """Whether rates are still being tried."""
        return self._trials is not None and not self._trials.done

    def _are_drawn(self) -> bool:
        """Whether weights of the program will be drawn anew behind the step that comes.

        Trials start from what is trained then, and the draw is no step of theirs.
        """
        at_work = () if self.interception is None else self.interception.observers
        return any(getattr(other, "draws_next", False) for other in at_work)

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Its buffers are put back with its weights."""
        del name, args, kwargs
        self._models.append(weakref.ref(model))

    def on_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """It makes the updates: no call need be looked at."""
        take_out(self._mode)
        self._optimizers.add(optimizer)

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A part of each change that the program makes by hand."""
        return self._updates.call(func, args, kwargs)

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Scale."""
        del step
        if optimizer is None:
            self._by_hand()
            return
        self._optimizers.add(optimizer)
        drawn = self._are_drawn()
        if self._trials is not None and not (self._trials.done or self._trials.begun or drawn):
            models = [model for ref in self._models if (model := ref()) is not None]
            buffers = [b for model in models for b in model.buffers()]
            self._trials.begin(buffers, self._optimizers)
        if self._trials is not None and self._trials.under_way:
            self._trials.before(optimizer)
        if self._trials is not None:  # where gradients are of weights that were left, no step
            left = self._trials.elsewhere or drawn
            self.factor = 0.0 if left else self._trials.factor
        if not all("lr" in group for group in optimizer.param_groups):
            held = [p for group in optimizer.param_groups for p in group["params"]]
            self._before = [(p, p.detach().clone()) for p in held]
            kind = type(optimizer).__name__
            self.unwritten = True
            self.say(f"steps of {kind}: × {self.factor:g} each")
            return
        self._kept[optimizer] = [group["lr"] for group in optimizer.param_groups]
        self._kept_momentum[optimizer] = [group.get("momentum") for group in optimizer.param_groups]
        first = float(optimizer.param_groups[0]["lr"])
        top = self._top(optimizer)
        for group in optimizer.param_groups:
            if self._is_slow(float(group["lr"]), top):
                continue
            group["lr"] = min(group["lr"], self.cap) if self.cap else group["lr"] * self.factor
            self._shorten(group, type(optimizer).__name__)
            self._ease(optimizer, group)
        self._search(optimizer)
        then = float(optimizer.param_groups[0]["lr"])
        if drawn:
            return
        self.say(
            f"learning rate of {type(optimizer).__name__}: held at {self.cap:g} or below"
            if self.cap
            else f"learning rate of {type(optimizer).__name__}: {first:g} → {then:g} "
            f"(× {then / first if first else 1.0:g} at every step)"
        )

    def _search(self, optimizer: torch.optim.Optimizer) -> None:
        """A quasi-Newton step that overshoots wants its length found along its direction.

        Source: Nocedal and Wright 2006, "Numerical optimization", section 6.1: the strong Wolfe
        conditions keep the curvature that L-BFGS learns positive.
        """
        if not isinstance(optimizer, torch.optim.LBFGS):
            return
        for group in optimizer.param_groups:
            if group.get("line_search_fn") is None:
                group["line_search_fn"] = "strong_wolfe"
                self.unwritten = True
                self.say("line search of LBFGS: none → strong_wolfe")

    def _ease(self, optimizer: torch.optim.Optimizer, group: dict[str, Any]) -> None:
        """A decay that suited the small rate is kept from taking the weights down at the large one.

        As strong as the program had it, it may be: what it took a step is no harm that we did.
        """
        rate, decay = float(group["lr"]), group.get("weight_decay")
        if not self.factor > 1 or not isinstance(decay, int | float) or not decay * rate > PULL:
            return
        eased = max(PULL / rate, decay / self.factor)
        self._kept_decay.setdefault(optimizer, []).append((group, decay))
        group["weight_decay"] = eased
        self.unwritten = True
        self.say(f"weight decay of {type(optimizer).__name__}: {decay:g} → {eased:.1g}")

    def _top(self, optimizer: torch.optim.Optimizer) -> float:
        """The largest rate of all groups of all optimisers, as the program set them."""
        every = {optimizer, *self._optimizers}
        return max((float(g.get("lr", 0.0)) for o in every for g in o.param_groups), default=0.0)

    def _is_slow(self, rate: float, top: float) -> bool:
        return self.factor < 1 and rate * APART <= top and rate <= self.number("to")

    def _shorten(self, group: dict[str, Any], kind: str) -> None:
        """Of a heavy momentum the weight is taken, and the rate raised as much as its steps shrink.

        A momentum of 0.99 makes steps a hundred times the rate's, and an overshoot lasts as long.
        """
        momentum = group.get("momentum")
        if (
            not 0.0 < self.factor < 1.0
            or self.cap
            or not isinstance(momentum, int | float)
            or not momentum > HEAVY
        ):
            return
        larger = min((1 - USUAL) / max(1 - momentum, 1e-3), 1 / self.factor)
        group["momentum"] = USUAL
        group["lr"] = group["lr"] * larger
        self.met |= {"momentum": [momentum, USUAL], "rate_times": [self.factor * larger]}
        self.say(f"momentum of {kind}: {momentum:g} → {USUAL:g}")

    def wants_step(self, step: int) -> bool:
        """The first: a program without optimisers is known by its layers; then all of one."""
        return step == self.since or self._updates.met

    def on_layer(self, layer: Layer, output: Any) -> None:
        """A forward pass is under way."""
        del layer, output
        self._updates.forward()

    def on_backward(self, loss: Tensor) -> None:
        """What it reaches is trained, weights and biases of bare tensors too."""
        if self._trials is not None:
            self._trials.note(float(loss.detach().double().mean()))
        if not self._optimizers and self._updates.learning and loss.grad_fn is not None:
            leaves = map(graph.variable_of, graph.nodes(loss.grad_fn))
            self._updates.know(leaf for leaf in leaves if isinstance(leaf, Tensor))

    def on_functional_gradients(self, gradients: Sequence[Tensor]) -> None:
        """Steps are made of these, of new parameters each time, which no call can be caught for."""
        if self._updates.met:
            return
        with torch._C.DisableTorchFunction(), torch.no_grad():
            for gradient in gradients:
                gradient.mul_(self.factor)
        self.unwritten = True
        self.log = [line for line in self.log if line != _NOT_MET]
        self.say(f"steps of the program's own update: × {self.factor:g} each")

    def _by_hand(self) -> None:
        """The program updates its weights by hand, next."""
        if self._updates.gradients():
            self.unwritten = True
            self.log = [line for line in self.log if line != _NOT_MET]
            self.say(f"steps of the program's own update: × {self.factor:g} each")
        elif not self.log and not self.guards:
            self.log.append(_NOT_MET)
        if self._trials is not None and self._updates.met:
            if not self._trials.begun and not self._trials.done:
                self._trials.begin(self._updates.known, ())
            self._trials.after()  # the update before this one; this one's gradients are there
            self._trials.note_weights()
            self._updates.factor = 0.0 if self._trials.elsewhere else self._trials.factor

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Put back what the program had set."""
        del step
        if optimizer is None:
            return
        with torch.no_grad():
            for p, old in self._before:
                p.copy_(old + self.factor * (p - old))
        self._before.clear()
        for group, rate in zip(optimizer.param_groups, self._kept.pop(optimizer, []), strict=False):
            group["lr"] = rate
        for group, decay in self._kept_decay.pop(optimizer, []):
            group["weight_decay"] = decay
        momenta = self._kept_momentum.pop(optimizer, [])
        for group, momentum in zip(optimizer.param_groups, momenta, strict=False):
            if momentum is not None:
                group["momentum"] = momentum
        if self._trials is not None and self._trials.under_way:
            self._trials.after()

    def say(self, sentence: str) -> None:
        """Once for each optimiser: a schedule changes the rate, the factor is the same."""
        head = sentence.partition(":")[0]
        if self.guards and "to" not in self.met:
            return
        if not any(line.startswith(head) for line in self.log):
            self.log.append(sentence)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Scale the rates, and the initial rates from which schedulers compute."""
        del model
        if optimizer is None or not all("lr" in group for group in optimizer.param_groups):
            return
        for group in optimizer.param_groups:
            before = float(group["lr"])
            for name in ("lr", "initial_lr"):
                if name in group:
                    lower = min(group[name], self.cap) if self.cap else group[name] * self.factor
                    group[name] = lower
            self._shorten(group, type(optimizer).__name__)
            self.say(f"learning rate of {type(optimizer).__name__}: {before:g} → {group['lr']:g}")


ACTION = LowerLearningRate
