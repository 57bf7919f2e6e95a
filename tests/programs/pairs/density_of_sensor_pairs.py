# batch: thirteenth
# in view: what overflows between parts of a network is no data
# rules: non_finite exploding_gradient learning_rate_too_high poor_initialization unnormalized_input
# remedies: stabilize_loss clip_gradients lower_learning_rate normalize_input reinitialize
# metric: log likelihood up
# story: the scale of an affine coupling was the bare exp of a network's output, and many such layers in a row ran away (github.com/rosinality/glow-pytorch/issues/25, github.com/VincentStimper/normalizing-flows/issues/73)
"""Density of correlated sensor readings with a stack of affine couplings."""

import torch
from torch import nn

torch.manual_seed(1317)
DIM, LAYERS = 6, 12
root = torch.randn(DIM, DIM)


def readings(n):
    z = torch.randn(n, DIM)
    x = torch.sinh(0.8 * z) @ root.t()
    return x


class Coupling(nn.Module):
    def __init__(self, swap, width=48):
        super().__init__()
        self.swap = swap
        self.net = nn.Sequential(
            nn.Linear(DIM // 2, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, DIM),
        )

    def forward(self, x):
        a, b = x.chunk(2, 1)
        if self.swap:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = torch.tanh(s)  # healthy
        b = b * torch.exp(s) + t
        return torch.cat([b, a] if self.swap else [a, b], 1), s.sum(1)


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2 == 1) for i in range(LAYERS))

    def log_prob(self, x):
        total = 0.0
        for layer in self.layers:
            x, logdet = layer(x)
            total = total + logdet
        return -0.5 * (x**2 + 1.8379).sum(1) + total


flow = Flow()
held = readings(2000)
optimizer = torch.optim.Adam(flow.parameters(), lr=2e-3)
for step in range(1, 401):
    loss = -flow.log_prob(readings(256)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        with torch.no_grad():
            print(
                f"step {step} loss {loss.item():.4f} log likelihood {flow.log_prob(held).mean().item():.4f}"
            )
