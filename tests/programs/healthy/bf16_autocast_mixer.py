# batch: seventh
# metric: acc up
"""Gated MLP on wine under bf16 autocast with a disabled grad scaler and accumulation."""

import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = torch.tensor(StandardScaler().fit_transform(X)).float()
y = torch.tensor(y)
p = torch.randperm(178)
tr, te = p[:138], p[138:]


class Gated(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.RMSNorm(d)
        self.gate, self.up, self.down = (
            nn.Linear(d, 2 * d),
            nn.Linear(d, 2 * d),
            nn.Linear(2 * d, d),
        )

    def forward(self, x):
        h = self.norm(x)
        return x + self.down(torch.sigmoid(self.gate(h)) * self.up(h))


model = nn.Sequential(nn.Linear(13, 32), Gated(32), Gated(32), nn.Linear(32, 3))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
scaler = torch.amp.GradScaler("cpu", enabled=False)
for epoch in range(30):
    model.train()
    for k, idx in enumerate(tr[torch.randperm(138)].split(23)):
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(model(X[idx]), y[idx]) / 2
        scaler.scale(loss).backward()
        if k % 2 == 1:
            scaler.step(opt)
            scaler.update()
            opt.zero_grad()
    if epoch % 6 == 5:
        model.eval()
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            acc = (model(X[te]).argmax(1) == y[te]).float().mean().item()
        print(f"epoch {epoch + 1} loss {2 * loss.item():.4f} acc {acc:.4f}")
