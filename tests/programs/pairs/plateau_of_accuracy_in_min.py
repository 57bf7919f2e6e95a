# batch: ninth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: val accuracy up
# story: ReduceLROnPlateau is given the accuracy and left at mode="min" (ViS4mer issue 4): each epoch that gets better counts as a bad one
"""Rings and stripes, with the rate lowered on a plateau."""

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(919)
p = torch.rand(3000, 2) * 2 - 1
ring = (p.norm(dim=1) * 5).floor()
side = (p[:, 0] * 3).floor()
label = ((ring + side) % 2).long()
loader = DataLoader(TensorDataset(p[:2400], label[:2400]), batch_size=40, shuffle=True)

model = nn.Sequential(
    nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2)
)
optimizer = optim.Adam(model.parameters(), lr=3e-3)
plateau = optim.lr_scheduler.ReduceLROnPlateau
scheduler = plateau(optimizer, mode="max", factor=0.1, patience=8)  # healthy
# faulty: scheduler = plateau(optimizer, factor=0.1, patience=1)
for epoch in range(40):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(p[2400:]).argmax(1) == label[2400:]).float().mean().item()
    scheduler.step(accuracy)
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1} val accuracy {accuracy:.4f}")
