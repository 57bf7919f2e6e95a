# rules: dying_relu learning_rate_too_high
# remedies: lower_learning_rate clip_gradients
# metric: r2 up
# story: regression net whose ReLU units all die in the first steps and which then predicts the mean
"""Predict disease progression."""

import logging

import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("train")

torch.manual_seed(3)
x, t = load_diabetes(return_X_y=True)
x = torch.tensor(StandardScaler().fit_transform(x), dtype=torch.float32)
t = torch.tensor((t - t.mean()) / t.std(), dtype=torch.float32).unsqueeze(1)
train_set = TensorDataset(x[:340], t[:340])
loader = DataLoader(train_set, batch_size=20, shuffle=True)

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=0.9)  # healthy
# faulty: optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
criterion = nn.MSELoss()
for epoch in range(12):
    model.train()
    running = 0.0
    for xb, tb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), tb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        prediction = model(x[340:])
        residual = ((prediction - t[340:]) ** 2).sum()
        r2 = 1 - residual / ((t[340:] - t[340:].mean()) ** 2).sum()
    log.info("epoch %d train mse %.4f", epoch, running / 340)
print(f"r2 {r2.item():.4f}")
