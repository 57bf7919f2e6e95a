"""A decoder on the characters of Python's own library. Layer: training."""

from __future__ import annotations

import argparse
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rectifier import models
from rectifier.activation import Activation
from rectifier.training.job import Job, device_of

LENGTH = 48


def characters() -> tuple[Tensor, Tensor, int]:
    """Text to train on and other text to test on, as numbers, and how many characters there are."""
    texts = [inspect.getsource(module) for module in (argparse, textwrap)]
    known = {letter: place for place, letter in enumerate(sorted(set("".join(texts))))}
    train, test = (torch.tensor([known[letter] for letter in text]) for text in texts)
    return train, test, len(known)


def windows(text: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Stretches of text and, for each character, the one that follows."""
    starts = torch.randint(len(text) - LENGTH - 1, (count, 1), generator=generator)
    rows = text[starts + torch.arange(LENGTH + 1)]
    return rows[:, :-1], rows[:, 1:]


def predict(
    model: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """A decoder that foretells characters; scored by bits a character on other text."""
    place = device_of(device)
    train, test, count = characters()
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    network = models.get(model)(
        (LENGTH,),
        count,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)

    def gradients(generator: torch.Generator) -> float:
        network.train()
        x, y = (part.to(place) for part in windows(train, batch, generator))
        loss = cross_entropy(network(x).flatten(0, 1), y.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def evaluate() -> dict[str, float]:
        network.eval()
        drawn = windows(test, 64, torch.Generator().manual_seed(0))
        x, y = (part.to(place) for part in drawn)
        with torch.no_grad():
            loss = cross_entropy(network(x).flatten(0, 1), y.flatten()).item()
        return {"bits a character": loss / 0.6931471805599453}

    return Job(network, gradients, evaluate, optimizer="adamw", rate=3e-3, steps=300)
