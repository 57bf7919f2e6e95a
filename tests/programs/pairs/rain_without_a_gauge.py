# batch: twelfth
# in view: what enters an LSTM is looked at too
# rules: unnormalized_input saturated_activation
# remedies: normalize_input
# metric: val loss down
# story: an LSTM on values as they came from the instrument predicted the same value whatever went in (datascience.stackexchange.com/questions/54551); here it is one column, pressure in pascals, that nobody scaled
"""Rain of today, where no gauge stands, from ten days of four measurements."""

import torch
import torch.nn as nn

torch.manual_seed(54551 % 1000)


def weather(days):
    front = torch.zeros(days)
    for d in range(1, days):
        front[d] = 0.85 * front[d - 1] + 0.5 * torch.randn(1).item()
    pressure = 101325 - 900 * front + 60 * torch.randn(days)
    warmth = 12 + 9 * torch.sin(torch.arange(days) / 58) - 0.5 * front + 2 * torch.randn(days)
    damp = torch.sigmoid(0.3 * front + 0.8 * torch.randn(days))
    wind = (3 + 0.5 * front.abs() + torch.randn(days)).clamp(min=0)
    rain = torch.zeros(days)
    rain[1:] = (front[1:] - front[:-1]).clamp(min=0) + 0.5 * front[1:].clamp(min=0)
    return torch.stack([pressure, warmth, damp, wind], 1), rain


x, rain = weather(2200)
scale_columns = [0, 1, 3]  # healthy
# faulty: scale_columns = [1, 3]
for c in scale_columns:
    x[:, c] = (x[:, c] - x[:1800, c].mean()) / x[:1800, c].std()
x[:, 2] = 2 * x[:, 2] - 1
windows = x.unfold(0, 10, 1).transpose(1, 2)
target = rain[9:]


class Rain(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.LSTM(4, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1]).view(-1)


model = Rain()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, 13):
    for i in torch.randperm(1800).split(32):
        loss = nn.functional.mse_loss(model(windows[i]), target[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(windows[1800:]), target[1800:]).item()
    print(f"epoch {epoch:02d} train loss {loss.item():.4f} val loss {val:.4f}")
