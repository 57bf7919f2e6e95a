# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: r2 up
# story: softplus kept from when the target was a price; now it is standardised, half of it negative
"""Diabetes progression, in double precision, with huber loss."""

import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(9)
data = load_diabetes()
x = torch.tensor(data.data) * 20
y = torch.tensor(data.target)
y = (y - y.mean()) / y.std()
net = nn.Sequential(
    nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 1),
    # faulty: nn.Softplus(),
)  # fmt: skip
opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
for epoch in range(60):
    for rows in torch.randperm(340).split(34):
        loss = nn.functional.huber_loss(net(x[rows])[:, 0], y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    left = (net(x[340:])[:, 0] - y[340:]).square().sum()
r2 = 1 - left / (y[340:] - y[340:].mean()).square().sum()
print(f"loss {loss.item():.4f} r2 {r2.item():.4f}")
