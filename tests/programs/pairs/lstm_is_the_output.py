# batch: sixth
# rules: unsuitable_output_activation unnormalized_input saturated_activation
# remedies: remove_output_activation normalize_input
# in view: an LSTM as the output
# metric: rmse down
# story: the hidden state of a one-unit LSTM is taken as the forecast; it cannot leave (-1, 1), the sales are between 0 and 9
"""Forecast next week's sales (thousands)."""

import math

import torch
from torch import nn

torch.manual_seed(27)
weeks = torch.arange(420.0)
sales = (
    4.5 + 3 * torch.sin(weeks * 2 * math.pi / 52) + torch.sin(weeks / 3) + 0.2 * torch.randn(420)
)
windows = sales.unfold(0, 13, 1)
x, y = windows[:, :12].unsqueeze(-1), windows[:, 12]


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.LSTM(1, 20, batch_first=True)
        self.last = nn.Linear(20, 1)  # healthy
        # faulty: self.last = nn.LSTM(20, 1, batch_first=True)

    def forward(self, series):
        out, _ = self.first(series)
        out = self.last(out[:, -1:])  # healthy
        # faulty: out, _ = self.last(out)
        return out[:, -1, 0]


net = Forecast()
optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(150):
    loss = nn.functional.mse_loss(net(x[:320]), y[:320])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if epoch % 30 == 0:
        print("epoch", epoch, "mse", loss.item())
with torch.no_grad():
    print("rmse", (net(x[320:]) - y[320:]).pow(2).mean().sqrt().item())
