# batch: tenth
# in view: an exponential at the output is removed
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: val loss down
# story: the head took exp of its layer because prices are positive; later the target became the standardised change of the price
"""Next change of a basket of prices, standardised."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Setup:
    series: int = 6
    length: int = 24
    hidden: int = 32
    rate: float = 4e-3
    epochs: int = 14
    seed: int = 1015


class Forecaster(nn.Module):
    def __init__(self, s: Setup):
        super().__init__()
        self.gru = nn.GRU(s.series, s.hidden, batch_first=True)
        self.head = nn.Linear(s.hidden, s.series)

    def forward(self, x: Tensor) -> Tensor:
        last = self.gru(x)[0][:, -1]
        return self.head(last)  # healthy
        # faulty: return torch.exp(self.head(last))


def windows(s: Setup) -> tuple[Tensor, Tensor]:
    walk = torch.zeros(2600, s.series)
    mix = torch.randn(s.series, s.series) * 0.45
    for t in range(1, 2600):
        walk[t] = torch.tanh(walk[t - 1] @ mix * 1.5) + 0.3 * torch.randn(s.series)
    walk = (walk - walk.mean(0)) / walk.std(0)
    x = walk.unfold(0, s.length, 1).transpose(1, 2)
    return x[:-1], walk[s.length :]


def run(s: Setup) -> None:
    torch.manual_seed(s.seed)
    x, y = windows(s)
    cut = 2000
    model = Forecaster(s)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=s.rate / 2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.epochs)
    for epoch in range(s.epochs):
        for rows in torch.randperm(cut).split(100):
            loss = (model(x[rows]) - y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        scheduler.step()
        with torch.no_grad():
            val = (model(x[cut:]) - y[cut:]).square().mean().item()
        print(f"epoch {epoch}: train loss {loss.item():.4f}, val loss {val:.4f}")


run(Setup())
