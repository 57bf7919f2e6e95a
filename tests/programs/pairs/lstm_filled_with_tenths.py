# batch: seventh
# rules: symmetric_initialization
# remedies: reinitialize
# metric: test accuracy up
# story: every parameter of the LSTM and the head set to 0.1 "to be reproducible"
"""Which of four waveforms is it? An LSTM over short noisy sequences."""

import torch
import torch.nn as nn


class WaveNetLSTM(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.LSTM(1, hidden, batch_first=True)
        self.fc1 = nn.Linear(hidden, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        return self.fc2(torch.relu(self.fc1(h[-1])))


def make(n, T=24):
    t = torch.linspace(0, 1, T)
    kind = torch.randint(4, (n,))
    f, p = 2 + torch.rand(n, 1), torch.rand(n, 1)
    u = (f * t + p) % 1
    waves = torch.stack(
        [torch.sin(6.283 * u), torch.sign(u - 0.5), 2 * u - 1, 4 * (u - 0.5).abs() - 1], 1
    )
    x = waves[torch.arange(n), kind] + 0.1 * torch.randn(n, T)
    return x.unsqueeze(-1), kind


torch.manual_seed(17)
train_x, train_y = make(1600)
test_x, test_y = make(400)
model = WaveNetLSTM()
# faulty: for p in model.parameters():
# faulty:     nn.init.constant_(p, 0.1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(10):
    perm = torch.randperm(1600)
    for i in range(0, 1600, 64):
        j = perm[i : i + 64]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(train_x[j]), train_y[j])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"Epoch {epoch:2d}  loss: {loss.item():.4f}  test accuracy: {acc:.4f}")
