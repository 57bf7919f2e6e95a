# rules: learning_rate_too_high saturated_activation
# remedies: lower_learning_rate clip_gradients
# metric: val mse down
# story: RMSprop at 0.5 drives the gates of an LSTM into saturation
"""Forecast a noisy mixture of sines."""

import torch
from torch import nn

torch.manual_seed(0)
time = torch.arange(2000) * 0.1
series = torch.sin(time) + 0.5 * torch.sin(2.7 * time) + 0.05 * torch.randn(2000)
windows = series.unfold(0, 21, 1)
X, Y = windows[:, :20].unsqueeze(-1), windows[:, 20:]


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 24, batch_first=True)
        self.linear = nn.Linear(24, 1)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.linear(out[:, -1])


model = Forecaster()
opt = torch.optim.RMSprop(model.parameters(), lr=3e-3)  # healthy
# faulty: opt = torch.optim.RMSprop(model.parameters(), lr=0.5)
for step in range(250):
    i = torch.randint(0, 1600, (32,))
    loss = nn.functional.mse_loss(model(X[i]), Y[i])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            val = nn.functional.mse_loss(model(X[1600:]), Y[1600:]).item()
        print(f"step {step + 1}: loss={loss.item():.4f}, val mse={val:.4f}")
