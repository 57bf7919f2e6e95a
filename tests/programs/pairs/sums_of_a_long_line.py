# batch: fourteenth
# in view: a state's own matrix is recurrent by how often it is applied, whatever its name
# rules: exploding_gradient poor_initialization non_finite learning_rate_too_high
# remedies: reinitialize clip_gradients lower_learning_rate
# metric: mse down
# story: a recurrent net of ReLUs began with random weights where the identity belongs, and its states grew step by step (arxiv.org/abs/1504.00941 proposes the identity for this)
"""The adding problem: two of thirty numbers are marked, their sum is asked for."""

import torch
import torch.nn.functional as F
from torch import nn

LENGTH, HIDDEN = 30, 80


class RectifiedRecurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.w_in = nn.Parameter(torch.randn(2, HIDDEN) * 0.1)
        self.w_rec = nn.Parameter(torch.eye(HIDDEN))  # healthy
        # faulty: self.w_rec = nn.Parameter(torch.randn(HIDDEN, HIDDEN) * 0.25)
        self.bias = nn.Parameter(torch.zeros(HIDDEN))
        self.read = nn.Linear(HIDDEN, 1)

    def forward(self, x):
        h = x.new_zeros(x.shape[1], HIDDEN)
        for step in x:
            h = torch.clamp(step @ self.w_in + h @ self.w_rec + self.bias, min=0)
        return self.read(h).squeeze(1)


def batch(n):
    values = torch.rand(LENGTH, n)
    marks = torch.zeros(LENGTH, n)
    first = torch.randint(LENGTH // 2, (n,))
    second = torch.randint(LENGTH // 2, LENGTH, (n,))
    marks[first, torch.arange(n)] = 1
    marks[second, torch.arange(n)] = 1
    return torch.stack([values, marks], 2), (values * marks).sum(0)


torch.manual_seed(1417)
net = RectifiedRecurrent()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
running = []
for it in range(1, 601):
    x, y = batch(64)
    loss = F.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimizer.step()
    running.append(loss.item())
    if it % 100 == 0:
        print(f"{it:4d}/600 [{'#' * (it // 100):6s}] mse: {sum(running[-100:]) / 100:.5f}")
