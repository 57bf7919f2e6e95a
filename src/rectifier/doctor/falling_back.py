"""A rerun that goes on to the next treatment where one brings nothing, within the same training.

Layer: doctor, on the remedies. Which treatments, and in what order, is `rectifier.doctor.judge`'s;
whether one is hopeless, `rectifier.doctor.progress`'s. `FallingBack` is an observer before the
remedies at work. When a share of the steps has passed it weighs the loss so far; where that is
hopeless the remedies are taken out, weights, buffers and what optimisers remember are put back to
how the program had made them, and the next treatment begins as if the run did. That takes its time
from the rerun, so that a repair still costs two trainings. The last treatment's turn is followed,
where none brought anything, by the one that came furthest; of equals the first, as the evidence
speaks for it. What comes late stays, unless its loss broke: too little of the training is left to
begin another. Where the loss stands under a remedy and the doctor finds something else, that is
treated as well, once, from the start (`rectifier.doctor.beside`); a loss that is worse for it
brings back the first alone. Nothing is tried where two optimisers step, since players' losses tell
nothing, and nothing any more once another model or optimiser has come: another training has begun.
Where it is that later one which is sick, the first is left to itself, and all of this begins with
the second.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from rectifier.doctor import evidence, progress
from rectifier.doctor.beside import beside, stands
from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.finding import Remedy
from rectifier.doctor.judge import RATES
from rectifier.doctor.remedies import Observer, build, names
from rectifier.doctor.remedies._shadows import shadows_of
from rectifier.doctor.so_far import measuring
from rectifier.doctor.wording import listing, number

LEAST, SHARE = 40, 10
"""Steps after which a treatment is weighed, at least, and one in so many of the run."""

AT_ONCE = 5
"""Steps in which a remedy finds what it acts on, if there is any, but those that wait for it."""

LATER = frozenset({"recycle_units", "clip_gradients", "stabilize_loss", "add_to_optimizer"})
"""These."""

PATIENCE, SLOWLY = 2.5, 4.0
"""Times as long has the first one where what harmed is gone: plateaus of an opening end by
themselves, and the evidence speaks for it. Other steps take still longer over one."""

LONGEST = 0.4
"""Of the sick run's steps, what patience lasts at most: the next one needs time too."""

LATE = 0.6
"""Share of the sick run's steps after which no treatment begins that was not tried yet: what is
left is too short to learn in, and a loss that stands may still fall."""

SOON = 0.5
"""Share of the sick run's steps up to which something else is treated as well."""

Treatment = Sequence[Remedy]


