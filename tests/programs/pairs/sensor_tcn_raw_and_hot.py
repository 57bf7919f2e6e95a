# rules: unnormalized_input learning_rate_too_high dying_relu non_finite
# remedies: normalize_input lower_learning_rate
# metric: accuracy up
# story: machine faults from three sensors (Pa, rpm, degrees) with a temporal convolution; raw, and a warm rate
"""A causal temporal convolution over sensor windows."""

import torch
import torch.nn as nn


def windows(n, seed):
    g = torch.Generator().manual_seed(seed)
    fault = torch.randint(0, 3, (n,), generator=g)
    t = torch.arange(64).float()
    phase = 6.28 * torch.rand(n, 1, generator=g)
    wave = torch.sin(t * (0.2 + 0.15 * fault[:, None]) + phase)
    slope = (fault[:, None] - 1) * t / 64
    base = torch.stack([wave, 0.5 * wave + slope, slope + torch.randn(n, 1, generator=g)], 1)
    return base + 0.3 * torch.randn(n, 3, 64, generator=g), fault


class Tcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(i, o, 3, dilation=d) for i, o, d in [(3, 24, 1), (24, 24, 2), (24, 24, 4)]
        )
        self.top = nn.Linear(24, 3)

    def forward(self, x):
        for conv in self.layers:
            x = torch.nn.functional.pad(x, (2 * conv.dilation[0], 0))
            x = torch.relu(conv(x))
        return self.top(x.mean(2))


torch.manual_seed(114)
(x, y), (vx, vy) = windows(900, 1), windows(300, 2)
# faulty: scale, shift = torch.tensor([900.0, 300.0, 12.0]), torch.tensor([101325.0, 1500.0, 60.0])
# faulty: x, vx = (a * scale[:, None] + shift[:, None] for a in (x, vx))
net = Tcn()
rate = 0.2
opt = torch.optim.SGD(net.parameters(), lr=rate)
for epoch in range(20):
    for rows in torch.randperm(900).split(45):
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 3:
        with torch.no_grad():
            print(
                f"epoch {epoch + 1} loss {loss:.3f} accuracy {(net(vx).argmax(1) == vy).float().mean():.3f}"
            )
