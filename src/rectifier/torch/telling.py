"""Tells observers of applied activations, and of the gradients that come back through them.

Part of the torch front end's interception (`rectifier.torch.sites`). An activation outside any
module may be part of a network written with bare tensors, or of a loss (``F.relu(1 - margin)``). It
is told of once its output enters a layer with weights, and from then on at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from rectifier.torch import between, forms
from rectifier.torch.boundary import Boundary
from rectifier.torch.observer import Observer, Site

_PENDING = "rectifier_pending"


@dataclass(slots=True)
class Application:
    """One application of an activation under way.

    Attributes:
        site: Where.
        original: The tensor that it is applied to. ``input``: the same, or a copy of its values
            where it is about to be overwritten.
        observers: Who is told.
        apply: The function, on another tensor.
        inplace: Whether ``original`` is overwritten.
        node, number: Where ``original`` comes from in autograd's graph.
        before: A differentiable copy of ``original``, kept where the call overwrites it before an
            observer is asked what to put in its place.
        output: The result, once it is there.
    """

    site: Site
    original: Tensor
    input: Tensor
    observers: tuple[Observer, ...]
    apply: Callable[[Tensor], Tensor]
    inplace: bool
    node: Any
    number: int
    before: Tensor | None = None
    output: Tensor | None = None

    @classmethod
    def of(
        cls, site: Site, form: forms.Form, observers: tuple[Observer, ...], *, replaceable: bool
    ) -> Self:
        """Before the call runs."""
        tensor = form.input
        copied = form.inplace and not all(o.brief for o in observers)
        kept = tensor.detach().clone() if copied else tensor
        node = tensor.grad_fn
        number = tensor.output_nr if node is not None else 0
        before = tensor.clone() if form.inplace and replaceable else None
        return cls(site, tensor, kept, observers, form.apply, form.inplace, node, number, before)


class Telling:
    """Hands applications on to the observers.

    Args:
        boundary: Holds them.

    Attributes:
        pending: By name the activations that wait to be confirmed.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._confirmed: set[str] = set()
        self.pending: dict[str, tuple[Application, int]] = {}

    def forget(self) -> None:
        """Drop what waits to be confirmed."""
        self.pending.clear()

    def replaced(
        self, application: Application, variant: Callable[[Site, str], Site]
    ) -> Tensor | None:
        """What an observer puts in place of the result; None if none does.

        The application then holds what was really computed: another input where the observer gave
        the site's own function one, a site of another function where it used its own.
        """
        given: list[Tensor] = []

        def apply(tensor: Tensor) -> Tensor:
            given.append(tensor)
            return application.apply(tensor)

        for observer in self._boundary.replacers:
            tensor = application.original if application.before is None else application.before
            site = application.site
            with torch._C._EnableTorchFunction():  # what is put in place is the program's own
                result = self._boundary.notify(observer, "replace", site, tensor, apply)
            if not isinstance(result, Tensor):
                continue
            if len(given) == 1:
                application.input = application.original = given[0]
                application.node, application.number = given[0].grad_fn, given[0].output_nr
            else:
                application.site = variant(site, observer.computes(site))
            return result
        return None

    def finish(
        self,
        application: Application,
        output: Any,
        variant: Callable[[Site, str], Site],
        token: int,
    ) -> Tensor | None:
        """What was opened has run: have its result replaced, if somebody wants to, and tell of it.

        Returns:
            What takes the result's place; None if it stays.
        """
        if not isinstance(output, Tensor):
            return None
        replaced = self.replaced(application, variant)
        self.close(application, output if replaced is None else replaced, token)
        return replaced

    def close(self, application: Application, output: Tensor, token: int) -> None:
        """The activation has run: tell of it, now or once it turns out to be inside a network."""
        if not application.observers:
            return
        application.output = output
        site = application.site
        between.mark(output, site)
        if site.model or site.name in self._confirmed:
            self._tell(application, token)
        elif output.grad_fn is not None:
            output.grad_fn.metadata[_PENDING] = site.name  # type: ignore[index]
            self.pending[site.name] = (application, token)

    def confirm(self, args: Any) -> None:
        """What enters a layer with weights came through activations that are hidden ones."""
        if not self.pending:
            return
        for tensor in args:
            if isinstance(tensor, Tensor) and tensor.grad_fn is not None:
                for name in _marked(tensor):
                    waiting = self.pending.pop(name, None)
                    if waiting is not None:
                        self._confirmed.add(name)
                        self._tell(*waiting)

    def _tell(self, application: Application, token: int) -> None:
        output = application.output
        if output is None or output.shape != application.input.shape:
            return
        site = application.site
        for observer in application.observers:
            if observer.brief:
                self._boundary.notify(observer, "on_output", site, output)
            else:
                self._boundary.notify(observer, "on_site", site, application.input, output)
        if not output.requires_grad:
            return
        brief = [o for o in application.observers if o.brief]
        if brief:
            self._hear(output, token, brief)
        listening = [o for o in application.observers if not o.brief and _listens(o)]
        if listening:
            self._listen(application, output, token, listening)

    def tell_briefly(self, site: Site, output: Tensor, token: int) -> None:
        """A site has run in a step in which all observers look briefly."""
        observers = [*self._boundary.live]
        for observer in observers:
            self._boundary.notify(observer, "on_output", site, output)
        if output.requires_grad:
            self._hear(output, token, observers)

    def _hear(self, output: Tensor, token: int, observers: list[Observer]) -> None:
        """Have it told that a gradient comes back to a site.

        Before its node runs: what comes after it makes autograd keep both gradients until then.
        """
        boundary = self._boundary

        def before_node(gradients: Any) -> None:
            for observer in observers:
                if observer in boundary.observers:
                    boundary.notify(observer, "on_trained", token)

        if output.grad_fn is None:
            output.register_hook(before_node)  # type: ignore[no-untyped-call]
        else:
            output.grad_fn.register_prehook(before_node)

    def _listen(
        self, application: Application, output: Tensor, token: int, observers: list[Observer]
    ) -> None:
        """Have the gradients into and out of a site told when the backward pass reaches it."""
        boundary, site, node = self._boundary, application.site, output.grad_fn

        def tell(method: str, *gradients: Tensor | None) -> None:
            for observer in observers:
                if any(o is observer for o in boundary.observers):
                    boundary.notify(observer, method, site, token, *gradients)

        edges = () if node is None else node.next_functions
        source = (application.node, application.number)
        edge = next((i for i, e in enumerate(edges) if e[0] is not None and e == source), None)
        if node is not None and edge is not None:

            def at_node(inputs: Any, outputs: Any) -> None:
                boundary.guard(tell, "on_gradients", outputs[0], inputs[edge])

            node.register_hook(at_node)
            return

        def at_output(gradient: Tensor) -> None:
            boundary.guard(tell, "on_output_gradient", gradient)

        def at_input(gradient: Tensor) -> None:
            boundary.guard(tell, "on_input_gradient", gradient)

        output.register_hook(at_output)  # type: ignore[no-untyped-call]
        if application.original.requires_grad and not application.inplace:
            application.original.register_hook(at_input)  # type: ignore[no-untyped-call]
        elif application.node is not None and not application.inplace:
            number = application.number
            application.node.register_prehook(lambda gradients: at_input(gradients[number]))


def _listens(observer: Observer) -> bool:
    kind = type(observer)
    return (
        kind.on_input_gradient is not Observer.on_input_gradient
        or kind.on_output_gradient is not Observer.on_output_gradient
        or kind.on_gradients is not Observer.on_gradients
    )


def _marked(tensor: Tensor) -> Iterator[str]:
    """Names of the pending sites whose output reaches a tensor without passing through weights."""
    level: list[Any] = [tensor.grad_fn]
    for _ in range(8):
        following: list[Any] = []
        for node in level:
            name = node.metadata.get(_PENDING)
            if name is not None:
                yield name
            else:
                following.extend(up for up, _ in node.next_functions if up is not None)
        level = following[:16]
