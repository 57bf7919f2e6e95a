"""What the policies have in common: they step with the optimiser, and they find the layers.

For `rectifier.policies`.
"""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor.remedies.recycle_units import reader_of, recycle
from rectifier.errors import InvalidInputError
from rectifier.torch.sites import Interception, Observer, Site


class Policy(Observer):
    """Sees a model's training from when it is made until it is closed.

    Args:
        model: The model.
        optimizer: Whose steps count, and whose memory of recycled units is cleared.

    Raises:
        InvalidInputError: They are no module and no optimiser.
    """

    training_only = True

    def __init__(self, model: nn.Module, optimizer: Optimizer) -> None:
        if not isinstance(model, nn.Module) or not isinstance(optimizer, Optimizer):
            raise InvalidInputError(
                "expected a torch.nn.Module and an Optimizer, got "
                f"{type(model).__name__} and {type(optimizer).__name__}"
            )
        self.model = model
        self.optimizer = optimizer
        self._open = True
        self._alone: set[str] = set()
        self._interception = Interception([self], [model], optimizers=[optimizer])
        self._interception.__enter__()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left alone or could not be seen, and why."""
        alone = [
            f"{name}: left alone, the layers around it cannot be told"
            for name in sorted(self._alone)
        ]
        return (*alone, *self._interception.notes)

    def close(self) -> None:
        """Stop, and leave nothing behind; no harm where it is closed."""
        if self._open:
            self._open = False
            self._interception.__exit__()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Act; a failure is a warning, since an observer must not stop the training."""
        try:
            self.act(step)
        except Exception as error:
            warnings.warn(
                f"{type(self).__name__} stopped at step {step}: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            raise

    def act(self, step: int) -> None:
        """A step of the optimiser has ended."""
        raise NotImplementedError

    def layers(self, site: Site) -> tuple[nn.Module, nn.Module] | None:
        """The layer that feeds a site and the one that alone reads it; None where not told."""
        feeding = site.layer_module()
        reader = None if feeding is None else reader_of(self.model, feeding)
        if feeding is None or reader is None:
            self._alone.add(site.name)
            return None
        return feeding, reader

    def recycle(self, site: Site, chosen: Tensor) -> bool:
        """Give chosen units of a site new incoming weights and no outgoing ones.

        Args:
            site: The site.
            chosen: Which units, boolean, shape (units,).

        Returns:
            Whether it was done.
        """
        found = self.layers(site)
        if found is None:
            return False
        weight = found[0].weight
        device = weight.device if isinstance(weight, Tensor) else chosen.device
        done = recycle(*found, chosen.to(device), self.optimizer)
        if not done:
            self._alone.add(site.name)
        return done


def checked_count(name: str, value: int) -> int:
    """A whole number from 1.

    Raises:
        InvalidInputError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{name} is a whole number from 1, got {value!r}")
    return value


def columns_of(weight: Tensor, units: int) -> Tensor:
    """The outgoing weights of each unit, summed over what they multiply in one output.

    Args:
        weight: Of the layer that reads the units, shape (outputs, inputs, …); several inputs for a
            unit where a feature map was flattened.
        units: How many units.

    Returns:
        Shape (outputs, units).
    """
    flat = weight.detach().flatten(2).sum(-1) if weight.dim() > 2 else weight.detach()
    return flat.reshape(flat.shape[0], units, -1).sum(-1)


def magnitude_of(weight: Tensor, units: int) -> Tensor:
    """Sum of the magnitudes of each unit's outgoing weights, shape (units,)."""
    return torch.stack([columns_of(weight.abs(), units)]).sum((0, 1))
