# batch: eleventh
# metric: test mape down
"""Prices from ten to ten thousand, raw; each window is normalised inside the model (RevIN) and put back."""

import torch
from torch import nn

torch.manual_seed(1144)


class RevIN(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def normalise(self, x):
        self.mean = x.mean(1, keepdim=True).detach()
        self.std = (x.var(1, keepdim=True, unbiased=False) + 1e-5).sqrt().detach()
        return (x - self.mean) / self.std * self.scale + self.shift

    def restore(self, y):
        return (y - self.shift) / (self.scale + 1e-8) * self.std + self.mean


class PatchForecaster(nn.Module):
    def __init__(self, length=64, horizon=8, patch=8, dim=48):
        super().__init__()
        self.patch, self.revin = patch, RevIN()
        self.embed = nn.Linear(patch, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(length // patch, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 96, 0.1, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(dim * (length // patch), horizon)

    def forward(self, x):
        z = self.revin.normalise(x)
        z = self.embed(z.unfold(1, self.patch, self.patch)) + self.pos
        return self.revin.restore(self.head(self.encoder(z).flatten(1)))


def shares(n):
    level = 10 ** (1 + 3 * torch.rand(n, 1))
    t = torch.arange(72.0)
    season = torch.sin(6.28 * t / 12 + 6.28 * torch.rand(n, 1)) * 0.1
    drift = torch.linspace(0, 1, 72) * 0.3 * torch.randn(n, 1)
    return level * (1 + season + drift + 0.01 * torch.randn(n, 72)).clamp(min=0.1)


model = PatchForecaster()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
test = shares(300)
for step in range(1, 401):
    model.train()
    s = shares(48)
    loss = ((model(s[:, :64]) - s[:, 64:]) / s[:, :64].mean(1, keepdim=True)).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 40 == 0:
        model.eval()
        with torch.no_grad():
            mape = ((model(test[:, :64]) - test[:, 64:]) / test[:, 64:]).abs().mean().item()
        print(f"step {step} loss {loss.item():.4f} test mape {mape:.5f}")
