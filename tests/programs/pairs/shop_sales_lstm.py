# batch: twelfth
# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: val rmse down
# story: the forecast went through a sigmoid while the series, scaled, is below nought half of the time: the curve could not be learned (codewithsundeep.com/discussion/solution/58887284: all values of the target negative, the last layer a sigmoid)
"""Forecast tomorrow's sales from four weeks, an LSTM."""

import argparse
import math

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--window", type=int, default=28)
args = parser.parse_args()

torch.manual_seed(1211)
days = torch.arange(1400).float()
sales = (
    120
    + 30 * torch.sin(2 * math.pi * days / 7)
    + 25 * torch.cos(2 * math.pi * days / 91)
    + 6 * torch.randn(1400)
)
scaled = (sales - sales[:1100].mean()) / sales[:1100].std()


def windows(series, n):
    x = torch.stack([series[i : i + n] for i in range(len(series) - n)])
    return x.unsqueeze(-1), series[n:]


class Forecaster(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        out = self.head(out[:, -1]).squeeze(-1)
        # faulty: out = torch.sigmoid(out)
        return out


x, y = windows(scaled[:1100], args.window)
vx, vy = windows(scaled[1100 - args.window :], args.window)
model = Forecaster(args.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
criterion = nn.MSELoss()
for epoch in range(args.epochs):
    order = torch.randperm(len(x))
    for i in range(0, len(x), 32):
        idx = order[i : i + 32]
        optimizer.zero_grad()
        loss = criterion(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        rmse = criterion(model(vx), vy).sqrt().item()
    print(f"epoch {epoch + 1} train loss {loss.item():.4f} val rmse {rmse:.4f}")
