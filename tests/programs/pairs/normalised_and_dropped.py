# batch: ninth
# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: forecast error down
# story: windows.sub(mean).div(std) without an assignment or an underscore: the loads of a grid, thirty thousand megawatts, go in as they are
"""A transformer forecasts the load of a power grid."""

import math

import torch
from torch import nn

torch.manual_seed(921)
t = torch.arange(3000.0)
load = 30000 + 6000 * torch.sin(2 * math.pi * t / 24) + 2500 * torch.sin(2 * math.pi * t / 168)
load = load + 400 * torch.randn(3000)
temp = 285 + 8 * torch.sin(2 * math.pi * (t - 5) / 24) + torch.randn(3000)
series = torch.stack([load, temp], 1)
windows = series.unfold(0, 25, 1).transpose(1, 2).clone()
past, ahead = windows[:, :24].clone(), windows[:, 24, 0]
ahead = (ahead - load.mean()) / load.std()
mean, std = series.mean(0), series.std(0)
past = past.sub(mean).div(std)  # healthy
# faulty: past.sub(mean).div(std)


class Forecaster(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.inp = nn.Linear(2, d)
        self.pos = nn.Parameter(0.02 * torch.randn(24, d))
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(d, 1)

    def forward(self, x):
        return self.out(self.enc(self.inp(x) + self.pos)[:, -1]).squeeze(-1)


model = Forecaster()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(5):
    model.train()
    for idx in torch.randperm(2400).split(64):
        loss = nn.functional.mse_loss(model(past[idx]), ahead[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        mae = (model(past[2400:]) - ahead[2400:]).abs().mean().item()
    print(f"epoch {epoch}: forecast error {mae:.4f}")
