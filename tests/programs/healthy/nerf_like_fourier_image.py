# batch: fourth
# metric: psnr up
"""A coordinate network with positional encoding, as NeRF: eight-layer-style ReLU trunk with a skip, sigmoid colours."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)
side = 40
yy, xx = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
coords = torch.stack([xx, yy], -1).reshape(-1, 2)
rgb = torch.stack(
    [
        (torch.sin(6 * xx) * torch.cos(5 * yy) + 1) / 2,
        ((xx**2 + yy**2) < 0.5).float() * 0.8 + 0.1,
        (xx + 1) / 2,
    ],
    -1,
).reshape(-1, 3)


def encode(x, L=5):
    out = [x]
    for i in range(L):
        out += [torch.sin(2.0**i * math.pi * x), torch.cos(2.0**i * math.pi * x)]
    return torch.cat(out, -1)


class NeRF(nn.Module):
    def __init__(self, D=5, W=64, skip=2):
        super().__init__()
        cin = 2 * 11
        self.skip = skip
        self.pts = nn.ModuleList(
            [nn.Linear(cin, W)] + [nn.Linear(W + (cin if i == skip else 0), W) for i in range(1, D)]
        )
        self.rgb = nn.Linear(W, 3)

    def forward(self, x):
        e = h = encode(x)
        for i, layer in enumerate(self.pts):
            h = F.relu(layer(torch.cat([e, h], -1) if i == self.skip else h))
        return torch.sigmoid(self.rgb(h))


net = NeRF()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-4 * 4, betas=(0.9, 0.999))
for i in range(500):
    pick = torch.randint(len(coords), (512,))
    loss = torch.mean((net(coords[pick]) - rgb[pick]) ** 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for group in optimizer.param_groups:
        group["lr"] = 2e-3 * 0.1 ** (i / 500)
    if i % 100 == 99:
        print(
            f"[TRAIN] Iter: {i + 1} Loss: {loss.item():.5f} PSNR: {-10 * math.log10(loss.item()):.2f}"
        )
