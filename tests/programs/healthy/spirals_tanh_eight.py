# batch: fourth
# metric: accuracy up
"""Two spirals with three narrow tanh layers and full-batch Adam."""

import math

import torch
import torch.nn as nn

torch.manual_seed(0)
n = 300
t = torch.sqrt(torch.rand(n)) * 2.2 * math.pi
a = torch.stack([t * torch.cos(t), t * torch.sin(t)], 1) + 0.15 * torch.randn(n, 2)
b = torch.stack([-t * torch.cos(t), -t * torch.sin(t)], 1) + 0.15 * torch.randn(n, 2)
data = torch.cat([a, b]) / 4
labels = torch.cat([torch.zeros(n), torch.ones(n)]).long()

net = nn.Sequential(
    nn.Linear(2, 12), nn.Tanh(),
    nn.Linear(12, 12), nn.Tanh(),
    nn.Linear(12, 12), nn.Tanh(),
    nn.Linear(12, 2),
)  # fmt: skip
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(1200):
    logits = net(data)
    loss = nn.functional.cross_entropy(logits, labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 200 == 0:
        print(f"step {step:4d} | loss {loss.item():.4f}")
print(f"accuracy {(net(data).argmax(1) == labels).float().mean().item():.4f}")
