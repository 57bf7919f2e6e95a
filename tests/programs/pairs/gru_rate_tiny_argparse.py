# batch: eighth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: mse down
# story: --lr 1e-6 was left in the launch script from an experiment on fine-tuning
# in view: steps of the size of their rate are raised to what is usual
"""Forecast a chaotic series with a GRU."""

import argparse

import torch
from torch import nn

p = argparse.ArgumentParser()
p.add_argument("--hidden", type=int, default=32)
p.add_argument("--lr", type=float, default=5e-3)  # healthy
# faulty: p.add_argument("--lr", type=float, default=1e-6)
p.add_argument("--steps", type=int, default=220)
cfg = p.parse_args()
torch.manual_seed(815)
s = [0.3]
for _ in range(3000):
    s.append(3.9 * s[-1] * (1 - s[-1]))
series = (torch.tensor(s) - 0.6) / 0.29


class Forecaster(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[0]).squeeze(-1)


net = Forecaster(cfg.hidden)
optimizer = torch.optim.Adam(net.parameters(), lr=cfg.lr)
for step in range(cfg.steps):
    at = torch.randint(0, 2950, (32,))
    window = torch.stack([series[i : i + 21] for i in at])
    loss = nn.functional.mse_loss(net(window[:, :-1, None]), window[:, 1:])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 44 == 43:
        print("step", step + 1, "mse", loss.item())
