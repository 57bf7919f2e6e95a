# batch: sixteenth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: val_mae down
# story: the forecast of a recurrent net came out as one flat line (github.com/jinglescode/time-series-forecasting-tensorflowjs/issues/9); here it is fed the counts as they stand in the file
"""Passengers of the next month from those of the twelve before, an LSTM."""

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)
SEQ_LEN = 12

series = []
for line in range(40):
    months = np.arange(96)
    level = np.random.uniform(150, 500) + months * np.random.uniform(-1, 3)
    season = 1 + 0.3 * np.sin(2 * np.pi * (months + np.random.randint(12)) / 12)
    series.append(level * season + np.random.normal(0, 8, 96))
series = np.array(series, dtype=np.float32)
mean, std = series.mean(), series.std()
inputs = (series - mean) / std  # healthy
# faulty: inputs = series
targets = (series - mean) / std

x, y = [], []
for given, wanted in zip(inputs, targets):
    for i in range(len(given) - SEQ_LEN):
        x.append(given[i : i + SEQ_LEN])
        y.append(wanted[i + SEQ_LEN])
x = torch.from_numpy(np.array(x)).unsqueeze(-1)
y = torch.from_numpy(np.array(y))
cut = 32 * (96 - SEQ_LEN)
loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=64, shuffle=True)


class LSTMModel(nn.Module):
    def __init__(self, input_size=1, hidden_size=32):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1]).squeeze(-1)


model = LSTMModel()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range(12):
    model.train()
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        mae = (model(x[cut:]) - y[cut:]).abs().mean().item()
    print(f"Epoch {epoch + 1}/12, Loss: {np.mean(losses):.5f}, val_mae: {mae:.4f}")
