# batch: seventh
# metric: accuracy up
"""A deep equilibrium layer: damped iteration without gradient, then one step with it."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


class DEQ(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.w = spectral_norm(nn.Linear(d, d, bias=False))
        self.u = nn.Linear(64, d)

    def f(self, z, inj):
        return torch.tanh(0.9 * self.w(z) + inj)

    def forward(self, x):
        inj = self.u(x)
        with torch.no_grad():
            z = torch.zeros_like(inj)
            for _ in range(20):
                new = self.f(z, inj)
                done = (new - z).abs().max() < 1e-3
                z = 0.5 * z + 0.5 * new
                if done:
                    break
        for _ in range(3):
            z = self.f(z, inj)
        return z


torch.manual_seed(1)
d = load_digits()
X, y = torch.tensor(d.data / 16).float(), torch.tensor(d.target)
model = nn.Sequential(DEQ(64), nn.Linear(64, 10))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(7):
    model.train()
    for i in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(model(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
