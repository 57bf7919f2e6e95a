# rules: non_finite
# remedies: stabilize_loss normalize_input
# metric: accuracy up
# story: three empty cells of the table became NaN, and one step later so did the network
"""Breast cancer data from a table with holes."""

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
table = torch.tensor(load_breast_cancer().data, dtype=torch.float32)
label = torch.tensor(load_breast_cancer().target, dtype=torch.float32)
table = (table - table.mean(0)) / table.std(0)
holes = torch.tensor([[3, 5], [170, 12], [300, 20]])
# faulty: table[holes[:, 0], holes[:, 1]] = float("nan")
table[holes[:, 0], holes[:, 1]] = 0.0  # healthy
train = DataLoader(TensorDataset(table[:400], label[:400]), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(30, 32), nn.LeakyReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(15):
    model.train()
    for rows, truth in train:
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(rows).squeeze(1), truth)
        loss.backward()
        opt.step()
model.eval()
with torch.inference_mode():
    hit = ((model(table[400:]).squeeze(1) > 0) == label[400:].bool()).float().mean()
print(f"loss {loss.item():.4f} accuracy {hit.item():.4f}")
