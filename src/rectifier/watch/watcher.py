"""Collects what a training does into a `rectifier.watch.record.Record`.

Layer: watch. A `Watcher` is an observer of the framework's interception. It measures on the device
(`statistics`), brings a step's numbers over at once when the optimiser is about to step, and keeps
them in bounded memory (`ledger`). A pass counts once a gradient has come back through it, so
evaluation passes stay out however they are run. Judging is left to `rectifier.doctor`.

The closing window that "dead" refers to is the last tenth of the observed steps, but at least as many
as bring 2,000 inputs to each site, and at least 10, and at most half of all: a unit that stays silent
for n inputs fires, with 95 % confidence, on less than 3/n of them, so 2,000 put it below 0.15 %.
"""

from __future__ import annotations

import math
import platform
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.sites import Layer, Observer, Site
from rectifier.watch import statistics
from rectifier.watch.budget import Budget
from rectifier.watch.ledger import Clock, Feeding, Observation, SiteLedger
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import NonFinite, Record, SiteRecord
from rectifier.watch.training import LayerLedger, TrainingLedger, TrainingStep

WINDOW_INPUTS = 2000
WINDOW_STEPS = 10
_WAITING = 64
"""Passes without a gradient that are remembered: a GAN's generator runs a step ahead of its own."""


@dataclass
class _Pass:
    """What one forward pass gave, until it is known whether it was part of the training."""

    step: int
    trained: bool = False
    inputs: Tensor | None = None
    input_elements: int = 0
    forwards: list[tuple[Site, statistics.Forward]] = field(default_factory=list)
    nonzero: list[tuple[Site, Tensor, int]] = field(default_factory=list)
    gradient_norms: list[tuple[Site, Tensor]] = field(default_factory=list)


