"""Takes in the steps that were observed: what was measured on the device becomes rows of a record.

Layer: watch. `rectifier.watch.watcher` measures while a step runs and hands its passes on when the
optimiser is about to step. A step that is looked at closely brings all its numbers over at once; of
one that is looked at briefly only outputs are known, and several wait to be added up together.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.optim import Optimizer

from rectifier.torch.sites import Site
from rectifier.watch import statistics
from rectifier.watch.brief import Glance, Schedule
from rectifier.watch.cargo import Cargo, Pass, load, outputs, unload
from rectifier.watch.device import Device
from rectifier.watch.layers import Layers
from rectifier.watch.ledger import Clock, Observation
from rectifier.watch.options import WatchOptions
from rectifier.watch.site_ledgers import SiteLedgers
from rectifier.watch.training import TrainingLedger, TrainingStep
from rectifier.watch.trouble import Trouble
from rectifier.watch.unseen import quietly
from rectifier.watch.waiting import Waiting
from rectifier.watch.weights import Medians, is_plain, joint, learning_rate

_DEFERRED = 8
"""Brief steps whose counts wait to be added up together."""


class Steps:
    """The steps observed so far.

    Args:
        options: Which of them are looked at closely.
        device: Does its work behind the program.

    Attributes:
        clock: What is kept of how many steps; ``sites``, ``layers``, ``training`` and ``trouble``
            keep it.
        losses: Those that wait to be read.
        index: How many steps were observed; ``close``: how many of them closely.
        whole: Whether the gradients of every site came back so far.
        alarm: Whether something was NaN or infinite: from then on every look is a close one.
        copied: Whether the weights were noted, to see how far the step moves them.
        terms: Of how many terms the latest loss that was looked at is the sum.
    """

    def __init__(self, options: WatchOptions, device: Device) -> None:
        self.clock = Clock()
        self.sites = SiteLedgers(self.clock)
        self.layers = Layers(self.clock.details)
        self.training = TrainingLedger()
        self.trouble = Trouble()
        self.losses = Waiting()
        self.index = self.close = 0
        self.whole = True
        self.alarm = self.copied = False
        self.terms = math.nan
        self._device = device
        self._schedule = Schedule(options)
        self._glance = Glance()
        self._deferred: list[tuple[int, int, list[Pass]]] = []
        self._moving: list[Tensor] = []
        self._loss = ("", "")

    @property
    def brief(self) -> bool:
        """Whether a brief look at the next step is enough."""
        return not (self.alarm or self._schedule.close(self.index))

    @property
    def detailed(self) -> bool:
        """Whether a close look at the step under way takes weights and updates in too."""
        return self.alarm or self.clock.details.keeps(self.close)

    def name_loss(self, name: str, source: str) -> None:
        """The loss function that ran last, and where it was called."""
        self._loss = name, source

    @quietly
    def closely(self, passes: list[Pass], optimizer: Optimizer | None, step: int) -> None:
        """Take a step in that every site was measured in."""
        self.settle()
        parameters = self.layers.parameters(optimizer)
        self.whole = self.whole and all(p.through == p.reached for p in passes)
        detailed = self.detailed
        cargo = Cargo()
        inputs = [(cargo.put(p.inputs), p) for p in passes if p.inputs is not None]
        sites = load(cargo, passes)
        with_gradient = [(p, p.grad) for p in parameters if is_plain(p.grad)]
        found = [g for _, g in with_gradient if g is not None]
        gradient_norms = cargo.put(statistics.norms(found, some=not detailed))
        weight_norms = cargo.put(self.layers.before(parameters)) if detailed else -1
        asked = {site: Medians(site, cargo.put) for site in sites} if detailed else {}
        self._device.catch_up()
        cargo.fetch()

        observations = {site: unload(cargo, parts) for site, parts in sites.items()}
        trained = (id(p) for p, _ in with_gradient)
        gradients = dict(zip(trained, cargo.get(gradient_norms).tolist(), strict=True))
        entry = TrainingStep(step)
        entry.set_input([(cargo.get(number), p.input_elements) for number, p in inputs])
        if any(p.input_made for _, p in inputs):  # what overflowed on its way is not the data's
            data = [number for number, p in inputs if not p.input_made]
            entry.input_non_finite = sum(float(cargo.get(number)[3]) for number in data)
        entry.learning_rate = learning_rate(optimizer)
        entry.gradient_norm = joint(gradients.values())
        entry.loss_terms, self.terms = self.terms, math.nan
        self.take_losses()
        self.trouble.look(
            step,
            suspicious=self.alarm,
            input_count=entry.input_non_finite,
            observations=observations,
            layers=self.layers,
            gradients=gradients,
        )
        self.training.put(entry)
        for site, seen in observations.items():
            told = asked[site].told(cargo.get) if detailed else None
            self.sites.take(site, self.index, step, seen, self.close, told)
        if detailed:
            sizes = cargo.get(weight_norms).tolist()
            norms = dict(zip(self.layers.followed, sizes, strict=True))
            self.layers.take(self.close, step, optimizer, parameters, gradients, norms)
            self._moving, self.copied = parameters, True
        self._schedule.work = sum(s.elements * site.units for site, s in observations.items())
        self.close += 1
        self.index += 1

    def briefly(self, passes: list[Pass], optimizer: Optimizer | None, step: int) -> None:
        """Take a step in of which the outputs of sites are known."""
        parameters = self.layers.parameters(optimizer)
        told = self.sites.told_by(passes, self.index)
        if told == 2 or self.losses.bad or self._glance.bad(parameters):
            self._look_for_trouble(passes, outputs(passes), parameters, step)
        if self.losses.bad or self.losses.many():
            self.take_losses()
        self._deferred.append((self.index, step, passes))
        self.index += 1
        if told or len(self._deferred) >= _DEFERRED:
            self.settle()

    @quietly
    def moved(self, step: int) -> None:
        """The weights that were noted have been changed: see how far."""
        moving, self._moving, self.copied = self._moving, [], False
        self.training.put_update(step, self.layers.after(step, moving))

    @quietly
    def settle(self) -> None:
        """Take in the brief steps that wait, all at once."""
        deferred, self._deferred = self._deferred, []
        for index, step, passes in deferred:
            for site, seen in outputs(passes).items():
                self.sites.take(site, index, step, seen, self.close)

    def take_losses(self) -> None:
        """Read the losses that wait."""
        by_step = self.losses.take()
        for step, found in sorted(by_step.items()):
            mean = sum(found) / len(found)
            self.training.put_loss(step, mean)
            self.alarm = self.alarm or not math.isfinite(mean)
        self.trouble.look_at_losses(by_step, *self._loss)

    @quietly
    def _look_for_trouble(
        self,
        passes: list[Pass],
        observations: dict[Site, Observation],
        parameters: list[Tensor],
        step: int,
    ) -> None:
        """Something is NaN or infinite in a step that was looked at briefly: look closely."""
        tensors = [None if p.held is None else p.held.get() for p in passes]
        extents = [statistics.extent(t) for t in tensors if t is not None]
        with_gradient = [(id(p), p.grad) for p in parameters if is_plain(p.grad)]
        norms = statistics.norms([g for _, g in with_gradient if g is not None]).tolist()
        self.trouble.look(
            step,
            suspicious=True,
            input_count=sum(float(extent[3]) for extent in extents),
            observations=observations,
            layers=self.layers,
            gradients=dict(zip((key for key, _ in with_gradient), norms, strict=True)),
        )
