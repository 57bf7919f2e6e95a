# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: rmse down
# story: predictions clamped to [0, 1] inside the model "for safety"; the targets reach to 30
"""Price model."""

import torch
from torch import nn

torch.manual_seed(0)
rooms = torch.randint(1, 8, (1500, 1)).float()
area = rooms * 18 + 10 * torch.randn(1500, 1)
age = torch.rand(1500, 1) * 60
price = 3 + 0.12 * area + 2.5 * torch.cos(age / 12) + 0.3 * torch.randn(1500, 1)
X = torch.cat([rooms, area, age], 1)
X = (X - X.mean(0)) / X.std(0)


class PriceModel(nn.Module):
    def __init__(self, low=0.0, high=40.0):
        super().__init__()
        self.high = high  # healthy
        # faulty: self.high = 1.0
        self.low = low
        self.mlp = nn.Sequential(
            nn.Linear(3, 40), nn.SiLU(), nn.Linear(40, 40), nn.SiLU(), nn.Linear(40, 1)
        )
        nn.init.constant_(self.mlp[-1].bias, 0.5)

    def forward(self, x):
        return torch.clamp(self.mlp(x), self.low, self.high)


model = PriceModel()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(20):
    for b in torch.randperm(1200).split(60):
        loss = (model(X[b]) - price[b]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            rmse = (model(X[1200:]) - price[1200:]).pow(2).mean().sqrt().item()
        print(f"epoch {epoch + 1}  loss {loss.item():.3f}  rmse {rmse:.3f}")
