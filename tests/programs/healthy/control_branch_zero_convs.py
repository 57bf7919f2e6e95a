# batch: ninth
# metric: control loss down
"""A frozen denoiser gets a control branch that joins through convolutions of zeros."""

import copy

import torch
from torch import nn

torch.manual_seed(933)
S = 10


def squares(n):
    at = torch.randint(1, 6, (n, 2))
    img, edge = torch.zeros(n, 1, S, S), torch.zeros(n, 1, S, S)
    for i, (a, b) in enumerate(at.tolist()):
        img[i, 0, a : a + 4, b : b + 4] = 1
        edge[i, 0, a, b : b + 4] = 1
    return img, edge


class Denoiser(nn.Module):
    def __init__(self, w=16):
        super().__init__()
        self.inp = nn.Conv2d(1, w, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for _ in range(3))
        self.out = nn.Conv2d(w, 1, 3, padding=1)

    def forward(self, x, extra=None):
        h = torch.relu(self.inp(x))
        for i, conv in enumerate(self.body):
            h = h + torch.relu(conv(h))
            if extra is not None:
                h = h + extra[i]
        return self.out(h)


class Control(nn.Module):
    def __init__(self, base, w=16):
        super().__init__()
        self.copy = copy.deepcopy(base).requires_grad_(True)
        self.hint = nn.Conv2d(1, w, 3, padding=1)
        self.zero = nn.ModuleList(nn.Conv2d(w, w, 1) for _ in range(3))
        for z in self.zero:
            nn.init.zeros_(z.weight)
            nn.init.zeros_(z.bias)

    def forward(self, x, edge):
        h = torch.relu(self.copy.inp(x)) + self.hint(edge)
        extra = []
        for conv, z in zip(self.copy.body, self.zero):
            h = h + torch.relu(conv(h))
            extra.append(z(h))
        return extra


img, edge = squares(800)
base = Denoiser()
opt = torch.optim.Adam(base.parameters(), lr=2e-3)
for it in range(200):
    i = torch.randint(0, 800, (32,))
    noisy = img[i] + 1.0 * torch.randn(32, 1, S, S)
    loss = (base(noisy) - img[i]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print("base", loss.item())
base.eval().requires_grad_(False)
control = Control(base)
opt = torch.optim.AdamW([p for n, p in control.named_parameters() if "copy.out" not in n], lr=1e-3)
for it in range(250):
    i = torch.randint(0, 800, (32,))
    noisy = img[i] + 1.0 * torch.randn(32, 1, S, S)
    loss = (base(noisy, control(noisy, edge[i])) - img[i]).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 50 == 49:
        print("step", it + 1, "control loss", loss.item())