class FallingBack(Observer):
    """Takes the next treatment where one brings nothing.

    Args:
        treatments: In the order to try them; the first is at work from the start.
        losses: Of the sick run, by step.
        cause: The rule of the sick run's root cause.
        certain: Whether the cause is read off the program, so that only a loss that is not finite,
            or a remedy that finds nothing to act on, speaks against the cure.
        guess: What guessing costs; NaN where that is not known.
        begins: Step at which the sick training begins, with an optimiser that is made then.
        rules: Those that harmed the sick run; None where no second look is taken.

    Attributes:
        actions: The remedies at work; none before that step. ``place``: of their treatment among
            all. ``treatments``: all of these. ``log``: What was tried, in sentences.
    """

    def __init__(
        self,
        treatments: Sequence[Treatment],
        losses: Sequence[float],
        *,
        cause: str = "",
        certain: bool = False,
        guess: float = math.nan,
        begins: int = 0,
        rules: Collection[str] | None = None,
    ) -> None:
        super().__init__()
        self.actions = [] if begins else [build(remedy) for remedy in treatments[0]]
        self.place = 0
        self.log: list[str] = []
        self.treatments = [tuple(each) for each in treatments]
        self._rules, self._joined = rules, -1
        self._sick = losses[begins:]
        self._begins, self._waits = begins, begins > 0
        self._cause = cause
        self._certain, self._guess = certain, guess
        self._since = 0
        self._settled = False
        self._own: list[float] = []
        self._passes: list[float] = []
        self._levels: list[tuple[float, float]] = []
        self._patient = self._due = False
        self._models: list[tuple[weakref.ref[nn.Module], str, tuple[Any, ...], dict[str, Any]]] = []
        self._optimizers: list[weakref.ref[Optimizer]] = []
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}
        self._groups: dict[int, list[int]] = {}
        self._stepping: set[int] = set()

    def wants_step(self, step: int) -> bool:
        """The first: models are told of only while a step is seen."""
        return step == 0

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Keep it as the program made it, before a remedy changes it."""
        if self._settled:
            return
        if self._own:
            self._settle()
            return
        self._models.append((weakref.ref(model), name, args, dict(kwargs)))
        self._keep_model(model)

    def _keep_model(self, model: nn.Module) -> None:
        self._keep([*model.parameters(), *model.buffers()])
        self._keep([tensor for shadow in shadows_of(model) for tensor in shadow.values()])

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Know it; one that comes later begins another training."""
        if self._settled:
            return
        if self._own:
            self._settle()
            return
        self._optimizers.append(weakref.ref(optimizer))
        if self._waits and self.interception is not None:
            step = self.interception.step
            if step >= self._begins:
                self._set_out(optimizer, step)

    def _set_out(self, optimizer: Optimizer, step: int) -> None:
        """The sick training begins, with what this optimiser holds."""
        self._waits = False
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        known = [item for item in self._models if (model := item[0]()) is not None
                 and any(id(p) in held for p in model.parameters())]  # fmt: skip
        self._optimizers = [weakref.ref(optimizer)]
        self._models, self._kept = known, {}
        self._passes.clear()
        for model in (item[0]() for item in known):
            if model is not None:
                self._keep_model(model)
        self._begin(0, step)

    def _keep(self, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            if is_lazy(tensor):
                continue  # kept before its first step
            if id(tensor) not in self._kept and tensor.numel():
                self._kept[id(tensor)] = tensor, tensor.detach().clone()

    def on_backward(self, loss: Tensor) -> None:
        """Of several passes before one step the mean counts."""
        if not self._settled:
            self._passes.append(float(loss.detach().double().mean()))

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """What an optimiser holds outside any model is kept, too, before it moves."""
        del step
        if self._waits or self._settled or optimizer is None or id(optimizer) in self._stepping:
            return
        self._stepping.add(id(optimizer))
        self._groups[id(optimizer)] = [len(group["params"]) for group in optimizer.param_groups]
        if not self._own:
            self._keep([p for group in optimizer.param_groups for p in group["params"]])

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Weigh what has come of it, when it is time."""
        if self._waits:
            self._passes.clear()
        if self._settled or not self._passes:
            return
        if len(self._stepping) > 1 or not self._kept:
            self._settle()
            return
        self._own.append(sum(self._passes) / len(self._passes))
        self._passes.clear()
        absent = len(self._own) == AT_ONCE and self._all_at_once() and not self._acted()
        if progress.broken(self._own) or absent:
            self._next(step)
        elif self._is_time():
            self._weigh(step)

    def _is_time(self) -> bool:
        """Now and then: of many looks one would find a passing rest."""
        longest = int(min(self._patience * self._window, LONGEST * len(self._sick)))
        first = max(longest, self._window) if self._patient else self._window
        since = len(self._own) - first
        if self._due and not self._choosing():
            return True
        return since >= 0 and since % self._window == 0

    @property
    def _patience(self) -> float:
        slower = any(a.remedy.action in RATES for a in self.actions if a.log)
        return SLOWLY if slower else PATIENCE

    def _all_at_once(self) -> bool:
        """Whether what is at work acts in the first steps or never."""
        acting = [a.remedy for a in self.actions if not a.remedy.settings.get("guard")]
        return not any(
            r.action in LATER and not {"loosen", "bound"} & set(r.settings) for r in acting
        )

    @property
    def _window(self) -> int:
        return max(LEAST, len(self._sick) // SHARE)

    def _weigh(self, step: int) -> None:
        """On to the next one where this is hopeless; a first one that left no harm has longer."""
        self._due = self._choosing()
        if self._due:
            return
        if self.place == self._joined and self._is_worse_joined():
            names_ = _names(self.treatments[self.place][len(self.treatments[self.place - 1]) :])
            self.log.append(f"step {step}: {names_} made it worse; back to the start without")
            self._begin(self.place - 1, step + 1)
            self._settle()
        elif self._join(step):
            return
        elif not self._is_hopeless():
            if step - self._begins >= len(self._sick) // 2:  # too little is left to begin anew
                self._settle()
        elif self.place or self._patient or not self._acted() or self._harms():
            self._next(step)
        else:
            self._patient = True

    def _join(self, step: int) -> bool:
        """Begin again with remedies of what else is found, where the loss stands."""
        source = measuring(self.interception)
        early = step - self._begins < SOON * len(self._sick)
        if self._rules is None or self._joined >= 0 or source is None or not early:
            return False
        if not self._acted():
            return False
        record = source()
        found = beside(
            self.treatments[self.place],
            diagnose(record),
            self._rules,
            names(),
            record,
            still=stands(self._own, self._window) or self._is_hopeless(),
        )
        if found is None:
            return False
        finding, treatment = found
        for line in (line for action in self.actions for line in action.log):
            self.log.append(line)
        more = _names(treatment[len(self.treatments[self.place]) :])
        self.log.append(f"step {step}: {finding.cause} So {more} as well, from the start")
        self._levels.append(self._level())
        self._joined = self.place + 1
        self.treatments.insert(self._joined, treatment)
        self._begin(self._joined, step + 1)
        return True

    def _is_worse_joined(self) -> bool:
        (known, noise), (level, error) = self._levels[-1], self._level()
        if progress.gets_on(evidence.finite(np.array(self._own[-self._window :]))):
            return False  # weights drawn anew may start from further off
        return level > progress.CLEAR * known + 2 * math.hypot(error, noise)

    def _level(self) -> tuple[float, float]:
        """Of the latest losses: mean, and its standard error; infinite where they broke."""
        late = evidence.finite(np.array(self._own[-self._window // 3 :]))
        if progress.broken(self._own) or not late.size:
            return math.inf, 0.0
        return float(late.mean()), float(late.std()) / math.sqrt(late.size)

    def _harms(self) -> bool:
        """Whether the doctor still finds the cause; what a plateau looks like is no cause yet."""
        source = measuring(self.interception)
        findings = diagnose(source()) if source is not None else ()
        return any(f.rule == self._cause and f.severity != "info" for f in findings)

    def _choosing(self) -> bool:
        """Whether rates are still being tried."""
        return any(getattr(action, "choosing", False) for action in self.actions)

    def _is_hopeless(self) -> bool:
        if not self._acted():
            return True
        if self._certain:
            return False
        since = self._since - self._begins
        return progress.hopeless(self._own, self._window, since, self._sick, self._guess)

    def _acted(self) -> bool:
        """Whether any remedy, guards aside, found something to act on."""
        return any(a.log for a in self.actions if not a.remedy.settings.get("guard"))

    def _next(self, step: int) -> None:
        """Back to the beginning, with what comes next."""
        level, _ = self._level()
        broken = math.isinf(level)
        self._levels.append(self._level())
        for line in (line for action in self.actions for line in action.log):
            self.log.append(line)
        names = _names(self.treatments[self.place])
        came = "the loss broke" if broken else f"the loss is {number(level)}"
        came = came if self._acted() else "nothing to act on"
        too_late = step - self._begins >= LATE * len(self._sick) and not broken
        last = too_late or len(self._levels) == len(self.treatments)
        then = self._furthest() if last else len(self._levels)
        stays = last and then == self.place
        left = "too little is left for another" if too_late else "nothing else is left to try"
        said = left if stays else "back to the start"
        self.log.append(f"step {step}: {names} brought nothing ({came}); {said}")
        if not stays:
            self._begin(then, step + 1)
        if last:
            self._settle()

    def _furthest(self) -> int:
        """The treatment that came furthest; an earlier one, unless a later one is clearly below."""
        best = 0
        for place, (level, error) in enumerate(self._levels):
            known, noise = self._levels[best]
            if level < known - 2 * math.hypot(error, noise):
                best = place
        return best

    def _begin(self, place: int, since: int) -> None:
        """Take the remedies out, put the program back, and have others act from a step on."""
        interception = self.interception
        if interception is None:
            return
        for action in self.actions:
            action.undo()
        old, self.place = self.actions, place
        self.actions = [build(remedy) for remedy in self.treatments[place]]
        interception.exchange([self, *old], [self, *self.actions])
        self._put_back()
        with torch.no_grad():
            for action in self.actions:
                action.since = since
                for reference in self._optimizers:
                    optimizer = reference()
                    if optimizer is not None:
                        action.on_optimizer(optimizer)
                for held, name, args, kwargs in self._models:
                    model = held()
                    if model is not None:
                        action.on_model(model, name, args, kwargs)
        self._since, self._patient, self._due = since, False, False
        self._own.clear()

    def _put_back(self) -> None:
        """Weights, buffers and optimisers as at the start; that is no update of the program's."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            for tensor, kept in self._kept.values():
                tensor.data.copy_(kept)
        for reference in self._optimizers:
            optimizer = reference()
            if optimizer is None:
                continue
            optimizer.state.clear()
            sizes = self._groups.get(id(optimizer), [])
            for group, size in zip(optimizer.param_groups, sizes, strict=False):
                del group["params"][size:]

    def _settle(self) -> None:
        """Nothing will be taken back any more, so nothing need be kept for it."""
        self._settled = True
        self._kept.clear()
        self._models.clear()
        self._passes.clear()


def _names(treatment: Treatment) -> str:
    acting = [r for r in treatment if not r.settings.get("guard")] or list(treatment)
    return listing([remedy.action for remedy in acting])
