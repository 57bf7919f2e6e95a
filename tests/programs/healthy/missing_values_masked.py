# batch: sixth
# metric: val mae down
"""A table with holes: NaN is filled by zero and a mask column tells; targets with NaN are left out."""

import torch
from torch import nn

torch.manual_seed(81)
full = torch.randn(1500, 8)
target = torch.stack([full[:, 0] * full[:, 1], full[:, 2:5].sum(1)], 1) + 0.1 * torch.randn(1500, 2)
table = full.clone()
table[torch.rand_like(table) < 0.1] = float("nan")
target[torch.rand_like(target) < 0.2] = float("nan")


class HoleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(16, 64), nn.Mish(), nn.Linear(64, 64), nn.Mish(), nn.Linear(64, 2)
        )

    def forward(self, x):
        hole = torch.isnan(x)
        return self.net(torch.cat([torch.nan_to_num(x), hole.float()], 1))


def masked_l1(pred, truth):
    there = ~torch.isnan(truth)
    return (pred - truth)[there].abs().mean()


model = HoleNet()
opt = torch.optim.RAdam(model.parameters(), lr=4e-3)
for step in range(400):
    rows = torch.randint(0, 1200, (64,))
    loss = masked_l1(model(table[rows]), target[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        with torch.no_grad():
            print("step", step + 1, "val mae", masked_l1(model(table[1200:]), target[1200:]).item())
