# batch: eighth
# rules: non_finite
# remedies: stabilize_loss clip_gradients
# metric: val down
# story: a root mean squared error per sequence, padded rows included: predictions and targets are both masked to zero there, and the root has no slope at zero
"""Sequence regression with padding; a loss of root mean squares."""

import torch
import torch.nn as nn

torch.manual_seed(819)


def batch(n):
    lengths = torch.randint(3, 13, (n,))
    x = torch.randn(n, 12, 4)
    keep = (torch.arange(12)[None] < lengths[:, None]).float()
    y = torch.cumsum(x[..., 0] * keep, 1) * 0.5
    return x * keep[..., None], y * keep, keep


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(4, 32, batch_first=True)
        self.fc = nn.Linear(32, 1)

    def forward(self, x):
        return self.fc(self.rnn(x)[0]).squeeze(-1)


def rmse(pred, y, keep):
    gap = torch.sqrt(((pred - y) * keep) ** 2 + 1e-6)  # healthy
    # faulty: gap = torch.sqrt(((pred - y) * keep) ** 2)
    return gap.sum() / keep.sum()


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for it in range(200):
    x, y, keep = batch(48)
    loss = rmse(net(x), y, keep)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 40 == 39:
        with torch.no_grad():
            x, y, keep = batch(200)
            print("it", it + 1, "loss", loss.item(), "val", rmse(net(x), y, keep).item())
