"""A decoder on the characters of Python's own library. Layer: training."""

from __future__ import annotations

import argparse
import inspect
import math
import textwrap
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rectifier import data, models
from rectifier.activation import Activation
from rectifier.training.job import Job, device_of

LENGTH = 48
TESTED = 128
"""Pieces of ``char_lm`` that are tested on."""


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


def library(seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], int]:
    """The task ``char_lm``: pieces to train on and to test on, and how many characters there are.

    Each is a pair of pieces and, for each of their characters, the one that follows.
    """
    found = data.get("char_lm").load(seed)
    train, test = (
        (torch.from_numpy(x), torch.from_numpy(y))
        for x, y in (
            (found.train_x, found.train_y),
            (found.test_x[:TESTED], found.test_y[:TESTED]),
        )
    )
    return train, test, found.classes


def predict(
    model: str,
    task: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """A decoder that foretells characters; scored by bits a character on other text.

    Args:
        model: Name of the network.
        task: ``text``, two modules of Python's library, or ``char_lm``.
        activation: Name or definition; None: the network's published one.
        init: Name of a scheme; None: the network's own.
        seed: Of the weights; with ``char_lm`` also of what is trained and tested on.
        batch: Pieces a step.
        sizes: The network's own arguments.
        device: Where it is trained.
    """
    place = device_of(device)
    if task == "char_lm":
        pieces, tested, count = library(seed)
        length = pieces[0].shape[1]

        def draw(generator: torch.Generator) -> tuple[Tensor, Tensor]:
            rows = torch.randint(len(pieces[0]), (batch,), generator=generator)
            return pieces[0][rows], pieces[1][rows]
    else:
        train, test, count = characters()
        length = LENGTH
        tested = windows(test, 64, torch.Generator().manual_seed(0))

        def draw(generator: torch.Generator) -> tuple[Tensor, Tensor]:
            return windows(train, batch, generator)

    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    network = models.get(model)(
        (length,),
        count,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)

    def gradients(generator: torch.Generator) -> float:
        network.train()
        x, y = (part.to(place) for part in draw(generator))
        loss = cross_entropy(network(x).flatten(0, 1), y.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def evaluate() -> dict[str, float]:
        network.eval()
        lost, seen = 0.0, 0
        with torch.no_grad():
            for x, y in zip(*(torch.split(part, 64) for part in tested), strict=True):
                outputs = network(x.to(place)).flatten(0, 1)
                lost += cross_entropy(outputs, y.to(place).flatten(), reduction="sum").item()
                seen += y.numel()
        return {"bits a character": lost / seen / math.log(2)}

    return Job(network, gradients, evaluate, optimizer="adamw", rate=3e-3, steps=300)
