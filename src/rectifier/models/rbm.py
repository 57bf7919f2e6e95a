"""A restricted Boltzmann machine whose hidden units are noisy rectified units.

Layer: models. Visible units are Gaussian with unit variance, so data should be scaled to it. A
hidden unit takes max(0, x + N(0, σ(x))), which stands for infinitely many copies of a binary unit
with the same weights and shifted biases, whose expected number of active ones is softplus(x).
Without hidden biases its features are intensity equivariant: a data point times k > 0 gives
features times k, up to noise. Training is by contrastive divergence.

Source: Nair and Hinton (2010), "Rectified Linear Units Improve Restricted Boltzmann Machines".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.errors import InvalidInputError
from rectifier.models._parts import Shape, drawing, features, initialize, samples
from rectifier.models._sizes import checked

UNITS = ("nrelu", "binary")


class RBM(nn.Module):
    """Weights and biases, with sampling and one step of contrastive divergence.

    Attributes:
        weight: (hidden, visible). ``visible_bias``, ``hidden_bias``: the latter None if left out.
        kind: ``nrelu`` (noisy rectified) or ``binary``.
    """

    def __init__(self, visible: int, hidden: int, kind: str, *, hidden_bias: bool) -> None:
        super().__init__()
        self.kind = kind
        self.weight = nn.Parameter(0.01 * torch.randn(hidden, visible))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden)) if hidden_bias else None

    def _into(self, visible: Tensor) -> Tensor:
        data = samples(visible, self.weight.shape[1:])
        return nn.functional.linear(data, self.weight, self.hidden_bias)

    def forward(self, visible: Tensor) -> Tensor:
        """Features without noise, (samples, hidden): max(0, x), or the probability of a one."""
        into = self._into(visible)
        return into.relu() if self.kind == "nrelu" else into.sigmoid()

    def sample(self, visible: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Noisy states of the hidden units, (samples, hidden)."""
        into = self._into(visible)
        chance = into.sigmoid()
        if self.kind == "binary":
            drawn = torch.rand(into.shape, generator=generator, device=into.device)
            return (drawn < chance).to(into.dtype)
        noise = torch.randn(into.shape, generator=generator, device=into.device)
        return (into + noise * chance.sqrt()).relu()

    def reconstruct(self, hidden: Tensor) -> Tensor:
        """Means of the visible units, (samples, visible)."""
        return hidden @ self.weight + self.visible_bias

    def free_energy(self, visible: Tensor) -> Tensor:
        """Energy of data once the hidden units are summed over, (samples,), up to a constant.

        ½ |v - b|² - Σ ½ max(0, x)² for rectified units and ½ |v - b|² - Σ softplus(x) for binary
        ones: its gradient with respect to the weights is minus the features times the data.
        """
        data = visible.flatten(1)
        into = self._into(data)
        if self.kind == "nrelu":
            hidden = into.relu().square().sum(dim=1) / 2
        else:
            hidden = nn.functional.softplus(into).sum(dim=1)
        return (data - self.visible_bias).square().sum(dim=1) / 2 - hidden

    def contrast(
        self, visible: Tensor, generator: torch.Generator | None = None, *, steps: int = 1
    ) -> float:
        """Write the negative gradient of contrastive divergence into ``grad``.

        Args:
            visible: Data, (samples, …).
            generator: Where random numbers come from; default torch's global one.
            steps: Of Gibbs sampling, CD-k.

        Returns:
            The mean square error of the first reconstruction, a number to watch, not a likelihood.
        """
        data = visible.flatten(1)
        error, model = 0.0, data
        with torch.no_grad():
            hidden = self.sample(data, generator)
            for step in range(steps):
                model = self.reconstruct(hidden)
                error = float((model - data).square().mean()) if step == 0 else error
                if step + 1 < steps:
                    hidden = self.sample(model, generator)
        self.zero_grad()
        loss = (self.free_energy(data) - self.free_energy(model)).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return error


@checked
def build(
    inputs: Shape = 784,
    classes: int = 500,
    *,
    activation: str = "nrelu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    hidden_bias: bool = True,
) -> RBM:
    """The machine with fresh weights and biases of 0, float32.

    Args:
        inputs: Shape of a data point.
        classes: Number of hidden units.
        activation: ``nrelu`` or ``binary``.
        init: Name of a scheme for the weights; None: the published N(0, 0.01²).
        generator: Source of the initial weights; default torch's global one.
        hidden_bias: False: features are intensity equivariant.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: There is no such unit, or the scheme looks at data.

    Example:
        >>> build(64, 20)(torch.zeros(3, 64)).shape
        torch.Size([3, 20])
    """
    if activation not in UNITS:
        raise InvalidInputError(
            f"the hidden units of rbm are {' or '.join(UNITS)}, since they are sampled; "
            f"{activation!r} came"
        )
    with drawing(generator):
        machine = RBM(features(inputs), classes, activation, hidden_bias=hidden_bias)
        if init is not None:
            # Schemes are for layers: one in the machine's place, with another after it.
            layer = nn.Linear(features(inputs), classes)
            follows = "relu" if activation == "nrelu" else "sigmoid"
            initialize(nn.Sequential(layer, nn.Linear(classes, 1)), init, follows)
            with torch.no_grad():
                machine.weight.copy_(layer.weight)
    return machine
