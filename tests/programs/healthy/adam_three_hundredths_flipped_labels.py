# batch: fifth
# metric: clean accuracy up
"""Thirty per cent of the labels are flipped; Adam at 0.03 with batch norm and decay still finds the boundary."""

import torch
import torch.nn as nn

torch.manual_seed(91)
x = torch.randn(4000, 8)
clean = (x[:, 0] * x[:, 1] + x[:, 2] > 0).long()
labels = torch.where(torch.rand(4000) < 0.3, 1 - clean, clean)
model = nn.Sequential(
    nn.Linear(8, 32),
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.Linear(32, 32),
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.Linear(32, 2),
)
opt = torch.optim.Adam(model.parameters(), lr=0.03)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    model.train()
    for b in torch.randperm(3200).split(64):
        loss = nn.functional.cross_entropy(model(x[b]), labels[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    model.eval()
    with torch.no_grad():
        acc = (model(x[3200:]).argmax(1) == clean[3200:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} clean accuracy {acc:.4f}")
