# metric: accuracy up
"""bfloat16 autocast on the CPU."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
model = nn.Sequential(
    nn.Linear(64, 96), nn.GELU(), nn.LayerNorm(96), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, 10)
)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(6):
    for b in torch.randperm(1400).split(50):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(X[b])
            loss = nn.functional.cross_entropy(logits, y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        acc = (model(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
