# batch: fourteenth
# metric: median error down
"""Returns with gross errors among them, by a Student likelihood; its loss jumps and it learns."""

import torch
from torch import nn

torch.manual_seed(1455)


def readings(n, clean=False):
    x = 4 * torch.rand(n, 2) - 2
    y = torch.sin(2 * x[:, 0]) * torch.exp(-x[:, 1].square() / 2)
    if not clean:
        y = y + 0.05 * torch.distributions.StudentT(1.2).sample((n,)).clamp(-4000, 4000)
    return x, y


net = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
x, y = readings(4000)
xv, yv = readings(1000, clean=True)
for epoch in range(1, 16):
    for rows in torch.randperm(4000).split(32):
        mean, log_scale, log_df = net(x[rows]).unbind(1)
        density = torch.distributions.StudentT(1 + log_df.exp(), mean, log_scale.exp())
        loss = -density.log_prob(y[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 3 == 0:
        with torch.no_grad():
            error = (net(xv)[:, 0] - yv).abs().median().item()
        print(f"epoch {epoch} nll {loss.item():+.4f} median error {error:.4f}")
