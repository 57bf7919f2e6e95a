# batch: fourth
# metric: accuracy up
"""The XOR toy of every tutorial: two inputs, eight hidden ReLU units, plain SGD on all four points."""

import torch
from torch import nn

torch.manual_seed(3)
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

for epoch in range(2500):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    if epoch % 500 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f}")

predicted = (model(X) > 0.5).float()
print("loss", loss.item())
print("accuracy", (predicted == y).float().mean().item())
