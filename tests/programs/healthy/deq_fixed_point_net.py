# metric: mse down
"""Deq fixed point."""

import torch
from torch import nn

torch.manual_seed(0)
W = nn.utils.parametrizations.spectral_norm(nn.Linear(24, 24, bias=False))
U = nn.Linear(3, 24)
O = nn.Linear(24, 1)
opt = torch.optim.Adam([*W.parameters(), *U.parameters(), *O.parameters()], 3e-3)
for i in range(150):
    x = torch.randn(64, 3)
    y = x[:, :1] * x[:, 1:2]
    z = torch.zeros(64, 24)
    with torch.no_grad():
        for _ in range(8):
            z = torch.tanh(0.8 * W(z) + U(x))
    z = torch.tanh(0.8 * W(z) + U(x))
    l = nn.functional.mse_loss(O(z), y)
    opt.zero_grad()
    l.backward()
    opt.step()
print("mse", l.item())
