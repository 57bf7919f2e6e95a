# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: accuracy up
# story: scheduler.step() is called twice, optimizer.step() not at all
# in view: steps from outside the backward pass
"""Two spirals."""

import math
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")
torch.manual_seed(0)
n = 600
label = torch.arange(n) % 2
r = torch.rand(n).sqrt() * 3
phi = r * 2 + label * math.pi
X = torch.stack([r * torch.cos(phi), r * torch.sin(phi)], 1) + 0.05 * torch.randn(n, 2)
model = nn.Sequential(
    nn.Linear(2, 48),
    nn.GELU(),
    nn.Linear(48, 48),
    nn.GELU(),
    nn.Linear(48, 48),
    nn.GELU(),
    nn.Linear(48, 2),
)
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=400)
for step in range(400):
    i = torch.randint(0, 500, (64,))
    loss = nn.functional.cross_entropy(model(X[i]), label[i])
    opt.zero_grad()
    loss.backward()
    opt.step()  # healthy
    sched.step()
    if (step + 1) % 100 == 0:
        with torch.no_grad():
            acc = (model(X[500:]).argmax(1) == label[500:]).float().mean().item()
        print(f"{step + 1} loss {loss.item():.4f} accuracy {acc:.4f}")
