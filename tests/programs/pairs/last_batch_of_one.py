# batch: seventh
# rules: non_finite
# remedies: stabilize_loss
# metric: val mae down
# story: the sequences of a batch are scaled by the batch's std; the last batch holds one number
"""Regression with features scaled by the batch's own spread."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)
x = torch.randn(961, 1) * 3
y = torch.sin(x) + 0.1 * torch.randn(961, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True, drop_last=True)  # healthy
# faulty: loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)


class BatchScaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(1, 64), nn.Linear(64, 64), nn.Linear(64, 1)

    def forward(self, x):
        h = torch.nn.functional.silu(self.a(x))
        if self.training:
            h = (h - h.mean(0)) / (h.std(0) + 1e-5)
            self.stats = None
        else:
            h = (h - h.mean(0)) / (h.std(0) + 1e-5)
        return self.c(torch.nn.functional.silu(self.b(h)))


model = BatchScaled()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
grid = torch.linspace(-6, 6, 200).unsqueeze(1)
for epoch in range(12):
    model.train()
    for xb, yb in loader:
        loss = (model(xb) - yb).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        mae = (model(x[:400]) - y[:400]).abs().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} val mae {mae:.4f}")
