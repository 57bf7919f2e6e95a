# batch: fourth
# metric: dsm down
"""Noise-conditional score network: denoising score matching over ten noise levels, the loss weighted by sigma squared."""

import torch
import torch.nn as nn

torch.manual_seed(61)
sigmas = torch.logspace(0, -1.5, 10)
means = torch.tensor([[1.5, 1.5], [-1.5, 1.5], [0.0, -1.5]])


def sample(n):
    return means[torch.randint(3, (n,))] + 0.15 * torch.randn(n, 2)


class Score(nn.Module):
    def __init__(self, h=96):
        super().__init__()
        self.inp, self.mid, self.out = nn.Linear(2, h), nn.Linear(h, h), nn.Linear(h, 2)
        self.scale = nn.ModuleList([nn.Embedding(10, h) for _ in range(2)])
        for e in self.scale:
            e.weight.data.uniform_()

    def forward(self, x, level):
        h = nn.functional.softplus(self.scale[0](level) * self.inp(x))
        h = nn.functional.softplus(self.scale[1](level) * self.mid(h))
        return self.out(h) / sigmas[level][:, None]


net = Score()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
running = None
for step in range(900):
    x, level = sample(256), torch.randint(10, (256,))
    s = sigmas[level][:, None]
    noise = torch.randn_like(x)
    loss = 0.5 * ((s * net(x + s * noise, level) + noise) ** 2).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
    if step % 150 == 149:
        print(f"step {step + 1} dsm {running:.4f}")
