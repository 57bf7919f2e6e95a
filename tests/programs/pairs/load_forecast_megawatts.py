# rules: learning_rate_too_high exploding_gradient unsuitable_output_activation dying_relu non_finite
# remedies: lower_learning_rate clip_gradients
# metric: skill up
# story: forecasts of a grid's load; the target is in megawatts and the squared error explodes
"""Next-hour load from the last day, a small network and plain SGD."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(6)
torch.manual_seed(106)
hours = np.arange(3000)
load = 6000 + 900 * np.sin(hours * 2 * np.pi / 24) + 400 * np.sin(hours * 2 * np.pi / 168)
load = load + rng.normal(0, 80, 3000)
scaled = (load - load.mean()) / load.std()
target = scaled  # healthy
# faulty: target = load
windows = torch.tensor(np.stack([scaled[i : i + 24] for i in range(2976)]), dtype=torch.float32)
nexts = torch.tensor(target[24:], dtype=torch.float32)[:, None]

net = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
sgd = torch.optim.SGD(net.parameters(), lr=0.02)
mse = nn.MSELoss()
for epoch in range(15):
    for rows in torch.randperm(2400).split(60):
        loss = mse(net(windows[rows]), nexts[rows])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    with torch.no_grad():
        off = (net(windows[2400:]) - nexts[2400:]).pow(2).mean() / nexts[2400:].var()
    print(f"epoch {epoch}: loss {loss.item():.4g} skill {1 - off.item():.3f}")
