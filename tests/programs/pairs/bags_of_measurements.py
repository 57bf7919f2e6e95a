# batch: twelfth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: held-out accuracy up
# story: own weights were all begun with one number, so that hidden units stay alike (github.com/yandexdataschool/Practical_RL/issues/153 warns of it)
"""Bags of measurements: attention picks those that matter, the sum is classified."""

import torch
from torch import nn

torch.manual_seed(153)
F_IN, HID, CLASSES, BAG = 10, 24, 6, 7
centres = 1.6 * torch.randn(CLASSES, F_IN)


def bags(n):
    x = torch.randn(n, BAG, F_IN)
    y = torch.randint(CLASSES, (n,))
    where = torch.randint(BAG, (n,))
    x[torch.arange(n), where] = centres[y] + 0.4 * torch.randn(n, F_IN)
    return x, y


class AttentionPool(nn.Module):
    def __init__(self):
        super().__init__()
        self.w_value = nn.Parameter(torch.randn(F_IN, HID) / F_IN**0.5)  # healthy
        self.w_key = nn.Parameter(torch.randn(F_IN, HID) / F_IN**0.5)  # healthy
        # faulty: self.w_value = nn.Parameter(torch.ones(F_IN, HID) / F_IN**0.5)
        # faulty: self.w_key = nn.Parameter(torch.ones(F_IN, HID) / F_IN**0.5)
        self.b_value = nn.Parameter(torch.zeros(HID))
        self.b_key = nn.Parameter(torch.zeros(HID))
        self.score = nn.Parameter(torch.full((HID, 1), 0.1))
        self.out = nn.Parameter(torch.full((HID, CLASSES), 0.1))

    def forward(self, x):
        keys = torch.tanh(x @ self.w_key + self.b_key)
        values = torch.relu(x @ self.w_value + self.b_value)
        weight = torch.softmax(keys @ self.score, dim=1)
        return (weight * values).sum(1) @ self.out


net = AttentionPool()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
hx, hy = bags(1000)
for step in range(1, 601):
    x, y = bags(64)
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        acc = (net(hx).argmax(1) == hy).float().mean().item()
        print(f"step {step} loss {loss.item():.4f} held-out accuracy {acc:.4f}")
