# batch: sixth
# metric: relative error down
"""Fourier neural operator: initial temperature to the temperature after a while (complex weights)."""

import torch
from torch import nn

torch.manual_seed(64)
N = 48


def pairs(n):
    k = torch.arange(1, 7.0)
    x = torch.linspace(0, 6.2832, N + 1)[:-1]
    a, b = torch.randn(n, 6, 1), torch.randn(n, 6, 1)
    waves = k.view(1, -1, 1) * x
    u0 = (a * waves.sin() + b * waves.cos()).sum(1)
    decay = torch.exp(-0.1 * k**2).view(1, -1, 1)
    u1 = (decay * (a * waves.sin() + b * waves.cos())).sum(1)
    return u0.unsqueeze(1), (u1 + 0.1 * u1**2).unsqueeze(1)


class Spectral(nn.Module):
    def __init__(self, width, modes=10):
        super().__init__()
        self.modes = modes
        self.w = nn.Parameter(torch.randn(width, width, modes, dtype=torch.cfloat) / width)
        self.skip = nn.Conv1d(width, width, 1)

    def forward(self, x):
        freq = torch.fft.rfft(x)
        out = torch.zeros_like(freq)
        out[..., : self.modes] = torch.einsum("bim,iom->bom", freq[..., : self.modes], self.w)
        return nn.functional.gelu(torch.fft.irfft(out, n=x.shape[-1]) + self.skip(x))


fno = nn.Sequential(nn.Conv1d(1, 20, 1), Spectral(20), Spectral(20), nn.Conv1d(20, 1, 1))
opt = torch.optim.Adam(fno.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 250)
for step in range(250):
    u0, u1 = pairs(32)
    loss = ((fno(u0) - u1).norm(dim=-1) / u1.norm(dim=-1)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 50 == 49:
        print("step", step + 1, "relative error", loss.item())
