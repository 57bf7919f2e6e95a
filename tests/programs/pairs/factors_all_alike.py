# batch: ninth
# in view: tables of embeddings are told by their columns
# rules: symmetric_initialization
# remedies: reinitialize
# metric: valid rmse down
# story: a factorisation machine whose sixteen factors are all filled with 0.05: they get the same gradient and remain one factor
"""Factorisation machine for ratings by user, item and context."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(915)
SIZES = [60, 80, 12]
truth = [torch.randn(n, 4) for n in SIZES]
rows = torch.stack([torch.randint(0, n, (9000,)) for n in SIZES], 1)
a, b, c = (t[rows[:, i]] for i, t in enumerate(truth))
rating = ((a * b).sum(1) + (b * c).sum(1)) / 2 + 0.1 * torch.randn(9000)


class FM(nn.Module):
    def __init__(self, sizes, k=16):
        super().__init__()
        self.register_buffer("offset", torch.tensor([0, *sizes[:-1]]).cumsum(0))
        self.bias = nn.Parameter(torch.zeros(1))
        self.weight = nn.Embedding(sum(sizes), 1)
        self.factors = nn.Embedding(sum(sizes), k)
        nn.init.zeros_(self.weight.weight)
        nn.init.normal_(self.factors.weight, std=0.05)  # healthy
        # faulty: nn.init.constant_(self.factors.weight, 0.05)

    def forward(self, rows):
        at = rows + self.offset
        v = self.factors(at)
        pairs = 0.5 * (v.sum(1).square() - v.square().sum(1)).sum(1)
        return self.bias + self.weight(at).sum((1, 2)) + pairs


train = DataLoader(TensorDataset(rows[:8000], rating[:8000]), batch_size=100, shuffle=True)
fm = FM(SIZES)
opt = torch.optim.Adam(fm.parameters(), lr=1e-2)
for epoch in range(15):
    for r, t in train:
        loss = nn.functional.mse_loss(fm(r), t)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        rmse = nn.functional.mse_loss(fm(rows[8000:]), rating[8000:]).sqrt()
    print("epoch", epoch, "valid rmse", round(rmse.item(), 4))
