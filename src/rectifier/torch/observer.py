"""Sites, and the observers that are told of them.

Part of the torch front end's interception; `rectifier.torch.sites` is its public face. Here is only
what the two sides share; `rectifier.torch.interception` calls, `rectifier.watch` and the remedies
listen.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.feeding import Layer

if TYPE_CHECKING:
    from rectifier.torch.interception import Interception


def is_at_hand(tensor: Tensor) -> bool:
    """Whether reading a tensor means no waiting for a device."""
    return tensor.is_cpu


@dataclass(slots=True)
class Sleep:
    """What is noted of steps that no observer wants to be told of one by one.

    Attributes:
        left: Steps until all are asked again; 0: nobody sleeps.
        losses: Step and value of each loss, a number where reading it means no waiting.
        stepped: The ``id`` of the optimiser of each step.
        backwards: Backward passes.
        timed, clocked: How many notes had their time taken, and how long they took together.
    """

    left: int = 0
    losses: list[tuple[int, Tensor | float]] = field(default_factory=list)
    stepped: list[int] = field(default_factory=list)
    backwards: int = 0
    timed: int = 0
    clocked: float = 0.0

    @property
    def seconds(self) -> float:
        """What noting cost: as much for each note as for those whose time was taken."""
        notes = self.backwards + len(self.stepped)
        return self.clocked * notes / self.timed if self.timed else 0.0


@dataclass(frozen=True, eq=False)
class Site:
    """A place where the program applies an activation; one object per place, throughout a run.

    Attributes:
        name: Stable name: the module path of an activation module, or ``<module path>.<function>``
            for a functional call (``<function>`` in the root module); ``:2``, ``:3`` … where the
            name recurs.
        function: The activation's catalog name where it has one, else the callee's name.
        source: ``file.py:line`` of the user's code; empty where unknown.
        model: Name of the root module; empty for code outside any module.
        units: Number of units.
        unit_axis: Dimension that units lie on, counted from 0, where the site was first met.
        order: Place in the forward pass, from 0.
        feeding: The layer whose output reaches the site, if known.
        assured: Whether the function is known from what was called, not from a class's name.
        apply: The function that the site computes, on another tensor of that kind, not in place.
        written: Whether it is a formula between two layers: seen, but nothing can stand in for it.
    """

    name: str
    function: str
    source: str
    model: str
    units: int
    unit_axis: int
    order: int
    feeding: Layer | None = None
    assured: bool = True
    apply: Callable[[Tensor], Tensor] | None = field(default=None, repr=False)
    written: bool = field(default=False, repr=False)
    _module: weakref.ref[nn.Module] | None = field(default=None, repr=False)
    _dims: int = field(default=0, repr=False)

    def axis_in(self, tensor: Tensor) -> int:
        """Dimension that units lie on in a tensor met here: one state, a batch, or sequences.

        Args:
            tensor: What entered the site or left it, of any number of dimensions.

        Returns:
            The dimension, from 0: as far from the end as where the site was first met.
        """
        dims = tensor.dim()
        if dims == self._dims or not self._dims:
            return self.unit_axis
        axis = self.unit_axis + dims - self._dims
        fits = 0 <= axis < dims and tensor.shape[axis] == self.units
        return axis if fits else self.unit_axis

    @property
    def layer(self) -> str:
        """Name of the feeding layer; the site's own name where none is known."""
        return self.name if self.feeding is None else self.feeding.name

    @property
    def layer_kind(self) -> str:
        """Class name of the feeding layer; empty where none is known."""
        return "" if self.feeding is None else self.feeding.kind

    @property
    def fan_in(self) -> int:
        """Inputs of one unit of the feeding layer; 0 where unknown."""
        return 0 if self.feeding is None else self.feeding.fan_in

    def layer_module(self) -> nn.Module | None:
        """The feeding layer's module, while it lives; None where there is none."""
        return None if self.feeding is None else self.feeding.module()

    def module(self) -> nn.Module | None:
        """The activation module of the site; None for a functional call."""
        return None if self._module is None else self._module()

    def renew(self, module: nn.Module) -> None:
        """Take another activation module: the model was copied, and goes on in the copy."""
        object.__setattr__(self, "_module", weakref.ref(module))


