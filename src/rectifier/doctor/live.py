"""Repairing a training while it runs: find, act, watch, and take it back when it was no help.

Layer: doctor, on `rectifier.watch` and the remedies. `LiveRepair` is an observer beside the
watcher. At growing intervals it has the record so far judged. A run that is cut off early looks ill
more easily than a whole one, and a remedy is no use to a training that gets on; so what is read off
the course of the training must be found at two looks in a row, while the loss does not fall. Not so
a layer that was silent from the first step for every input: nothing can bring it back. For a
root cause that harms it then copies models and optimisers, puts the most promising remedy to work
and announces it. After a probation of as many steps as came before, at most 200, it compares the
loss: worse than before by more than its own noise, or no longer finite, and the remedy is undone,
the copies are put back, and the next remedy has its turn. What a remedy cannot do in the midst of a
training (an edit of the program) is left to ``rectifier repair``.
"""

from __future__ import annotations

import copy
import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor import evidence, judge, progress
from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.remedies import Action, build, names
from rectifier.doctor.so_far import measuring
from rectifier.doctor.wording import number
from rectifier.torch.sites import Layer, Observer, Site
from rectifier.watch.record import Record

FIRST = 30
"""Steps before the first diagnosis: fewer are thin evidence."""

PROBATION = 200
"""Steps at most after which a remedy is weighed."""

MOST = 3
"""Remedies that are tried in one run."""

REVIVING = frozenset({"recycle_units"})
"""Remedies of units that died of what is settled: they change nothing of what is computed."""

ANEW = frozenset({"unsuitable_activation"})
"""Rules whose remedy draws the weights anew, for another function: a training begun afresh, which a
rerun can weigh and the rest of a run cannot; and slow progress so far is thin evidence."""

CHECK = 20
"""Steps between two looks for a loss that broke under a remedy: a look costs a record."""


@dataclass
class _Copy:
    """The state of the program at a step.

    Attributes:
        step: When. ``level``: of the loss, and its noise.
        models, optimizers: Their states.
    """

    step: int
    level: tuple[float, float]
    models: list[tuple[weakref.ref[nn.Module], dict[str, Any]]]
    optimizers: list[tuple[weakref.ref[Optimizer], dict[str, Any]]]

    def put_back(self) -> None:
        """Bring models and optimisers to where they were."""
        for reference, state in self.models:
            model = reference()
            if model is not None:
                model.load_state_dict(state, strict=False)
        for held, state in self.optimizers:
            optimizer = held()
            if optimizer is not None:
                for group, kept in zip(optimizer.param_groups, state["param_groups"], strict=False):
                    del group["params"][len(kept["params"]) :]
                optimizer.load_state_dict(state)


@dataclass
class _Trial:
    """A remedy on probation.

    Attributes:
        finding, action: What was found, and what was done about it.
        before: The program before. ``until``: step at which to weigh it.
    """

    finding: Finding
    action: Action
    before: _Copy
    until: int


