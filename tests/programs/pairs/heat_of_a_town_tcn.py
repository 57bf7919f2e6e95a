# batch: eighteenth
# in view: of noise about a truth within a range half at most lies beyond it
# rules: unsuitable_output_activation saturated_activation
# remedies: remove_output_activation
# metric: val mae down
# story: the last layer of a forecaster kept the tanh of the layers before it while the targets were standardised and reach to three on either side; the peaks were cut (ohmygoodnessjuicery.co.uk/post/lstm-time-series-forecasting-clipping-issue-in-prediction tells the same of recurrent forecasters)
"""Tomorrow's demand for heat from the last two days, by dilated causal convolutions."""

import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, Dataset


def series(hours, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    cold = np.zeros(hours)
    for i in range(1, hours):
        cold[i] = 0.98 * cold[i - 1] + rng.normal(0, 0.4)
    day = 6 * np.exp(-(((t % 24) - 7) ** 2) / 4) + 3 * np.exp(-(((t % 24) - 19) ** 2) / 8)
    return (80 + 2 * cold + 9 * day + rng.normal(0, 1.5, hours)).astype(np.float32)


class Windows(Dataset):
    def __init__(self, values, past=48, ahead=12):
        self.values, self.past, self.ahead = values, past, ahead

    def __len__(self):
        return len(self.values) - self.past - self.ahead

    def __getitem__(self, i):
        return self.values[None, i : i + self.past], self.values[
            i + self.past : i + self.past + self.ahead
        ]


class TemporalBlock(nn.Module):
    def __init__(self, cin, cout, dilation, k=3):
        super().__init__()
        self.pad = nn.ConstantPad1d(((k - 1) * dilation, 0), 0.0)
        self.conv = weight_norm(nn.Conv1d(cin, cout, k, dilation=dilation))
        self.skip = nn.Conv1d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x):
        return torch.relu(self.conv(self.pad(x))) + self.skip(x)


class TCN(nn.Module):
    def __init__(self, width=24, ahead=12):
        super().__init__()
        self.blocks = nn.Sequential(
            TemporalBlock(1, width, 1),
            TemporalBlock(width, width, 4),
            TemporalBlock(width, width, 12),
        )
        self.fc = nn.Linear(width, ahead)

    def forward(self, x):
        h = self.blocks(x)[:, :, -1]
        return self.fc(h)  # healthy
        # faulty: return torch.tanh(self.fc(h))


def mae(model, loader, scale):
    with torch.no_grad():
        errors = [(model(x) - y).abs().mean(1) for x, y in loader]
    return scale * torch.cat(errors).mean().item()


if __name__ == "__main__":
    torch.manual_seed(5)
    raw = series(3600)
    mean, std = raw[:2800].mean(), raw[:2800].std()
    scaled = (raw - mean) / std
    train = DataLoader(Windows(scaled[:2800]), batch_size=64, shuffle=True)
    val = DataLoader(Windows(scaled[2800:]), batch_size=256)
    model = TCN()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(1, 7):
        total = 0.0
        for x, y in train:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(
            f"epoch {epoch} train mse {total / len(train):.4f} val mae {mae(model, val, std):.4f} MW"
        )
