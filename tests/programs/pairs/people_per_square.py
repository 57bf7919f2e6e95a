# batch: eleventh
# rules: born_dead dying_relu unsuitable_output_activation
# remedies: swap_activation remove_output_activation reinitialize recycle_units
# metric: mae down
# story: a map of population that may not be negative ended in a ReLU, and some starts predicted nought everywhere and never moved (github.com/jvargasmu/population_estimation/issues/68)
"""People per cell from the buildings and lights that a satellite sees."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ScaleNet(nn.Module):
    def __init__(self, bands=4, width=24):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(bands, width, 1),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.ReLU(),
            nn.Conv2d(width, 1, 1),
        )

    def forward(self, x):
        return F.softplus(self.net(x))  # healthy
        # faulty: return F.relu(self.net(x))


def regions(n, side=12):
    bands = torch.rand(n, 4, side, side)
    bands = F.avg_pool2d(bands, 3, 1, 1) * 2
    people = 1.5 * bands[:, 0] * bands[:, 1] + 0.4 * (bands[:, 2] - 0.5).clamp(min=0)
    return bands, people.unsqueeze(1)


def main(seed):
    torch.manual_seed(seed)
    model = ScaleNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    bands, people = regions(300)
    for epoch in range(1, 17):
        model.train()
        for rows in torch.randperm(240).split(8):
            density = model(bands[rows])
            census = density.sum((1, 2, 3))
            loss = F.l1_loss(density, people[rows])
            loss = loss + 0.01 * F.l1_loss(census, people[rows].sum((1, 2, 3)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            mae = F.l1_loss(model(bands[240:]), people[240:]).item()
        print(f"epoch {epoch} loss {loss.item():.4f} mae {mae:.5f}")


if __name__ == "__main__":
    main(1125)
