# batch: eighteenth
# rules: non_finite exploding_gradient poor_initialization
# remedies: stabilize_loss clip_gradients insert_normalization swap_activation reinitialize
# metric: test nll down
# story: in a flow of coupling layers the log of the scale was used as the net gave it, with nothing like a tanh to bound it; with the wider start of kaiming_uniform_ the exponentials ran over (github.com/ELIFE-ASU/INNLab/issues/7)
"""RealNVP on readings of two crescents hidden among ten columns."""

import math

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(27)


def readings(n, seed):
    two, _ = make_moons(n, noise=0.06, random_state=seed)
    g = torch.Generator().manual_seed(seed)
    two = torch.tensor(two, dtype=torch.float32)
    lift = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    more = torch.tanh(two @ lift) + 0.3 * torch.randn(n, 8, generator=g)
    x = torch.cat([two, more], 1)
    return (x - torch.tensor([0.5, 0.25] + [0.0] * 8)) * 2


class Coupling(nn.Module):
    def __init__(self, dim, hidden, flip):
        super().__init__()
        mask = (torch.arange(dim) % 2 == int(flip)).float()
        self.register_buffer("mask", mask)
        self.net = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.LeakyReLU(),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(),
            nn.Linear(hidden, 2 * dim),
        )
        for m in self.net:
            if isinstance(m, nn.Linear):
                nn.init.kaiming_uniform_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        log_s, t = self.net(x * self.mask).chunk(2, 1)
        log_s = torch.tanh(log_s)  # healthy
        free = 1 - self.mask
        y = x * self.mask + free * (x * torch.exp(log_s) + t)
        return y, (free * log_s).sum(1)


class RealNVP(nn.Module):
    def __init__(self, dim=10, hidden=64, depth=8):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(dim, hidden, i % 2) for i in range(depth))

    def log_prob(self, x):
        total = 0.0
        for layer in self.layers:
            x, log_det = layer(x)
            total = total + log_det
        return total - 0.5 * (x.square() + math.log(2 * math.pi)).sum(1)


flow = RealNVP()
train, test = readings(2000, 1), readings(1000, 2)
optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
for epoch in range(1, 7):
    total = 0.0
    for idx in torch.randperm(len(train)).split(100):
        loss = -flow.log_prob(train[idx]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / 20
    if epoch % 2 == 0:
        with torch.no_grad():
            held = -flow.log_prob(test).mean().item()
        print(f"epoch {epoch}: train {total:.4f} test nll {held:.4f}")
