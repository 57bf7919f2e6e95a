# batch: tenth
# rules: missing_activation
# remedies: add_activation
# metric: one-step mse down
# story: a temporal convolution network whose residual blocks were ported without their activations; the series is a chaotic one that no linear filter forecasts
"""Forecast a noisy chaotic series with dilated convolutions."""

# %%
import torch
from torch import nn

torch.manual_seed(1013)
x = torch.empty(64, 400)
x[:, 0] = torch.rand(64) * 0.8 + 0.1
for t in range(399):
    x[:, t + 1] = 3.9 * x[:, t] * (1 - x[:, t])
series = ((x[:, 100:] - 0.5) * 3 + 0.02 * torch.randn(64, 300)).unsqueeze(1)
train, test = series[:48], series[48:]


# %%
class Causal(nn.Conv1d):
    def __init__(self, a, b, kernel, dilation):
        super().__init__(a, b, kernel, dilation=dilation)
        self.left = (kernel - 1) * dilation

    def forward(self, x):
        return super().forward(nn.functional.pad(x, (self.left, 0)))


class Residual(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.first = Causal(width, width, 2, dilation)
        self.second = Causal(width, width, 2, dilation)

    def forward(self, x):
        h = torch.relu(self.first(x))  # healthy
        # faulty: h = self.first(x)
        return x + self.second(h)


net = nn.Sequential(
    Causal(1, 24, 2, 1), *[Residual(24, 2**k) for k in range(3)], nn.Conv1d(24, 1, 1)
)

# %%
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(500):
    pick = torch.randint(0, 48, (12,))
    start = int(torch.randint(0, 200, ()))
    w = train[pick, :, start : start + 100]
    loss = (net(w[..., :-1])[..., 10:] - w[..., 11:]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            err = (net(test[..., :-1])[..., 10:] - test[..., 11:]).pow(2).mean().item()
        print(f"{step + 1} loss {loss.item():.4f} one-step mse {err:.5f}")
