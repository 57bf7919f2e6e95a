# batch: eighteenth
# metric: test accuracy up
"""The fly's mushroom body: a fixed sparse projection, the strongest twentieth of cells, a learnt readout."""

import torch
import torch.nn as nn


class MushroomBody(nn.Module):
    def __init__(self, receptors=50, cells=2000, active=100, reach=6, smells=12):
        super().__init__()
        wiring = torch.zeros(cells, receptors)
        for row in wiring:
            row[torch.randperm(receptors)[:reach]] = 1.0
        self.register_buffer("wiring", wiring)
        self.active = active
        self.readout = nn.Linear(cells, smells)
        nn.init.zeros_(self.readout.weight)

    def forward(self, x):
        h = torch.relu(x @ self.wiring.t())
        threshold = h.topk(self.active, dim=1).values[:, -1:]
        return self.readout(torch.where(h >= threshold, h, torch.zeros_like(h)))


def smells(n, centres, g):
    y = torch.randint(len(centres), (n,), generator=g)
    concentration = torch.rand(n, 1, generator=g) + 0.5
    x = torch.relu(
        concentration * centres[y] + 0.35 * torch.randn(n, centres.shape[1], generator=g)
    )
    return x / x.mean(1, keepdim=True), y


def main():
    torch.manual_seed(12)
    g = torch.Generator().manual_seed(12)
    centres = torch.rand(12, 50, generator=g) ** 2
    (x, y), (xt, yt) = smells(1500, centres, g), smells(500, centres, g)
    fly = MushroomBody()
    opt = torch.optim.Adam(fly.parameters(), lr=1e-3)
    for epoch in range(1, 9):
        for i in torch.randperm(len(x)).split(32):
            loss = nn.functional.cross_entropy(fly(x[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        with torch.no_grad():
            acc = (fly(xt).argmax(1) == yt).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} test accuracy {acc:.4f}")


main()
