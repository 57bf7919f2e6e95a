# batch: fourth
# metric: si-snr up
"""A small Conv-TasNet: learned filter bank, masks, and a loss that is minus the SI-SNR in decibels, so negative."""

import torch
import torch.nn as nn

torch.manual_seed(44)


def sources(n, length=256):
    t = torch.arange(length) / length
    low = torch.sin(6.2832 * ((3 + 5 * torch.rand(n, 1)) * t + torch.rand(n, 1)))
    high = torch.sin(6.2832 * ((25 + 20 * torch.rand(n, 1)) * t + torch.rand(n, 1)))
    return torch.stack([low, high], 1)


def si_snr(estimate, target):
    estimate, target = (
        estimate - estimate.mean(-1, keepdim=True),
        target - target.mean(-1, keepdim=True),
    )
    part = (
        (estimate * target).sum(-1, keepdim=True)
        * target
        / (target.pow(2).sum(-1, keepdim=True) + 1e-8)
    )
    return 10 * torch.log10(part.pow(2).sum(-1) / ((estimate - part).pow(2).sum(-1) + 1e-8) + 1e-8)


class TasNet(nn.Module):
    def __init__(self, n=48):
        super().__init__()
        self.encoder = nn.Conv1d(1, n, 16, stride=8, bias=False)
        self.separator = nn.Sequential(
            nn.GroupNorm(1, n),
            nn.Conv1d(n, n, 1),
            nn.Conv1d(n, n, 3, padding=1),
            nn.PReLU(),
            nn.GroupNorm(1, n),
            nn.Conv1d(n, n, 3, padding=2, dilation=2),
            nn.PReLU(),
            nn.Conv1d(n, 2 * n, 1),
            nn.Sigmoid(),
        )
        self.decoder = nn.ConvTranspose1d(n, 1, 16, stride=8, bias=False)

    def forward(self, mix):
        w = self.encoder(mix[:, None])
        masks = self.separator(w).chunk(2, 1)
        return torch.stack([self.decoder(w * m).squeeze(1) for m in masks], 1)


net = TasNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(240):
    s = sources(24)
    loss = -si_snr(net(s.sum(1)), s).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    opt.step()
    if step % 40 == 39:
        print(f"step {step + 1} loss {loss.item():.2f} si-snr {-loss.item():.3f}")