class _Cargo:
    """Tensors to be fetched together; each gets its values back under its number."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._values: list[NDArray[np.float64]] = []

    def put(self, tensor: Tensor) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def fetch(self) -> None:
        self._values = statistics.fetch(self._tensors)

    def get(self, number: int) -> NDArray[np.float64]:
        return self._values[number]


class Watcher(Observer):
    """Watches a training; ask for the `record` when it is over, or at any time.

    Args:
        options: Which steps to observe.
        script: What runs, as the user named it.
    """

    training_only = True

    def __init__(self, options: WatchOptions | None = None, *, script: str = "") -> None:
        self._script = script
        self._budget = Budget(options or WatchOptions())
        self._clock = Clock()
        self._sites: dict[Site, SiteLedger] = {}
        self._layers: dict[Layer, LayerLedger] = {}
        self._training = TrainingLedger()
        self._passes: dict[int, _Pass] = {}
        self._losses: list[tuple[int, Tensor]] = []
        self._loss_name = self._loss_function = ""
        self._loss_source = ""
        self._optimizer = ""
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._saturation: dict[Site, statistics.Saturation | None] = {}
        self._non_finite: dict[str, NonFinite] = {}
        self._before: list[tuple[Tensor, Tensor, int]] = []
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
        self._optimizers.add(optimizer)

    @property
    def _detailed(self) -> bool:
        return self._clock.series.keeps(self._index)

    def _pass(self) -> _Pass:
        token = 0 if self.interception is None else self.interception.token
        found = self._passes.get(token)
        if found is None:
            while len(self._passes) >= _WAITING:
                self._passes.pop(next(iter(self._passes)))
            found = self._passes[token] = _Pass(self._steps)
        return found

    def on_input(self, model: str, tensor: Tensor) -> None:
        """Measure what enters the model."""
        current = self._pass()
        if current.inputs is None and tensor.numel():
            current.inputs = statistics.extent(tensor)
            current.input_elements = tensor.numel()

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Measure one application of an activation."""
        if not output.numel() or type(output) not in (Tensor, nn.Parameter):
            return
        detailed = self._detailed
        if detailed and site not in self._saturation:
            random = site.function in ("rrelu", "relu", "relu6")  # random; known from the counts
            self._saturation[site] = None if random else statistics.saturation_of(site.apply)
        measured = statistics.forward(
            *(input, output, site.unit_axis, site.function),
            detailed=detailed,
            saturation=self._saturation.get(site),
        )
        self._pass().forwards.append((site, measured))

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Remember a layer."""
        if layer not in self._layers:
            self._layers[layer] = LayerLedger(self._clock.series)

    def on_loss(self, name: str, tensor: Tensor, source: str) -> None:
        """Remember the loss function that ran last."""
        self._loss_name, self._loss_source = name, source

    def on_backward(self, loss: Tensor) -> None:
        """Keep the loss; it is read at the next observed step."""
        value = loss.detach()
        value = value.clone() if value.numel() == 1 else value.mean()
        if len(self._losses) < 4096:
            self._losses.append((self._steps, value.reshape(())))
        self._loss_function = self._loss_function or self._loss_name

    def on_input_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """Count the elements through which something flows back."""
        found = self._passes.get(token)
        if found is None:
            return
        found.trained = True
        if gradient is not None:
            count = statistics.nonzero(gradient, site.unit_axis)
            found.nonzero.append((site, count, gradient.numel() // max(site.units, 1)))

    def on_output_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """The pass is part of the training; measure what reaches the site."""
        found = self._passes.get(token)
        if found is None:
            return
        found.trained = True
        if gradient is not None and self._detailed:
            found.gradient_norms.append((site, statistics.norm(gradient)))

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """The passes of this step are over: take them in."""
        self._steps = step
        if optimizer is not None:
            self._optimizers.add(optimizer)
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
        self._moved(step)
        self._steps = step + 1
        inside = 0.0 if self.interception is None else self.interception.seconds
        observed = self.interception is not None and self.interception.observing
        self._budget.ended(observed, inside)

    def _is_due(self) -> bool:
        observing = self.interception is not None and self.interception.observing
        return any(p.trained for p in self._passes.values()) or (
            observing and any(s == self._steps for s, _ in self._losses)
        )

    # Taking a step in

    def _process(self, optimizer: Optimizer | None, step: int) -> None:
        self._processed = True
        detailed = self._detailed
        passes = [p for p in self._passes.values() if p.trained]
        self._passes = {
            token: p for token, p in self._passes.items() if not p.trained and p.step >= step - 1
        }
        parameters = self._parameters(optimizer)
        cargo = _Cargo()
        inputs = [(cargo.put(p.inputs), p.input_elements) for p in passes if p.inputs is not None]
        sites = self._load(cargo, passes)
        with_gradient = [p for p in parameters if _is_plain(p.grad)]
        gradient_norms = cargo.put(
            statistics.norms([p.grad for p in with_gradient if p.grad is not None])
        )
        weights = [w for layer in self._layers for w in _weights(layer)] if detailed else []
        weight_norms = cargo.put(statistics.norms(weights))
        losses = [(s, cargo.put(value)) for s, value in self._losses]
        self._losses.clear()
        cargo.fetch()

        observations = {site: _unload(cargo, parts) for site, parts in sites.items()}
        gradients = dict(
            zip(map(id, with_gradient), cargo.get(gradient_norms).tolist(), strict=True)
        )
        norms = dict(zip(map(id, weights), cargo.get(weight_norms).tolist(), strict=True))
        entry = TrainingStep(step)
        entry.set_input([(cargo.get(number), count) for number, count in inputs])
        entry.learning_rate = _learning_rate(optimizer)
        entry.gradient_norm = _joint(gradients.values())
        by_step: dict[int, list[float]] = {}
        for s, number in losses:
            by_step.setdefault(s, []).append(float(cargo.get(number)))
        self._look_for_non_finite(step, entry, observations, gradients, by_step)
        self._take_losses(by_step)
        self._training.put(entry)
        for site, seen in observations.items():
            self._take_site(site, step, seen, detailed)
        if detailed:
            self._take_layers(step, optimizer, parameters, gradients, norms)
            self._copy_weights(parameters)
        self._index += 1

    def _load(
        self, cargo: _Cargo, passes: Iterable[_Pass]
    ) -> dict[Site, list[tuple[str, int, tuple[int, int]]]]:
        """Put all measurements of the sites on the cargo: what, its number, elements and rows."""
        sites: dict[Site, list[tuple[str, int, tuple[int, int]]]] = {}
        for one in passes:
            for site, seen in one.forwards:
                parts = sites.setdefault(site, [])
                size = (seen.elements, seen.rows)
                parts.append(("active", cargo.put(seen.active), size))
                for name in ("absolute", "moments", "sample"):
                    tensor = getattr(seen, name)
                    if tensor is not None:
                        parts.append((name, cargo.put(tensor), size))
            for site, count, elements in one.nonzero:
                sites.setdefault(site, []).append(("nonzero", cargo.put(count), (elements, 0)))
            for site, value in one.gradient_norms:
                sites.setdefault(site, []).append(("gradient", cargo.put(value), (0, 0)))
        return sites

    def _take_site(self, site: Site, step: int, seen: Observation, detailed: bool) -> None:
        if seen.active is None:
            return
        ledger = self._sites.get(site)
        if ledger is None:
            ledger = self._sites[site] = SiteLedger(site.units, self._clock)
        needed = detailed or ledger.needs_start or ledger.newly_silent(seen.active)
        ledger.add(self._index, step, seen, _feeding(site) if needed else None)

    def _take_losses(self, by_step: dict[int, list[float]]) -> None:
        if self._losses:
            values = statistics.fetch([value for _, value in self._losses])
            for (step, _), value in zip(self._losses, values, strict=True):
                by_step.setdefault(step, []).append(float(value))
            self._losses.clear()
        for step, found in sorted(by_step.items()):
            self._training.put_loss(step, sum(found) / len(found))

    def _take_layers(
        self,
        step: int,
        optimizer: Optimizer | None,
        parameters: list[Tensor],
        gradients: dict[int, float],
        norms: dict[int, float],
    ) -> None:
        held = {id(p) for o in self._optimizers for p in _held(o)}
        stepping = {id(p) for p in parameters}
        for layer, ledger in self._layers.items():
            weights = _weights(layer)
            if not weights:
                continue
            ledger.describe(
                parameters=sum(t.numel() for t in layer.tensors()),
                trainable=any(w.requires_grad for w in weights),
                held=optimizer is None or any(id(w) in held for w in weights),
            )
            if optimizer is not None and not any(id(w) in stepping for w in weights):
                if any(id(w) in held for w in weights):
                    continue  # another optimiser's step
            found = [gradients[id(w)] for w in weights if id(w) in gradients]
            gradient = _joint(found) if found else math.nan
            count = sum(w.numel() for w in weights)
            bad_weight = _joint(norms[id(w)] for w in weights if id(w) in norms)
            ledger.put(
                self._index,
                step,
                weight_norm=bad_weight,
                gradient_norm=gradient,
                gradient_rms=gradient / math.sqrt(max(count, 1)),
                non_finite_gradient=_bad([w.grad for w in weights], gradient),
                non_finite_weight=_bad(weights, bad_weight),
            )

    def _parameters(self, optimizer: Optimizer | None) -> list[Tensor]:
        if optimizer is not None:
            return _held(optimizer)
        tensors = [t for layer in self._layers for t in layer.tensors() if t.requires_grad]
        return list({id(t): t for t in tensors}.values())

    def _copy_weights(self, parameters: list[Tensor]) -> None:
        self._before = [
            (p, statistics.some(p).clone(), p.numel()) for p in parameters if _is_plain(p)
        ]

    def _moved(self, step: int) -> None:
        """How far the optimiser's step moved the weights, from the copies of some of each."""
        before, self._before = self._before, []
        if not before:
            return
        old = [copy for _, copy, _ in before]
        change = [statistics.some(p) - copy for p, copy, _ in before]
        moved, size = statistics.fetch([statistics.norms(change), statistics.norms(old)])
        scale = np.sqrt([count / max(copy.numel(), 1) for _, copy, count in before])
        moved, size = moved * scale, size * scale
        self._training.put_update(step, _ratio(_joint(moved.tolist()), _joint(size.tolist())))
        by_id = {id(p): (m, s) for (p, _, _), m, s in zip(before, moved, size, strict=True)}
        for layer, ledger in self._layers.items():
            pairs = [by_id[id(w)] for w in _weights(layer) if id(w) in by_id]
            if pairs:
                ledger.put_update(
                    step, _ratio(_joint(m for m, _ in pairs), _joint(s for _, s in pairs))
                )

    # NaN and infinity

    def _look_for_non_finite(
        self,
        step: int,
        entry: TrainingStep,
        observations: dict[Site, Observation],
        gradients: dict[int, float],
        losses: dict[int, list[float]],
    ) -> None:
        """Find the first of each kind, in the order in which a pass would spread it."""
        bad_losses = [
            s for s, values in sorted(losses.items()) if not all(map(math.isfinite, values))
        ]
        bad_gradient = any(not math.isfinite(g) for g in gradients.values())
        bad_sites = [s for s, seen in observations.items() if _is_bad(seen)]
        if entry.input_non_finite > 0:
            self._found(step, "input", "input")
        if bad_losses or bad_gradient or bad_sites:
            for layer in self._layers:
                if any(
                    bool(~torch.isfinite(t).all()) for t in layer.tensors() if t.is_floating_point()
                ):
                    self._found(step, "parameter", layer.name)
                    break
        if bad_sites:
            first = min(bad_sites, key=lambda site: site.order)
            self._found(step, "site", first.name, first.source)
        if bad_losses:
            self._found(bad_losses[0], "loss", self._loss_name or "loss", self._loss_source)
        if bad_gradient:
            named = {id(t): layer.name for layer in self._layers for t in layer.tensors()}
            bad = [
                named[key] for key, g in gradients.items() if not math.isfinite(g) and key in named
            ]
            self._found(step, "gradient", bad[-1] if bad else "gradient")

    def _found(self, step: int, where: str, name: str, source: str = "") -> None:
        if where not in self._non_finite:
            self._non_finite[where] = NonFinite(step, where, name, source)

    # What comes out

    def record(self, notes: Iterable[str] = ()) -> Record:
        """All that was observed so far.

        Args:
            notes: More sentences that a person should know.
        """
        by_step: dict[int, list[float]] = {}
        self._take_losses(by_step)
        for step, values in sorted(by_step.items()):
            if not all(map(math.isfinite, values)):
                self._found(step, "loss", self._loss_name or "loss", self._loss_source)
        window = self._window()
        start = self._clock.window.start(self._index, window)
        order = {"input": 0, "parameter": 1, "site": 2, "loss": 3, "gradient": 4}
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
            layers=tuple(
                ledger.record(layer.name, layer.kind, layer.model, layer.order)
                for layer, ledger in sorted(self._layers.items(), key=lambda item: item[0].order)
            ),
            training=self._training.series(),
            non_finite=tuple(
                sorted(self._non_finite.values(), key=lambda n: (n.step, order[n.where]))
            ),
            notes=(*self.notes, *self._remarks(), *notes),
            environment={
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "system": platform.platform(),
            },
        )

    def _window(self) -> int:
        """How many observed steps the closing window has; the module's text says why."""
        total = self._index
        slowest = min(
            (ledger.rows_per_step for ledger in self._sites.values() if ledger.rows_per_step),
            default=1.0,
        )
        wanted = max(math.ceil(total / 10), math.ceil(WINDOW_INPUTS / slowest), WINDOW_STEPS)
        return max(1, min(wanted, total // 2)) if total > 1 else total

    def _remarks(self) -> list[str]:
        if self._index == 0 and self._steps == 0:
            return ["No training step was seen: no optimiser stepped and nothing ran backward."]
        if not self._sites and self._index:
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
            unit=ledger.statistics(start, _feeding(site)),
        )


def _unload(cargo: _Cargo, parts: list[tuple[str, int, tuple[int, int]]]) -> Observation:
    """Sum the measurements of one site over its applications in a step."""
    seen = Observation()
    for name, number, (elements, rows) in parts:
        values = cargo.get(number)
        if name == "active":
            counts = values.astype(np.int64)
            seen.active = counts if seen.active is None else seen.active + counts
            seen.elements += elements
            seen.rows += rows
        elif name == "nonzero":
            counts = values.astype(np.int64)
            seen.nonzero = counts if seen.nonzero is None else seen.nonzero + counts
            seen.gradient_elements += elements
        elif name == "gradient":
            square = float(values) ** 2
            known = 0.0 if math.isnan(seen.gradient_squares) else seen.gradient_squares
            seen.gradient_squares = known + square
        elif name == "absolute":
            seen.absolute = values if seen.absolute is None else seen.absolute + values
        elif name == "moments":
            squared = values.copy()
            squared[[1, 3]] **= 2
            seen.moments = squared if seen.moments is None else seen.moments + squared
        else:
            seen.sample = values
    return seen


def _is_bad(seen: Observation) -> bool:
    return seen.moments is not None and (seen.moments[6] > 0 or seen.moments[7] > 0)


def _feeding(site: Site) -> Feeding | None:
    """Bias and weight norm per unit of the layer that feeds a site, as they are now."""
    layer = site.feeding
    if layer is None:
        return None
    unknown = np.full(site.units, np.nan)
    tensors: list[Tensor] = []
    weight, bias = layer.weight(), layer.bias()
    norm_at = bias_at = -1
    if weight is not None and _is_plain(weight) and weight.dim() > 0:
        transposed = layer.transposed or layer.kind in ("matmul", "mm", "addmm", "rmatmul")
        norm_at = len(tensors)
        tensors.append(statistics.unit_norms(weight, transposed=transposed))
    if bias is not None and _is_plain(bias):
        bias_at = len(tensors)
        tensors.append(bias)
    values = statistics.fetch(tensors)
    return Feeding(
        bias=_per_unit(values[bias_at], site.units) if bias_at >= 0 else unknown,
        norm=_per_unit(values[norm_at], site.units) if norm_at >= 0 else unknown,
    )


def _per_unit(values: NDArray[np.float64], units: int) -> NDArray[np.float64]:
    """Spread values over units: a flattened feature map has several units a channel."""
    if values.ndim == 1 and values.size == units:
        return values.copy()
    if values.ndim == 1 and values.size and units % values.size == 0:
        return np.repeat(values, units // values.size)
    return np.full(units, np.nan)


def _weights(layer: Layer) -> list[Tensor]:
    """The weight of a layer; all its matrices where it has no single one."""
    weight = layer.weight()
    if weight is not None:
        return [weight] if _is_plain(weight) else []
    return [t for t in layer.tensors() if t.dim() > 1 and _is_plain(t)]


def _held(optimizer: Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _is_plain(tensor: Tensor | None) -> bool:
    """Whether a tensor is an ordinary dense one that statistics can be taken of."""
    return (
        tensor is not None
        and type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout is torch.strided
        and tensor.is_floating_point()
        and tensor.device.type != "meta"
    )


def _learning_rate(optimizer: Optimizer | None) -> float:
    if optimizer is None:
        return math.nan
    rates = [group["lr"] for group in optimizer.param_groups if "lr" in group]
    return max((float(rate) for rate in rates), default=math.nan)


def _joint(norms: Iterable[float]) -> float:
    """The norm of several parts together; NaN of none."""
    squares = [float(norm) ** 2 for norm in norms]
    return math.sqrt(sum(squares)) if squares else math.nan


def _ratio(change: float, size: float) -> float:
    return change / size if size > 0 else math.nan


def _bad(tensors: Iterable[Tensor | None], norm: float) -> float:
    """How many elements are NaN or infinite; looked at only where the norm says that some are."""
    if math.isfinite(norm) or (math.isnan(norm) and not any(_is_plain(t) for t in tensors)):
        return 0.0
    return float(sum(int((~torch.isfinite(t)).sum()) for t in tensors if t is not None))
