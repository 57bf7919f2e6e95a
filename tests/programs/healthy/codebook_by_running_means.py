# batch: tenth
# metric: reconstruction down
"""A vector-quantised autoencoder; the codebook has no gradient but running means."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1033)


class Book(nn.Module):
    def __init__(self, k, d, decay=0.95):
        super().__init__()
        self.decay = decay
        self.register_buffer("codes", torch.randn(k, d) * 0.5)
        self.register_buffer("count", torch.ones(k))
        self.register_buffer("total", self.codes.clone())

    def forward(self, z):
        pick = torch.cdist(z, self.codes).argmin(-1)
        if self.training:
            with torch.no_grad():
                hot = F.one_hot(pick, len(self.codes)).float()
                self.count.mul_(self.decay).add_(hot.sum(0), alpha=1 - self.decay)
                self.total.mul_(self.decay).add_(hot.t() @ z, alpha=1 - self.decay)
                self.codes.copy_(self.total / self.count.clamp(min=1e-3).unsqueeze(1))
                idle = self.count < 0.05
                self.codes[idle] = z[torch.randint(0, len(z), (int(idle.sum()),))]
                self.count[idle], self.total[idle] = 1.0, self.codes[idle]
        q = self.codes[pick]
        return z + (q - z).detach(), F.mse_loss(z, q.detach())


class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(40, 64), nn.ELU(), nn.Linear(64, 4))
        self.book = Book(64, 4)
        self.dec = nn.Sequential(nn.Linear(4, 64), nn.ELU(), nn.Linear(64, 40))

    def forward(self, x):
        q, commit = self.book(self.enc(x))
        return self.dec(q), commit


t = torch.linspace(0, 1, 40)


def waves(n):
    f, p = 1 + 2 * torch.rand(n, 1), 6.28 * torch.rand(n, 1)
    return torch.sin(6.28 * f * t + p)


coder = Coder()
opt = torch.optim.Adam(coder.parameters(), lr=2e-3)
held = waves(1000)
for step in range(1, 1201):
    x = waves(128)
    back, commit = coder(x)
    loss = F.mse_loss(back, x) + 0.25 * commit
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 120 == 0:
        coder.eval()
        with torch.no_grad():
            print(f"step {step} reconstruction {F.mse_loss(coder(held)[0], held).item():.4f}")
        coder.train()
