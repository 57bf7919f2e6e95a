"""Runs a model on a sample, leaving its modes as they were; what fails is said in one sentence.

Layer: torch front end, below `rectifier.torch.followers` and `rectifier.torch.unit_variance`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor, nn

from rectifier.errors import InvalidInputError, RectifierError


@contextlib.contextmanager
def running(model: nn.Module, sample: Any) -> Iterator[Callable[[], None]]:
    """Give a function that runs a model on a sample, in evaluation mode.

    Args:
        model: The model; its modules' modes are as before afterwards.
        sample: One input, or a tuple of the positional arguments.

    Raises:
        InvalidInputError: The model does not run on the sample.
    """
    arguments = sample if isinstance(sample, tuple) else (sample,)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()

    def run() -> None:
        try:
            model(*arguments)
        except RectifierError:
            raise
        except Exception as error:
            reason = str(error).strip().splitlines() or [""]
            raise InvalidInputError(
                f"sample= must be an input that {type(model).__name__} runs on, or a tuple of its "
                f"positional arguments; got {', '.join(map(_described, arguments)) or '()'}, and "
                f"the model stopped with {type(error).__name__}: {reason[0]}"
            ) from error

    try:
        yield run
    finally:
        for module, training in modes:
            module.training = training


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        return f"a {kind} tensor of shape {tuple(value.shape)}"
    return f"{type(value).__name__}"
