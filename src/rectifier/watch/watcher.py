"""Collects what a training does into a `rectifier.watch.record.Record`.

Layer: watch. A `Watcher` is an observer of the framework's interception. It measures on the device
(`statistics`), brings a step's numbers over at once when the optimiser is about to step, and keeps
them in bounded memory (`ledger`). A pass counts once a gradient has come back through it, so
evaluation passes stay out however they are run. Judging is left to `rectifier.doctor`.

The closing window that "dead" refers to reaches back over the last tenth of the run's steps, and
further until 10 observed steps and 2,000 inputs to each site lie in it, but at most over half of
the run: a unit that stays silent for n inputs fires, with 95 % confidence, on less than 3/n of
them, so 2,000 put it below 0.15 %.
"""

from __future__ import annotations

import functools
import math
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.sites import Layer, Observer, Site
from rectifier.watch import statistics
from rectifier.watch.budget import Budget
from rectifier.watch.cargo import Cargo, Pass, load, unload
from rectifier.watch.entering import Data, Losses
from rectifier.watch.held import Held
from rectifier.watch.layers import Layers
from rectifier.watch.ledger import Clock, Observation, SiteLedger
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record, SiteRecord
from rectifier.watch.training import TrainingLedger, TrainingStep
from rectifier.watch.trouble import Trouble
from rectifier.watch.weights import (
    feeding,
    is_plain,
    joint,
    learning_rate,
)

P = ParamSpec("P")

WINDOW_INPUTS = 2000
WINDOW_STEPS = 10
_MOST_LOSSES = 4096
"""Losses kept unread: an optimiser that never steps must not make them pile up."""

_WAITING = 64
"""Passes without a gradient that are remembered: a GAN's generator runs a step ahead of its own."""


def _unseen(method: Callable[P, None]) -> Callable[P, None]:
    """Run a method without gradients and unseen by torch's function modes, ours and others'.

    Sums of the program's numbers may be infinite or NaN; NumPy is not to warn the program of it.
    """

    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        recorded = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        try:
            with torch._C.DisableTorchFunction(), np.errstate(all="ignore"):
                method(*args, **kwargs)
        finally:
            torch._C._set_grad_enabled(recorded)

    return run


def _single(loss: Tensor) -> Tensor:
    """One number for a loss, on its device; a copy, since the program may change its own."""
    value = loss.detach()
    return value.clone() if value.dim() == 0 else value.mean()