class LiveRepair(Observer):
    """Repairs what is found while a training runs.

    Args:
        tell: Is given each announcement.

    Attributes:
        done: What was done, announcement by announcement.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell
        self._models: dict[int, tuple[weakref.ref[nn.Module], str]] = {}
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._actions: list[Action] = []
        self._trial: _Trial | None = None
        self._good: _Copy | None = None
        self._source: Callable[[], Record] | None = None
        self._tried: set[tuple[str, str]] = set()
        self._settled: set[str] = set()
        self._suspected = ""
        self._next = FIRST
        self.done: list[str] = []

    # What comes in is handed on to the remedies at work

    def wants_step(self, step: int) -> bool:
        """The first, to know the models; later as the remedies want."""
        return step == 0 or any(action.wants_step(step) for action in tuple(self._actions))

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Know it, to act on it later."""
        del args, kwargs
        self._models[id(model)] = weakref.ref(model), name

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Likewise."""
        self._optimizers.add(optimizer)

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Hand on."""
        for action in self._actions:
            action.on_layer(layer, output)

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Hand on."""
        for action in self._actions:
            action.on_site(site, input, output)

    def on_backward(self, loss: Tensor) -> None:
        """Hand on."""
        for action in self._actions:
            action.on_backward(loss)

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """What the first remedy that has an answer makes of it."""
        for action in self._actions:
            result = action.replace(site, input, apply)
            if result is not None:
                return result
        return None

    def computes(self, site: Site) -> str:
        """As the remedy says that replaces it."""
        return next((a.computes(site) for a in self._actions if a.computes(site)), "")

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Hand on."""
        if optimizer is not None:
            self._optimizers.add(optimizer)
        for action in self._actions:
            action.before_step(optimizer, step)

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Hand on; then weigh, or look for something to do.

        What was changed last is put back first: of two remedies that set one rate for the step, the
        later one found it as the earlier one had left it.
        """
        for action in reversed(self._actions):
            action.after_step(optimizer, step)
        if self._trial is not None:
            if step >= self._trial.until or (step % CHECK == 0 and self._broken()):
                self._weigh(step)
        elif step >= self._next:
            self._next = max(step + FIRST, int(step * 1.5))
            self._look(step)

    def finish(self) -> None:
        """The training is over: say what still stood on probation, take hooks and modes out."""
        if self._trial is not None:
            was, now = self._trial.before.level[0], self._level(self._trial.before.step + 1)[0]
            name = self._trial.action.remedy.action
            for line in self._trial.action.log:
                self._say(f"{name}: {line}")
            self._say(f"{name}: the run ended on probation (loss {number(was)} → {number(now)})")
        for action in self._actions:
            action.undo()

    # Finding, acting, weighing

    def _record(self) -> Record:
        """What the watcher beside us has measured so far."""
        if self._source is None:
            self._source = measuring(self.interception)
        return Record() if self._source is None else self._source()

    def _look(self, step: int) -> None:
        record = self._record()
        findings = diagnose(record)
        for finding in findings:
            if finding.severity == "info" or finding.rule in ANEW:
                continue
            # of what was settled the record still shows what was, before the remedy; units that
            # died of it are dead all the same
            settled = bool({finding.rule, finding.consequence_of} & self._settled)
            if finding.remedies and not finding.consequence_of:  # its cause is dealt with already
                settled = settled or self._is_at_work(finding.remedies[0])
            if finding.consequence_of and not settled:
                continue
            if len(self._tried) >= MOST:
                return
            if not (settled or self._is_sure(finding, findings, record)):
                self._suspected, self._next = finding.rule, step + FIRST
                self._good = self._good or self._copy(step)  # should it be worse by then
                return
            for remedy in finding.remedies:
                if settled and remedy.action not in REVIVING:
                    continue
                if self._is_new(finding, remedy):
                    self._act(finding, remedy, step)
                    return
            if not settled:
                return
        self._suspected = ""
        self._good = self._copy(step)

    def _is_sure(self, finding: Finding, findings: Sequence[Finding], record: Record) -> bool:
        """Whether it is no passing thing of a training that gets on."""
        if _may_be_noise(finding):
            return False
        if finding.rule in judge.WRITTEN or math.isinf(self._level(-math.inf)[0]):
            return True
        if any(
            _never_lived(f) for f in findings if f is finding or f.consequence_of == finding.rule
        ):
            return True
        return finding.rule == self._suspected and not progress.gets_on(
            evidence.finite(record.training.loss)
        )

    def _is_new(self, finding: Finding, remedy: Remedy) -> bool:
        """Whether it can be carried out, was not tried for this, and is not at work already."""
        return (
            remedy.action in names()
            and (finding.rule, remedy.action) not in self._tried
            and not self._is_at_work(remedy)
        )

    def _is_at_work(self, remedy: Remedy) -> bool:
        return any(
            action.remedy.action == remedy.action and action.remedy.scope in ({}, remedy.scope)
            for action in self._actions
        )

    def _copy(self, step: int) -> _Copy:
        models = [(ref, model) for ref, _ in self._models.values() if (model := ref()) is not None]
        return _Copy(
            step,
            self._level(-math.inf),
            [(ref, copy.deepcopy(model.state_dict())) for ref, model in models],
            [(weakref.ref(o), copy.deepcopy(o.state_dict())) for o in self._optimizers],
        )

    def _act(self, finding: Finding, remedy: Remedy, step: int) -> None:
        self._tried.add((finding.rule, remedy.action))
        action = build(remedy)
        before = self._copy(step)
        trial = _Trial(finding, action, before, step + min(max(step, FIRST), PROBATION))
        self._say(f"step {step}: {finding.cause}")
        good = self._good
        if good is not None and _worse(before.level, good.level):
            good.put_back()
            self._say(f"step {step}: weights and optimiser are those of step {good.step} again")
        with torch.no_grad():
            action.interception = self.interception
            for optimizer in self._optimizers:
                action.on_optimizer(optimizer)
            for reference, name in tuple(self._models.values()):
                model = reference()
                if model is not None:
                    action.on_model(model, name, (), {})
        if remedy.action == "reinitialize":
            for optimizer in self._optimizers:
                optimizer.state.clear()
        self._actions.append(action)
        self._trial = trial
        self._say(f"step {step}: {remedy.action} is at work; weighed at step {trial.until}")

    def _level(self, since: float) -> tuple[float, float]:
        """Median of the loss over the last steps, at most 50, since one of them; its own noise.

        That is the standard error of a median, 1.25 times that of a mean, not the spread of single
        losses, behind which a remedy could hide that it did harm.
        """
        training = self._record().training
        values = training.loss[training.step >= since][-50:]
        if values.size and not math.isfinite(float(values[-1])):
            return math.inf, 0.0
        known = evidence.finite(values)
        noise = 1.25 * float(known.std()) / math.sqrt(known.size) if known.size else math.nan
        return evidence.median(known), noise

    def _broken(self) -> bool:
        trial = self._trial
        if trial is None:
            return False
        now = self._level(trial.before.step + 1)
        return math.isinf(now[0]) and math.isfinite(trial.before.level[0])

    def _weigh(self, step: int) -> None:
        trial, self._trial = self._trial, None
        if trial is None:
            return
        name = trial.action.remedy.action
        was, now = trial.before.level, self._level(trial.before.step + 1)
        worse = _worse(now, was)
        change = f"loss {number(was[0])} → {number(now[0])}"
        for line in trial.action.log:
            self._say(f"{name}: {line}")
        if not worse:
            self._settled.add(trial.finding.rule)
            did = "is kept" if trial.action.log else "found nothing to act on so far"
            self._say(f"step {step}: {name} {did} ({change})")
            return
        self._actions.remove(trial.action)
        trial.action.undo()
        trial.action.interception = None
        trial.before.put_back()
        self._say(f"step {step}: {name} made it worse ({change}) and was rolled back")
        self._look(step)

    def _say(self, sentence: str) -> None:
        self.done.append(sentence)
        self._tell(sentence)


def _may_be_noise(finding: Finding) -> bool:
    """Whether targets out of reach may scatter about a truth within: the output, not yet at the
    bound of its range, does not tell.
    """
    numbers = finding.evidence
    return "targets_out_of_reach" in numbers and "beyond_the_bound" not in numbers


def _never_lived(finding: Finding) -> bool:
    """Whether a whole layer was dead from birth: its weights have no gradient to change it by."""
    whole = finding.rule == "born_dead" and finding.evidence.get("dead", 0.0) >= 1
    return whole and finding.severity == "error"


def _worse(now: tuple[float, float], was: tuple[float, float]) -> bool:
    """Whether one level of the loss lies above another by more than noise (one-sided, 5 %)."""
    noise = 1.64 * math.hypot(*(each if math.isfinite(each) else 0.0 for each in (was[1], now[1])))
    return math.isfinite(was[0]) and not now[0] <= was[0] + noise
