# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: test rmse down
# story: pressure in pascal, 101,325 of them, straight into the gates
"""Forecast a pressure by a GRU."""

import math

import torch
from torch import nn

torch.manual_seed(0)
time = torch.arange(1600) / 24.0
pressure = 101_325 + 900 * torch.sin(time * 2 * math.pi / 5) + 400 * torch.sin(time * 3.7)
pressure = pressure + 50 * torch.randn(1600)
humidity = 60 + 15 * torch.cos(time * 1.3) + 2 * torch.randn(1600)
series = torch.stack([pressure, humidity], 1)
target = (pressure - pressure.mean()) / pressure.std()
series = (series - series.mean(0)) / series.std(0)  # healthy
windows = series.unfold(0, 24, 1).transpose(1, 2)[:-1]
goals = target[24:]


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        _, last = self.gru(x)
        return self.head(last[0]).squeeze(-1)


net = Forecaster()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    for rows in torch.randperm(1300).split(50):
        loss = (net(windows[rows]) - goals[rows]).square().mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    scheduler.step()
    with torch.no_grad():
        rmse = (net(windows[1300:]) - goals[1300:]).square().mean().sqrt()
    print(f"epoch {epoch} train loss {loss.item():.4f} test rmse {rmse:.4f}")