class Watcher(Observer):
    """Watches a training; ask for the `record` when it is over, or at any time.

    Args:
        options: Which steps to observe.
        script: What runs, as the user named it.
        clock: Seconds that never go back, for the budget.
    """

    training_only = True

    def __init__(
        self,
        options: WatchOptions | None = None,
        *,
        script: str = "",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._script = script
        self._budget = Budget(options or WatchOptions(), clock)
        self._clock = Clock()
        self._sites: dict[Site, SiteLedger] = {}
        self._layers = Layers(self._clock.series)
        self._held = Held(self._clock.series)
        self._data = Data()
        self._entering = Losses()
        self._given: list[tuple[tuple[str, str], Tensor]] = []
        self._carried: dict[int, float] | None = None
        self._training = TrainingLedger()
        self._passes: dict[int, Pass] = {}
        self._losses: list[tuple[int, Tensor]] = []
        self._loss_name = self._loss_function = ""
        self._loss_source = ""
        self._optimizer = ""
        self._saturation: dict[Site, statistics.Saturation | None] = {}
        self._trouble = Trouble()
        self._alarm = False
        self._steps = 0
        self._index = 0
        self._processed = False
        self.notes: list[str] = []

    # What comes in

    def wants_step(self, step: int) -> bool:
        """As the budget decides."""
        return self._budget.wants(step)

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Remember it, to know which weights are trained."""
        self._layers.add_optimizer(optimizer)
        self._held.add_optimizer(optimizer)

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Remember its parameters."""
        self._held.add_model(model, name)

    @property
    def _detailed(self) -> bool:
        return self._alarm or self._clock.series.keeps(self._index)

    def _pass(self) -> Pass:
        token = 0 if self.interception is None else self.interception.token
        found = self._passes.get(token)
        if found is None:
            while len(self._passes) >= _WAITING:
                self._passes.pop(next(iter(self._passes)))
            found = self._passes[token] = Pass(self._steps)
        return found

    @_unseen
    def on_input(self, model: str, tensor: Tensor) -> None:
        """Measure what enters the model."""
        current = self._pass()
        if current.inputs is None and tensor.numel():
            current.inputs = statistics.extent(tensor)
            current.input_elements = tensor.numel()

    @_unseen
    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Measure one application of an activation."""
        if not output.numel() or type(output) not in (Tensor, nn.Parameter):
            return
        if site not in self._saturation:
            known = site.function == "rrelu" or site.function in statistics.ZERO_BELOW
            self._saturation[site] = None if known else statistics.saturation_of(site.apply)
        measured = statistics.forward(
            *(input, output, site.unit_axis, site.function),
            detailed=self._detailed,
            saturation=self._saturation[site],
        )
        current = self._pass()
        current.listens = current.listens or output.requires_grad
        current.forwards.append((site, measured))

    @_unseen
    def on_layer_input(self, layer: Layer, tensor: Tensor) -> None:
        """Learn what reaches a layer; measure it where it is data."""
        if type(tensor) not in (Tensor, nn.Parameter):
            return
        if tensor.grad_fn is not None:
            self._layers.feed(layer, tensor)
            return
        current = self._pass()
        if not tensor.requires_grad and not current.blind and self._detailed:
            measured = self._data.measure(layer, tensor)
            if measured is not None:
                current.data.append((layer, measured))

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Remember a layer."""
        self._layers.add(layer)
        if isinstance(output, Tensor) and output.grad_fn is None:
            self._pass().blind = True  # frozen: what the graph does not know may come from it

    def on_loss(self, name: str, tensor: Tensor, source: str) -> None:
        """Remember the loss function that ran last."""
        self._loss_name, self._loss_source = name, source

    @_unseen
    def on_loss_input(self, name: str, source: str, input: Tensor, target: Tensor | None) -> None:
        """Measure what enters a loss function."""
        if self._detailed and input.requires_grad and type(input) is Tensor:
            measured = self._entering.measure(name, source, input, target)
            self._given.append(((name, source), measured))

    @_unseen
    def on_backward(self, loss: Tensor) -> None:
        """Keep the loss; it is read at the next observed step."""
        if self.interception is not None and self.interception.observing:
            self._entering.backward(loss)
            self._trains_without_sites()
            if self._carried is None and self._detailed:
                left = [p for p in self._held.everywhere() if is_plain(p.grad)]
                sizes = statistics.norms([p.grad for p in left if p.grad is not None])
                ids = [id(p) for p in left]
                self._carried = dict(zip(ids, statistics.fetch([sizes])[0].tolist(), strict=True))
        self._loss_function = self._loss_function or self._loss_name
        if len(self._losses) < _MOST_LOSSES:
            self._losses.append((self._steps, _single(loss)))

    def _trains_without_sites(self) -> None:
        """Where no site hears of gradients the backward pass that follows tells of training."""
        token = 0 if self.interception is None else self.interception.token
        current = self._passes.get(token)
        if current is not None and not current.listens:
            current.trained = True

    @_unseen
    def on_gradients(
        self, site: Site, token: int, to_output: Tensor | None, to_input: Tensor | None
    ) -> None:
        """The pass is part of the training: measure what reaches the site and what leaves it."""
        found = self._passes.get(token)
        if found is None:
            return
        found.trained = True
        count, squares = statistics.gradients(
            to_input, to_output, site.unit_axis, detailed=self._detailed
        )
        if count is not None and to_input is not None:
            found.nonzero.append((site, count, to_input.numel() // max(site.units, 1)))
        if squares is not None:
            scale = None if self.interception is None else self.interception.gradient_scale
            if scale is not None:
                squares = squares / scale.detach().to(squares).square()
            found.squares.append((site, squares))

    def on_input_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """As `on_gradients`, where the two come one by one."""
        self.on_gradients(site, token, None, gradient)

    def on_output_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """As `on_gradients`, where the two come one by one."""
        self.on_gradients(site, token, gradient, None)

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """The passes of this step are over: take them in."""
        self._steps = step
        if optimizer is not None:
            self._layers.add_optimizer(optimizer)
            self._optimizer = self._optimizer or type(optimizer).__name__
        self._processed = False
        if self._is_due():
            self._process(optimizer, step)
        elif len(self._losses) >= 256:
            self._take_losses({})

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Take in what a closure did inside the step; see how far the weights moved."""
        if not self._processed and self._is_due():
            self._process(optimizer, step)  # passes inside step(closure)
        if self._processed:
            self._finish(step)
        self._steps = step + 1
        self._carried = None
        self._given.clear()
        inside = 0.0 if self.interception is None else self.interception.seconds
        observed = self.interception is not None and self.interception.observing
        self._budget.ended(step, observed, inside)

    @_unseen
    def _finish(self, step: int) -> None:
        self._training.put_update(step, self._layers.after(step))

    def _is_due(self) -> bool:
        if self._passes and any(p.trained for p in self._passes.values()):
            return True
        observing = self.interception is not None and self.interception.observing
        return observing and any(s == self._steps for s, _ in self._losses)

    # Taking a step in

    @_unseen
    def _process(self, optimizer: Optimizer | None, step: int) -> None:
        self._processed = True
        detailed = self._detailed
        passes = [p for p in self._passes.values() if p.trained]
        self._passes = {
            token: p for token, p in self._passes.items() if not p.trained and p.step >= step - 1
        }
        parameters = self._layers.parameters(optimizer)
        cargo = Cargo()
        inputs = [(cargo.put(p.inputs), p.input_elements) for p in passes if p.inputs is not None]
        sites = load(cargo, passes)
        data = [(layer, cargo.put(t)) for p in passes for layer, t in p.data]
        given = [(key, cargo.put(numbers)) for key, numbers in self._given]
        with_gradient = [(p, p.grad) for p in parameters if is_plain(p.grad)]
        gradient_norms = cargo.put(statistics.norms([g for _, g in with_gradient if g is not None]))
        matrices = self._layers.matrices() if detailed else []
        weight_norms = cargo.put(statistics.norms(matrices))
        losses = [(s, cargo.put(value)) for s, value in self._losses]
        self._losses.clear()
        self._given.clear()
        cargo.fetch()

        observations = {site: unload(cargo, parts) for site, parts in sites.items()}
        trained = (id(p) for p, _ in with_gradient)
        gradients = dict(zip(trained, cargo.get(gradient_norms).tolist(), strict=True))
        norms = dict(zip(map(id, matrices), cargo.get(weight_norms).tolist(), strict=True))
        entry = TrainingStep(step)
        entry.set_input([(cargo.get(number), count) for number, count in inputs])
        entry.learning_rate = learning_rate(optimizer)
        entry.gradient_norm = joint(gradients.values())
        if self._carried is not None:
            entry.carried_gradient = joint(self._carried.get(id(p), 0.0) for p in parameters)
        for layer, number in data:
            self._data.add(layer, cargo.get(number))
        for key, number in given:
            self._entering.add(key, cargo.get(number))
        by_step: dict[int, list[float]] = {}
        for s, number in losses:
            by_step.setdefault(s, []).append(float(cargo.get(number)))
        self._take_losses(by_step)
        self._trouble.look(
            step,
            suspicious=self._alarm,
            input_count=entry.input_non_finite,
            observations=observations,
            layers=self._layers,
            gradients=gradients,
        )
        self._training.put(entry)
        for site, seen in observations.items():
            self._take_site(site, step, seen, detailed)
        if detailed:
            if optimizer is None:
                for layer in self._layers:
                    if layer.module() is None:
                        self._held.add_tensors(layer.name, layer.model, layer.tensors())
            self._held.take(self._index, step, optimizer, gradients)
            self._layers.take(self._index, step, optimizer, parameters, gradients, norms)
            self._layers.before(parameters)
        self._index += 1

    def _take_site(self, site: Site, step: int, seen: Observation, detailed: bool) -> None:
        if seen.active is None:
            return
        ledger = self._sites.get(site)
        if ledger is None:
            ledger = self._sites[site] = SiteLedger(site.units, self._clock)
        needed = detailed or ledger.needs_start or ledger.newly_silent(seen.active)
        ledger.add(self._index, step, seen, feeding(site) if needed else None)

    def _take_losses(self, by_step: dict[int, list[float]]) -> None:
        if self._losses:
            values = statistics.fetch([value for _, value in self._losses])
            for (step, _), value in zip(self._losses, values, strict=True):
                by_step.setdefault(step, []).append(float(value))
            self._losses.clear()
        for step, found in sorted(by_step.items()):
            mean = sum(found) / len(found)
            self._training.put_loss(step, mean)
            self._alarm = self._alarm or not math.isfinite(mean)
        self._trouble.look_at_losses(by_step, self._loss_name, self._loss_source)

    # What comes out

    def record(self, notes: Iterable[str] = ()) -> Record:
        """All that was observed so far.

        Args:
            notes: More sentences that a person should know.
        """
        by_step: dict[int, list[float]] = {}
        self._take_losses(by_step)
        start = self._window_start()
        return Record(
            script=self._script,
            optimizer=self._optimizer,
            loss_function=self._loss_function,
            steps=self._steps,
            observed_steps=self._index,
            window_steps=self._index - start,
            overhead=self._budget.overhead(),
            sites=tuple(
                self._site_record(site, ledger, start)
                for site, ledger in sorted(self._sites.items(), key=lambda item: item[0].order)
            ),
            layers=self._layers.records(),
            training=self._training.series(),
            data=self._data.records(),
            losses=self._entering.records(),
            optimizers=self._held.optimizers(),
            parameters=self._held.parameters(by_hand=not self._optimizer),
            non_finite=self._trouble.list(),
            notes=(*self.notes, *self._remarks(), *notes),
            environment={
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "system": platform.platform(),
            },
        )

    def _window_start(self) -> int:
        """Observed step at which the closing window begins; the module's text says why there."""
        start = 0
        for start, step in self._clock.window.starts():
            observed, share = self._index - start, 1 - step / max(self._steps, 1)
            inputs = min((s.rows_per_step * observed for s in self._sites.values()), default=0.0)
            enough = observed >= WINDOW_STEPS and inputs >= WINDOW_INPUTS
            if share >= 0.5 or (enough and share >= 0.1):
                break
        return start

    def _remarks(self) -> list[str]:
        if self._index == 0 and self._steps == 0:
            return ["No training step was seen: no optimiser stepped and nothing ran backward."]
        if self._index == 0:
            return ["Steps were taken, but no backward pass that belongs to them was seen."]
        if not self._sites:
            return ["No activation was seen in the training passes."]
        return []

    def _site_record(self, site: Site, ledger: SiteLedger, start: int) -> SiteRecord:
        return SiteRecord(
            site=site.name,
            function=site.function,
            source=site.source,
            layer=site.layer,
            layer_kind=site.layer_kind,
            model=site.model,
            units=site.units,
            unit_axis=site.unit_axis,
            order=site.order,
            fan_in=site.fan_in,
            series=ledger.series(),
            unit=ledger.statistics(start, feeding(site)),
        )
