# batch: eighth
# metric: p50 loss down
"""Gated residual networks (ELU, GLU, layer norm) over a sales series, quantiles 0.1, 0.5, 0.9."""

import torch
from torch import nn

torch.manual_seed(874)
t = torch.arange(4000.0)
y = torch.sin(t * 0.26) + 0.5 * torch.sin(t * 0.9) + 0.2 * torch.randn(4000)
Q = torch.tensor([0.1, 0.5, 0.9])


class GRN(nn.Module):
    def __init__(self, i, w):
        super().__init__()
        self.a, self.b, self.gate = nn.Linear(i, w), nn.Linear(w, w), nn.Linear(w, 2 * w)
        self.skip = nn.Linear(i, w) if i != w else nn.Identity()
        self.norm = nn.LayerNorm(w)

    def forward(self, x):
        h = self.b(nn.functional.elu(self.a(x)))
        return self.norm(self.skip(x) + nn.functional.glu(self.gate(h), -1))


model = nn.Sequential(GRN(24, 32), GRN(32, 32), GRN(32, 32), nn.Linear(32, 3))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)


def pinball(p, y):
    e = y[:, None] - p
    return torch.maximum(Q * e, (Q - 1) * e).mean(0)


for step in range(500):
    i = torch.randint(0, 3400, (64,))
    x = torch.stack([y[k : k + 24] for k in i])
    loss = pinball(model(x), y[i + 24]).sum()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    opt.step()
    if step % 100 == 99:
        with torch.no_grad():
            i = torch.arange(3500, 3970)
            x = torch.stack([y[k : k + 24] for k in i])
            print("step", step + 1, "p50 loss", pinball(model(x), y[i + 24])[1].item())
