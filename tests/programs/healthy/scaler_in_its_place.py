# batch: fourteenth
# metric: acc up
"""Autocast with a scaler that starts far too high: some steps are skipped, then all is well."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(1457)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
order = torch.randperm(len(x))
train, held = order[:1400], order[1400:]
model = nn.Sequential(
    nn.Linear(64, 128), nn.LayerNorm(128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 10),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=200)
for epoch in range(1, 16):
    for rows in train[torch.randperm(len(train))].split(50):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    if epoch % 3 == 0:
        with torch.no_grad():
            acc = (model(x[held]).argmax(1) == y[held]).float().mean().item()
        print(f"epoch {epoch}: loss {loss.item():.4f}, scale {scaler.get_scale():g}, acc {acc:.4f}")
