# batch: eighteenth
# metric: relative rmse down
"""How far a plate bends, in metres, so a few millionths: all losses are minute and all is well."""

import torch
from torch import nn


class Plate(nn.Module):
    def __init__(self, unit):
        super().__init__()
        self.unit = unit
        self.net = nn.Sequential(
            nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)
        )

    def forward(self, x):
        return self.unit * self.net(x).squeeze(1)


def bend(x):
    return 4e-6 * (torch.sin(1.5 * x[:, 0]) * x[:, 1] + 0.5 * x[:, 2] ** 2 - 0.3 * x[:, 3])


def main():
    torch.manual_seed(90)
    x, xt = torch.randn(2000, 4), torch.randn(500, 4)
    y, yt = bend(x), bend(xt)
    model = Plate(unit=4e-6)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, eps=1e-20)
    for epoch in range(1, 31):
        for idx in torch.randperm(len(x)).split(64):
            loss = nn.functional.mse_loss(model(x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 5 == 0:
            with torch.no_grad():
                rmse = ((model(xt) - yt).square().mean() / yt.var()).sqrt().item()
            print(f"epoch {epoch} loss {loss.item():.3e} relative rmse {rmse:.4f}")


main()
