# batch: fifth
# metric: val loss down
"""ReduceLROnPlateau on targets with much noise: the floor comes soon, and the schedule ends the training there."""

import torch
import torch.nn as nn

torch.manual_seed(16)
x = torch.randn(1200, 10)
y = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2]) + 1.2 * torch.randn(1200)
xv, yv, x, y = x[1000:], y[1000:], x[:1000], y[:1000]
model = nn.Sequential(
    nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 1)
)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=3)
criterion = nn.MSELoss()
for epoch in range(70):
    model.train()
    for b in torch.randperm(1000).split(50):
        loss = criterion(model(x[b]).squeeze(1), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = criterion(model(xv).squeeze(1), yv).item()
    scheduler.step(val)
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1} lr {optimizer.param_groups[0]['lr']:.0e} val loss {val:.4f}")
