"""Collects what a training does into a `rectifier.watch.record.Record`.

Layer: watch. A `Watcher` is an observer of the framework's interception. It measures on the device
(`statistics`) and hands a step's passes on when the optimiser is about to step (`steps`), which are
kept in bounded memory (`ledger`). A pass counts once a gradient has come back through it, so
evaluation passes stay out however they are run. Judging is left to `rectifier.doctor`.

One file, though long: all that an observer is told of is taken in here.
"""

from __future__ import annotations

import platform
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch import unit_statistics
from rectifier.torch.memory import bare
from rectifier.torch.sites import Layer, Observer, Site, Sleep
from rectifier.watch import processes, ranks, statistics
from rectifier.watch.brief import Held
from rectifier.watch.budget import Budget
from rectifier.watch.cargo import Pass
from rectifier.watch.census import Census
from rectifier.watch.device import Device
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.steps import Steps
from rectifier.watch.terms import terms_of
from rectifier.watch.unseen import quietly, unseen

_WAITING = 64
"""Passes without a gradient that are remembered: a GAN's generator runs a step ahead of its own."""


def _is_relu(site: Site, input: Tensor, output: Tensor) -> bool:
    """Whether a site computes ReLU and nothing else: by what it calls, and by what it gave."""
    return site.function == "relu" and site.assured and torch.equal(output, input.relu())


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
        self._device = Device()
        self._taken = Steps(options or WatchOptions(), self._device)
        self._census = Census()
        self.followed: dict[int, Pass] = {}
        self._loss_name = self._loss_function = ""
        self._loss_source = ""
        self._optimizer = ""
        self._saturation: dict[Site, statistics.Saturation | None] = {}
        self._rectified: dict[Site, bool] = {}
        self._steps = 0
        self._processed = False
        self._processes = 1
        self._latest: weakref.ref[Optimizer] | None = None
        self.notes: list[str] = []

    # What comes in

    def wants_step(self, step: int) -> bool:
        """As the budget decides; with several processes as all of them decide alike."""
        if step < 2:
            self._processes = ranks.together()
        self.brief = self._taken.brief
        wanted = self._budget.wants(step, alone=self._processes == 1)
        if wanted and self._device.catch_up():
            self._budget.caught_up(step)
        return wanted

    def sleeps(self, step: int) -> int:
        """As the budget and the census say."""
        if self._processes > 1 or self._steps == 0:
            return 0
        return min(self._budget.sleeps(step), self._census.sleeps())

    def after_sleep(self, step: int, sleep: Sleep) -> None:
        """Take in what was noted while nobody looked."""
        self._taken.losses.extend(sleep.losses)
        self._census.slept(sleep.backwards, sleep.stepped)
        self._steps = step
        self._budget.slept(len(sleep.stepped), sleep.seconds)
        if self._taken.losses.many():
            self._taken.take_losses()

    @quietly
    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Remember it, to know which weights are trained."""
        self._taken.layers.add_optimizer(optimizer)
        self._census.on_optimizer(optimizer)

    @quietly
    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Take the census of its parameters."""
        self._census.on_model(model, name)

    @quietly
    def on_derivative(self, outputs: Any, inputs: Any) -> None:
        """See whether it is the derivative of a derivative."""
        self._census.on_derivative(outputs, inputs)

    def on_module(self, module: nn.Module) -> None:
        """Whether it came to be before the optimisers matters."""
        self._census.on_module(module)

    @quietly
    def on_loaded(self, module: nn.Module) -> None:
        """Weights that were learnt elsewhere came in."""
        self._census.on_loaded(module)

    @property
    def detailed(self) -> bool:
        """Whether a close look at the step under way takes weights and updates in too."""
        return self._taken.detailed

    def _pass(self) -> Pass:
        token = 0 if self.interception is None else self.interception.token
        found = self.followed.get(token)
        if found is None:
            while len(self.followed) >= _WAITING:
                self.followed.pop(next(iter(self.followed)))
            found = self.followed[token] = Pass(self._steps, whole=self._taken.whole)
        return found

    @unseen
    def on_input(self, model: str, tensor: Tensor) -> None:
        """Measure what enters the model."""
        current = self._pass()
        made = tensor.grad_fn is not None  # by another part of the network: no data
        if self.brief:
            current.held = current.held or (None if made else Held(tensor))
        elif current.inputs is None and (numbers := bare(tensor)) is not None and tensor.numel():
            current.inputs = statistics.extent(numbers)
            current.input_elements, current.input_made = tensor.numel(), made

    @unseen
    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Measure one application of an activation."""
        trained = output.requires_grad
        given, result = bare(input), bare(output)
        if given is None or result is None or not result.numel():
            return
        input, output = given, result
        if site not in self._saturation:
            self._device.meet(output)
            known = site.function == "rrelu" or site.function in statistics.ZERO_BELOW
            self._rectified[site] = _is_relu(site, input, output)
            self._saturation[site] = None if known else statistics.saturation_of(site.apply)
        measured = statistics.forward(
            *(input, output, site.axis_in(output), site.function),
            detailed=self.detailed,
            saturation=self._saturation[site],
            rectified=self._rectified[site],
            sampled=self._taken.clock.maps.keeps(self._taken.close),
        )
        current = self._pass()
        if trained:
            current.listens = True
            current.through.add(site)
        current.forwards.append((site, measured))

    def on_absorbed(self, site: Site) -> None:
        """Drop what was measured of it."""
        current = self._pass()
        current.forwards[:] = [each for each in current.forwards if each[0] is not site]
        current.through.discard(site)

    def on_output(self, site: Site, output: Tensor) -> None:
        """Measure what one application gave, in a step that is looked at briefly."""
        trained, result = output.requires_grad, bare(output)
        if result is None or not result.numel():
            return
        current = self._pass()
        current.listens = current.listens or trained
        axis = site.axis_in(result)
        found = unit_statistics.briefly(result, axis)
        if found is not None:
            current.outputs.append((site, found))
        else:
            current.forwards.append((site, statistics.outputs(result, axis)))

    def on_trained(self, token: int) -> None:
        """The pass is part of the training."""
        found = self.followed.get(token)
        if found is not None:
            found.trained = True

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Remember a layer."""
        self._taken.layers.add(layer)
        self._census.on_layer(layer)

    def on_loss(self, name: str, tensor: Tensor, source: str) -> None:
        """Remember the loss function that ran last."""
        self._loss_name, self._loss_source = name, source
        self._taken.name_loss(name, source)

    def on_backward(self, loss: Tensor) -> None:
        """Keep the loss; it is read at the next observed step where reading means waiting."""
        observed = self.interception is not None and self.interception.observing
        if observed:
            self._trains_without_sites()
            self._taken.terms = terms_of(loss)
        self._loss_function = self._loss_function or self._loss_name
        with torch._C.DisableTorchFunction():
            self._taken.losses.put(self._steps, loss)
        if self._census.wants_loss(loss, observed):
            self._take_census(loss)

    @quietly
    def _take_census(self, loss: Tensor) -> None:
        self._census.on_backward(loss, self._steps, self._loss_source)

    def _trains_without_sites(self) -> None:
        """Where no site hears of gradients the backward pass that follows tells of training.

        A loss that is a module begins a pass of its own: what ran before it in this step counts.
        """
        token = 0 if self.interception is None else self.interception.token
        for number, found in self.followed.items():
            earlier = bool(found.forwards or found.outputs) and found.step == self._steps
            if not found.listens and (number == token or earlier):
                found.trained = True

    @unseen
    def on_gradients(
        self, site: Site, token: int, to_output: Tensor | None, to_input: Tensor | None
    ) -> None:
        """The pass is part of the training: measure what reaches the site and what leaves it."""
        found = self.followed.get(token)
        if found is None:
            return
        found.trained = True
        if site not in found.through:
            return  # absorbed by another one
        found.reached.add(site)
        gradient = to_output if to_input is None else to_input
        axis = site.unit_axis if gradient is None else site.axis_in(gradient)
        count, squares = statistics.gradients(to_input, to_output, axis, detailed=self.detailed)
        if count is not None and to_input is not None:
            found.nonzero.append((site, count, to_input.numel() // max(site.units, 1)))
        if squares is not None:
            scale = None if self.interception is None else self.interception.gradient_scale
            if scale is not None:
                factor = scale.detach()
                if isinstance(squares, Tensor):
                    factor = factor.to(squares)
                squares = squares / factor.square()
            found.squares.append((site, squares))

    def on_input_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """As `on_gradients`, where the two come one by one."""
        self.on_gradients(site, token, None, gradient)

    def on_output_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """As `on_gradients`, where the two come one by one."""
        self.on_gradients(site, token, gradient, None)

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """The passes of this step are over: take them in."""
        if self._taken.copied:  # an update by hand came after its step
            self._taken.moved(step - 1)
        self._steps = step
        if optimizer is not None:
            if self._latest is None or self._latest() is not optimizer:
                self._latest = weakref.ref(optimizer)
                self._taken.layers.add_optimizer(optimizer)
            observed = self.interception is not None and self.interception.observing
            if self._census.wants_step(optimizer, observed):
                self._count(optimizer)
            self._optimizer = self._optimizer or type(optimizer).__name__
        self._processed = False
        if self._is_due():
            self._process(optimizer, step)
        elif self._taken.losses.many():
            self._taken.take_losses()

    @quietly
    def _count(self, optimizer: Optimizer) -> None:
        self._census.before_step(optimizer)

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Take in what a closure did inside the step; see how far the weights moved."""
        if not self._processed and self._is_due():
            self._process(optimizer, step)  # passes inside step(closure)
        if self._processed and self._taken.copied and optimizer is not None:
            self._taken.moved(step)
        self._steps = step + 1
        inside = 0.0 if self.interception is None else self.interception.seconds
        observed = self.interception is not None and self.interception.observing
        self._budget.ended(step, observed, inside, self._device.waited)

    def _is_due(self) -> bool:
        if self.followed and any(p.trained for p in self.followed.values()):
            return True
        if not self._taken.losses:
            return False
        observing = self.interception is not None and self.interception.observing
        return observing and self._taken.losses.of(self._steps)

    # Taking a step in

    @unseen
    def _process(self, optimizer: Optimizer | None, step: int) -> None:
        self._processed = True
        passes, rest = [], {}
        for token, one in self.followed.items():
            if one.trained:
                passes.append(one)
            elif one.step >= step - 1:
                rest[token] = one
        self.followed = rest
        take = self._taken.briefly if self.brief else self._taken.closely
        take(passes, optimizer, step)

    # Several processes

    def come_together(self) -> None:
        """The training is over: bring what other processes saw into the first one's record."""
        if self._processes == 1:
            return
        self._taken.settle()
        share = ranks.Share(
            self._taken.sites.by_name(), self._taken.training, self._taken.index, self._steps
        )
        others, notes = ranks.exchange(share)
        if others:
            notes += ranks.join(share, others)
            notes.append(
                f"Sites and losses are those of {len(others) + 1} processes together; layers and "
                "circumstances those of the first."
            )
        self.notes += notes

    # What comes out

    def record(self, notes: Iterable[str] = ()) -> Record:
        """All that was observed so far.

        Args:
            notes: More sentences that a person should know.
        """
        self._taken.take_losses()
        self._taken.settle()
        start = self._taken.sites.window_start(self._taken.index, self._steps)
        return Record(
            script=self._script,
            optimizer=self._optimizer,
            loss_function=self._loss_function,
            steps=self._steps,
            observed_steps=self._taken.index,
            window_steps=self._taken.index - start,
            overhead=self._budget.overhead(),
            sites=self._taken.sites.records(start),
            layers=self._taken.layers.records(),
            training=self._taken.training.series(),
            circumstances=self._census.circumstances(),
            non_finite=self._taken.trouble.list(),
            notes=(*self.notes, *self._remarks(), *notes),
            environment={
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "system": platform.platform(),
            },
        )

    def _remarks(self) -> list[str]:
        if self._taken.index == 0 and self._steps == 0:
            nothing = "No training step was seen: no optimiser stepped and nothing ran backward"
            return [f"{nothing}{processes.elsewhere()}."]
        if self._taken.index == 0:
            return ["Steps were taken, but no backward pass that belongs to them was seen."]
        if not self._taken.sites:
            return ["No activation was seen in the training passes."]
        if any(
            type(t).__name__ == "DTensor" for layer in self._taken.layers for t in layer.tensors()
        ):
            return [
                "Weights that are split over processes (DTensor) are not measured: norms, "
                "gradients and updates of their layers are not known."
            ]
        return []
