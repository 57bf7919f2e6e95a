# batch: thirteenth
# metric: new accuracy up
"""Adapters that begin from the largest singular directions; what is left of each weight is frozen."""

import torch
from torch import nn
from torch.nn import functional as F


class Principal(nn.Module):
    def __init__(self, linear, rank):
        super().__init__()
        u, s, v = torch.linalg.svd(linear.weight.data, full_matrices=False)
        root = s[:rank].sqrt()
        self.b, self.a = nn.Parameter(u[:, :rank] * root), nn.Parameter(root[:, None] * v[:rank])
        self.register_buffer("rest", linear.weight.data - self.b.data @ self.a.data)
        self.register_buffer("bias", linear.bias.data.clone())

    def forward(self, x):
        return F.linear(x, self.rest, self.bias) + F.linear(F.linear(x, self.a), self.b)


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(24, 64), nn.Linear(64, 64), nn.Linear(64, 5)

    def forward(self, x):
        return self.three(F.silu(self.two(F.silu(self.one(x)))))


def sample(n, kind):
    x = torch.randn(n, 24)
    return x, (torch.sin(x @ first[kind]) @ second).argmax(1)


torch.manual_seed(1334)
first = [torch.randn(24, 12) / 3]
first.append(first[0] + 0.2 * torch.randn(24, 12))
second = torch.randn(12, 5)
model = Mixer()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(1, 701):
    if step == 401:
        model.requires_grad_(False)
        model.one, model.two = Principal(model.one, 8), Principal(model.two, 8)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    x, y = sample(128, int(step > 400))
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        x, y = sample(2000, 1)
        with torch.no_grad():
            print(
                f"step {step} loss {loss.item():.4f} new accuracy {(model(x).argmax(1) == y).float().mean().item():.4f}"
            )
