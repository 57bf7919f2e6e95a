# batch: fifth
# metric: test error down
"""Online learning: one noisy sample a step, plain SGD, an output layer that starts at zero."""

import torch
import torch.nn as nn

torch.manual_seed(3)
w = torch.randn(6)


def draw(n):
    x = torch.randn(n, 6)
    return x, torch.tanh(x @ w) + 0.5 * x[:, 0] + 0.3 * torch.randn(n)


net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
nn.init.zeros_(net[2].weight)
nn.init.zeros_(net[2].bias)
optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, 3000)
xt, yt = draw(1000)
for step in range(3000):
    x, y = draw(1)
    loss = (net(x).squeeze(1) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 500 == 499:
        with torch.no_grad():
            print(
                f"seen {step + 1} test error {(net(xt).squeeze(1) - yt).pow(2).mean().item():.4f}"
            )
