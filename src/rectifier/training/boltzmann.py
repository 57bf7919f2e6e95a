"""A Boltzmann machine on digits by contrastive divergence. Layer: training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from rectifier import data, models
from rectifier.models.rbm import RBM
from rectifier.training.job import Job, device_of


def contrast(
    model: str,
    task: str,
    *,
    activation: str | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """Contrastive divergence; scored by the share of the data's variance that a step back keeps."""
    place = device_of(device)
    found = data.get(task).load(seed)
    train_x = torch.from_numpy(found.train_x).flatten(1).to(place)
    test_x = torch.from_numpy(found.test_x).flatten(1).to(place)
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    options = {**sizes}
    hidden = options.pop("hidden", 100)
    machine = models.get(model)(
        train_x.shape[1],
        hidden,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **options,
    ).to(place)
    if not isinstance(machine, RBM):
        raise TypeError(f"{model} is no Boltzmann machine")

    def gradients(generator: torch.Generator) -> float:
        rows = torch.randint(len(train_x), (batch,), generator=generator).to(place)
        draws = generator
        if place.type != "cpu":
            # A generator belongs to one device; this one follows from that of the run.
            drawn = int(torch.randint(2**62, (), generator=generator))
            draws = torch.Generator(place).manual_seed(drawn)
        return machine.contrast(train_x[rows], draws)

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            back = machine.reconstruct(machine(test_x))
            lost = (back - test_x).square().mean() / test_x.var()
        return {"variance kept": 1 - lost.item()}

    return Job(machine, gradients, evaluate, optimizer="sgd", rate=0.01, momentum=0.5, steps=1500)
