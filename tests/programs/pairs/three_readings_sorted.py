# batch: seventeenth
# rules: unnormalized_input
# remedies: normalize_input
# metric: val accuracy up
# story: three columns in units of their own went straight from a sorted table into a net of twelve and six relu units: an accuracy no better than the larger class; a StandardScaler mended it (stackoverflow.com/questions/39525358, in the benchmark of DeepLocalize)
"""Good or bad from three readings of an engine: pressure, temperature and seconds."""

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler  # healthy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(7)
n = 1500
pressure = rng.normal(101300, 900, n)
temperature = rng.normal(350, 25, n)
seconds = rng.uniform(0, 3600, n)
rule = (pressure - 101300) / 900 - (temperature - 350) / 25 + np.abs(seconds / 900 - 2) - 1
order = np.argsort(seconds)
X = np.column_stack([pressure, temperature, seconds])[order]
Y = (rule > 0)[order].astype(np.float32)
X = StandardScaler().fit_transform(X)  # healthy
X = X.astype(np.float32)

torch.manual_seed(7)
xa, xb, ya, yb = (
    torch.from_numpy(a) for a in train_test_split(X, Y, test_size=0.33, random_state=7)
)
model = nn.Sequential(
    nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 1), nn.Sigmoid()
)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.BCELoss()
for epoch in range(30):
    model.train()
    for x, y in DataLoader(TensorDataset(xa, ya), batch_size=10, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
    if epoch % 6 == 5:
        model.eval()
        with torch.no_grad():
            p = model(xb).squeeze(1)
        accuracy = ((p > 0.5) == (yb > 0.5)).float().mean()
        print(f"Epoch {epoch + 1}/30 - loss: {loss:.4f} - val accuracy: {accuracy:.4f}")