class Observer:
    """Told of what a program does; every method may be left as it is.

    `on_module`, `on_model`, `on_optimizer`, `on_loaded`, `on_backward`, `on_derivative`,
    `before_step` and `after_step` come for every step; the others only for steps that `wants_step`
    asked for. What an observer raises detaches it and becomes a note; it never reaches the user's
    program.
    """

    training_only: bool = False
    """True: sites, layers, inputs and losses only of passes that record gradients."""

    brief: bool = False
    """True: in the step under way `on_output` and `on_trained` instead of `on_site` and what comes
    of gradients; set it in `wants_step`."""

    followed: dict[int, Any] | None = None
    """By token the passes that this observer follows. Where a step's only observer has one for the
    pass under way, compiled hooks may call neither `on_output` nor `on_trained` but append the site
    and `rectifier.torch.unit_statistics.Output` to its list ``outputs``, and set its ``listens``
    where a gradient can come back, and ``trained`` where one has; where it is ``whole``, they need
    not look further than the first site that one can come back to."""

    interception: Interception | None = None
    """Set while the observer is attached."""

    def wants_step(self, step: int) -> bool:
        """Whether the forward and backward pass before this call of ``step`` shall be seen."""
        return True

    def sleeps(self, step: int) -> int:
        """For how many steps from this one on, unwanted as it is, not to be called at all.

        `after_sleep` then comes in place of `on_backward`, `before_step` and `after_step`.
        """
        return 0

    def after_sleep(self, step: int, sleep: Sleep) -> None:
        """The steps before ``step`` have passed."""

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Before the first training forward of a root module with parameters."""

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Right after an optimiser is constructed, before a scheduler can be."""

    def on_input(self, model: str, tensor: Tensor) -> None:
        """The first floating-point tensor that enters a root module in this pass."""

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """A site has run. ``input`` is as it was before, also where the site overwrites it."""

    def on_absorbed(self, site: Site) -> None:
        """What was told of a site in this pass is void: it is a part of another one."""

    def on_output(self, site: Site, output: Tensor) -> None:
        """A site has run; what it was applied to may be overwritten already."""

    def on_trained(self, token: int) -> None:
        """A gradient has come back to a site, for a pass that this observer saw."""

    def on_layer(self, layer: Layer, output: Any) -> None:
        """A layer with weights has run."""

    def on_loss(self, name: str, tensor: Tensor, source: str) -> None:
        """A loss function of torch has run."""

    def on_backward(self, loss: Tensor) -> None:
        """``backward`` is about to run on ``loss``."""

    def on_derivative(self, outputs: Any, inputs: Any) -> None:
        """A gradient of ``outputs`` by ``inputs`` was asked for, to be differentiated again."""

    def on_functional_gradients(self, gradients: Sequence[Tensor]) -> None:
        """``torch.func`` is about to return these gradients; they may be changed in place."""

    def on_module(self, module: nn.Module) -> None:
        """A module is being constructed."""

    def on_loaded(self, module: nn.Module) -> None:
        """A state is being loaded into a module."""

    def on_gradients(
        self, site: Site, token: int, to_output: Tensor | None, to_input: Tensor | None
    ) -> None:
        """What flows back into a site and out of it, where both are known at once."""
        self.on_output_gradient(site, token, to_output)
        self.on_input_gradient(site, token, to_input)

    def on_input_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """What flows back out of a site, for a pass that this observer saw (see ``token``)."""

    def on_output_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """What flows back into a site."""

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """An optimiser is about to step; None: the program updates its weights by hand."""

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """An optimiser has stepped."""

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """What the site shall compute instead; None: leave it. Asked in evaluation passes too."""
        return None

    def computes(self, site: Site) -> str:
        """What `replace` makes a site compute, where it does not call the site's own function."""
        return str(getattr(self, "name", ""))
