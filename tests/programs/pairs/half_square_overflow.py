# batch: eighth
# rules: non_finite
# remedies: stabilize_loss normalize_input lower_learning_rate insert_normalization
# metric: val rmse down
# story: squared errors of prices in half precision: the square of 300 thousand euros, 90,000, is over 65,504
# in view: a loss that is infinite throughout
"""House prices; the loss is taken in half precision to save memory."""

import torch
from torch import nn

torch.manual_seed(820)
x = torch.randn(1500, 8)
price = 300 + 40 * x[:, 0] + 30 * x[:, 1] * x[:, 2] + 10 * torch.randn(1500)
price = (price - 300) / 50  # healthy
net = nn.Sequential(nn.Linear(8, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
scale = price[:1200].std().item()
for epoch in range(12):
    for rows in torch.randperm(1200).split(40):
        out = net(x[rows]).squeeze(1).half()
        loss = (out - price[rows].half()).square().mean().sqrt()
        opt.zero_grad()
        loss.float().backward()
        opt.step()
    with torch.no_grad():
        gap = (net(x[1200:]).squeeze(1) - price[1200:]).square().mean().sqrt().item()
    print(f"epoch {epoch} loss {loss.item():.3f} val rmse {gap / scale:.4f}")
