# batch: sixth
# metric: mae down
"""Set transformer with inducing points: the largest and the number of distinct values of a set."""

import torch
import torch.nn as nn

torch.manual_seed(86)


class MAB(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.att = nn.MultiheadAttention(d, 4, batch_first=True)
        self.ff = nn.Sequential(nn.Linear(d, d), nn.ReLU())
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(self, q, k, mask=None):
        h = self.n1(q + self.att(q, k, k, key_padding_mask=mask, need_weights=False)[0])
        return self.n2(h + self.ff(h))


class SetNet(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.inp = nn.Linear(10, d)
        self.points = nn.Parameter(torch.randn(1, 6, d) * 0.2)
        self.down, self.up, self.pool = MAB(d), MAB(d), MAB(d)
        self.seed = nn.Parameter(torch.randn(1, 2, d) * 0.2)
        self.out = nn.Linear(d, 1)

    def forward(self, x, mask):
        h = self.inp(x)
        n = len(x)
        h = self.up(h, self.down(self.points.expand(n, -1, -1), h, mask))
        return self.out(self.pool(self.seed.expand(n, -1, -1), h, mask)).squeeze(-1)


def sets(n, size=8):
    v = torch.randint(0, 10, (n, size))
    length = torch.randint(2, size + 1, (n, 1))
    mask = torch.arange(size) >= length
    onehot = nn.functional.one_hot(v, 10).float()
    there = (onehot * (~mask).unsqueeze(-1)).amax(1)
    largest = torch.where(mask, -1, v).amax(1).float()
    return onehot, mask, torch.stack([largest / 5 - 1, there.sum(1) / 4 - 1], 1)


net = SetNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(250):
    x, mask, y = sets(64)
    loss = nn.functional.l1_loss(net(x, mask), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        print("step", step + 1, "mae", loss.item())
