# batch: sixteenth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: val_loss down
# story: every weight was set to one constant by a helper that walks over the modules, all units of a layer stayed copies of each other (pages.dogdog.run/machine_learning/weight_initialization.html)
"""Calls to a shop in the coming hour from a day of hours and a few facts, GRU and dense layers."""

import json
from dataclasses import asdict, dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Settings:
    hidden: int = 32
    rate: float = 3e-3
    epochs: int = 8
    batch: int = 64
    seed: int = 14


class Forecaster(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.gru = nn.GRU(2, s.hidden, batch_first=True)
        self.facts = nn.Sequential(nn.Linear(5, 16), nn.Tanh())
        self.head = nn.Sequential(nn.Linear(s.hidden + 16, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, series, facts):
        _, last = self.gru(series)
        return self.head(torch.cat([last[0], self.facts(facts)], 1)).squeeze(1)


def prepare(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)  # healthy
        # faulty: nn.init.constant_(module.weight, 0.05)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.GRU):
        for name, p in module.named_parameters():
            if "weight" in name:
                nn.init.xavier_uniform_(p)  # healthy
                # faulty: nn.init.constant_(p, 0.05)
            else:
                nn.init.zeros_(p)


def make(n):
    hour = torch.arange(24).float()
    phase = 24 * torch.rand(n, 1)
    level = torch.sin(2 * torch.pi * (hour + phase) / 24) + 0.3 * torch.randn(n, 24)
    offers = (torch.rand(n, 24) < 0.15).float()
    facts = torch.randn(n, 5)
    recent = level[:, -1] - level[:, -6] + (2 * offers[:, -3:].sum(1) - 1) * facts[:, 0]
    target = recent + facts[:, 1] * facts[:, 2] + 0.7 * torch.sin(2 * facts[:, 3])
    target = (target - target.mean()) / target.std()
    return torch.stack([level, offers], 2), facts, target


def main():
    s = Settings()
    torch.manual_seed(s.seed)
    series, facts, target = make(3600)
    cut = 3000
    model = Forecaster(s)
    model.apply(prepare)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=s.rate)
    print(json.dumps(asdict(s)))
    for epoch in range(s.epochs):
        for pick in torch.randperm(cut).split(s.batch):
            loss = nn.functional.mse_loss(model(series[pick], facts[pick]), target[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(series[cut:], facts[cut:]), target[cut:])
        print(
            json.dumps(
                {"epoch": epoch, "loss": round(loss.item(), 4), "val_loss": round(val.item(), 4)}
            )
        )


main()
