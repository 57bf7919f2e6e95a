# batch: thirteenth
# rules: symmetric_initialization born_dead vanishing_gradient poor_initialization
# remedies: reinitialize
# metric: curve error down
# story: the layer that makes another net's weights began with noughts throughout, so the made net gave nothing and passed nothing back (arxiv.org/abs/2312.08399 and the hypernetwork literature ask for a start that keeps variance)
"""A hypernetwork makes, from a code of the curve, the weights of the net that draws it."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1320)
CODE, WIDTH = 3, 16
SHAPES = [(WIDTH, 1), (WIDTH,), (WIDTH, WIDTH), (WIDTH,), (1, WIDTH), (1,)]


def curves(n):
    code = torch.rand(n, CODE)
    x = 2 * torch.rand(n, 24, 1) - 1
    amplitude, rate, shift = (code[:, i].view(-1, 1, 1) for i in range(3))
    return code, x, (0.5 + amplitude) * torch.sin((1 + 3 * rate) * x + 2 * shift)


def start_of_made_net():
    parts = []
    for shape in SHAPES:
        spread = (2 / shape[1]) ** 0.5 if len(shape) > 1 else 0.0
        parts.append(spread * torch.randn(math.prod(shape)))
    return torch.cat(parts)


class HyperNetwork(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(CODE, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        total = sum(math.prod(shape) for shape in SHAPES)
        self.weights = nn.Linear(hidden, total)
        nn.init.zeros_(self.weights.weight)
        # faulty: nn.init.zeros_(self.weights.bias)
        self.weights.bias.data.copy_(start_of_made_net())  # healthy

    def forward(self, code):
        flat, made, at = self.weights(self.trunk(code)), [], 0
        for shape in SHAPES:
            count = math.prod(shape)
            made.append(flat[:, at : at + count].view(-1, *shape))
            at += count
        return made


def draw(made, x):
    w1, b1, w2, b2, w3, b3 = made
    h = torch.relu(x @ w1.transpose(1, 2) + b1.unsqueeze(1))
    h = torch.relu(h @ w2.transpose(1, 2) + b2.unsqueeze(1))
    return h @ w3.transpose(1, 2) + b3.unsqueeze(1)


hyper = HyperNetwork()
optimizer = torch.optim.Adam(hyper.parameters(), lr=2e-3)
code, x, y = curves(400)
for step in range(1, 601):
    c, points, values = curves(64)
    loss = (draw(hyper(c), points) - values).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            error = (draw(hyper(code), x) - y).pow(2).mean().sqrt().item()
        print(f"step {step} loss {loss.item():.4f} curve error {error:.4f}")
