# batch: tenth
# in view: units that no datum reaches give noughts alone
# rules: dormant_units poor_initialization saturated_activation unsuitable_activation
# remedies: reinitialize recycle_units swap_activation normalize_input
# metric: test mse down
# story: a radial basis network whose centres were drawn over the range that the readings had before they were standardised
"""Ozone from wind, temperature, pressure and humidity by a radial basis network."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1003)
raw = torch.rand(2400, 4) * torch.tensor([40.0, 30.0, 60.0, 80.0])
x = (raw - raw.mean(0)) / raw.std(0)
y = torch.sin(1.5 * x[:, 0]) * x[:, 1] + 0.5 * torch.cos(2 * x[:, 2]) + 0.3 * x[:, 3].pow(2)
y = ((y - y.mean()) / y.std()).unsqueeze(1)


class RBF(nn.Module):
    def __init__(self, inputs, units, span):
        super().__init__()
        low, high = span
        self.centres = nn.Parameter(low + (high - low) * torch.rand(units, inputs))
        self.log_width = nn.Parameter(torch.zeros(units))

    def forward(self, x):
        distance = (x.unsqueeze(1) - self.centres).pow(2).sum(-1)
        return torch.exp(-distance * torch.exp(-2 * self.log_width))


span = (x.amin(0), x.amax(0))  # healthy
# faulty: span = (raw.amin(0), raw.amax(0))
net = nn.Sequential(RBF(4, 200, span), nn.Linear(200, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
train = DataLoader(TensorDataset(x[:2000], y[:2000]), batch_size=100, shuffle=True)
for epoch in range(1, 41):
    for a, b in train:
        optimizer.zero_grad()
        nn.functional.mse_loss(net(a), b).backward()
        optimizer.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            print(
                "epoch",
                epoch,
                "test mse",
                round(nn.functional.mse_loss(net(x[2000:]), y[2000:]).item(), 5),
            )
