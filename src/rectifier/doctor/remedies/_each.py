"""``remove_output_activation`` of a softmax: a sigmoid a class in its place, or nothing.

Layer: doctor's remedies. Classes that may hold at once do not share one whole (``each``), and other
numbers than shares want a linear output (``regression``). The softmax is known
by what it is given, the output of the last layer, so that one inside the network stays; what the
model returns changes, in evaluation too.
"""

from __future__ import annotations

from typing import Any

import torch

from rectifier.doctor.remedies import program_line
from rectifier.doctor.remedies._rewriting import Following, keyword, tensor


class SigmoidEach(Following):
    """Takes the sigmoid of what the last layer gave; of numbers that are no shares nothing."""

    names = frozenset({"softmax"})

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A sigmoid, or what it is given, if this is the output."""
        del name
        given = tensor(keyword(args, kwargs, 0, "input"))
        if given is None or given is not self.given():
            return func(*args, **kwargs)
        place = ["softmax", *program_line()]
        if place not in self.met.setdefault("places", []):
            self.met["places"].append(place)
        if self.remedy.settings.get("regression"):
            self.say(f"softmax removed behind {self.layer}")
            return given * 1.0
        self.say(f"sigmoid in place of softmax behind {self.layer}")
        return torch.sigmoid(given)
