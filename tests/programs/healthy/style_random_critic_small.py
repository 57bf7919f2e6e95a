# metric: loss down
"""Style random critic."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()
)
gen = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())

X = torch.tensor(load_digits().images / 16).float()[:, None]
enc = nn.Sequential(nn.Flatten(), nn.Linear(64, 8))
opt = torch.optim.Adam([*gen.parameters(), *enc.parameters()], 3e-3)
for i in range(150):
    x = X[torch.randint(0, 1797, (32,))]
    r = gen(enc(x)).view(-1, 1, 8, 8)
    l = (critic(r) - critic(x)).abs().mean()
    opt.zero_grad()
    l.backward()
    opt.step()
print("loss", l.item())
