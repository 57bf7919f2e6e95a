# batch: eleventh
# in view: targets far from one that are met by their mean alone
# rules: unnormalized_input exploding_gradient learning_rate_too_high
# remedies: normalize_input clip_gradients lower_learning_rate insert_normalization
# metric: balcony accuracy up
# story: one head of a multi-task net was given prices in euros, whose squared error is ten orders above the other head's loss; the shared layers served the price alone (Kendall, Gal and Cipolla 2018, arxiv.org/abs/1705.07115, on why tasks must be weighed)
"""Price of a flat, and whether it has a balcony, from one trunk."""

import torch
import torch.nn as nn


class MultiTask(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.price, self.balcony = nn.Linear(32, 1), nn.Linear(32, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.price(h).squeeze(1), self.balcony(h).squeeze(1)


def flats(n=2400):
    x = torch.randn(n, 12)
    hidden = torch.tanh(x[:, :4] @ torch.randn(4, 3))
    price = 310_000 + 90_000 * hidden[:, 0] + 40_000 * x[:, 4] + 10_000 * torch.randn(n)
    balcony = (hidden[:, 1] * hidden[:, 2] + 0.7 * x[:, 5] * x[:, 6] > 0).float()
    return x, price, balcony


torch.manual_seed(1120)
x, price, balcony = flats()
price = (price - price.mean()) / price.std()  # healthy
model = MultiTask(12)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
mse, bce = nn.MSELoss(), nn.BCEWithLogitsLoss()
for epoch in range(1, 31):
    model.train()
    for rows in torch.randperm(2000).chunk(40):
        p, b = model(x[rows])
        loss = mse(p, price[rows]) + bce(b, balcony[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 3 == 0:
        model.eval()
        with torch.no_grad():
            _, b = model(x[2000:])
            acc = ((b > 0) == (balcony[2000:] > 0.5)).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.4f} balcony accuracy {acc:.4f}")
