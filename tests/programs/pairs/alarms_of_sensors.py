# batch: twelfth
# in view: a comparison with a parameter passes the gradient of a sigmoid
# rules: frozen_parameters
# remedies: swap_activation add_to_optimizer
# metric: test r2 up
# story: thresholds were to be learned, but a comparison passes no gradient to them (discuss.pytorch.org/t/if-a-parameter-is-trainable-in-the-following-case/149907)
"""The damage done by twelve sensors' readings above limits that nobody wrote down."""

import torch
from torch import nn

torch.manual_seed(1214)
SENSORS = 12
limits = torch.empty(SENSORS).uniform_(-1.2, 1.2)
harm = torch.empty(SENSORS).uniform_(0.5, 2) * torch.randn(SENSORS).sign()


def readings(n):
    x = torch.randn(n, SENSORS)
    y = (harm * (x > limits)).sum(1) + 0.1 * torch.randn(n)
    return x, (y - 1) / 3


class Limits(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(n))

    def forward(self, x):
        above = torch.sigmoid(8 * (x - self.threshold))  # healthy
        # faulty: above = (x > self.threshold).float()
        return above


model = nn.Sequential(Limits(SENSORS), nn.Linear(SENSORS, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
tx, ty = readings(2000)
for step in range(1, 801):
    x, y = readings(128)
    loss = nn.functional.mse_loss(model(x).squeeze(1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            r2 = 1 - (model(tx).squeeze(1) - ty).pow(2).mean() / ty.var()
        print(f"step {step}: loss {loss.item():.4f}, test r2 {r2.item():.4f}")
