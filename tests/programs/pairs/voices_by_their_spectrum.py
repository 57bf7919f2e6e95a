# batch: seventeenth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: test accuracy up
# story: a speaker recogniser of residual one-dimensional convolutions got plain SGD at a rate that had been meant for Adam, after many epochs it still guessed (github.com/dlfaults/deepcrime, operator that changes the optimiser, audio)
"""Who spoke: residual convolutions over the spectrum of a short recording."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(43)
SPEAKERS, SAMPLES = 5, 256


class Residual(nn.Module):
    def __init__(self, channels_in, channels, convolutions):
        super().__init__()
        self.shortcut = nn.Conv1d(channels_in, channels, 1)
        widths = [channels_in] + [channels] * convolutions
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:])
        )

    def forward(self, x):
        s = self.shortcut(x)
        for conv in self.convolutions[:-1]:
            x = F.relu(conv(x))
        return F.max_pool1d(F.relu(self.convolutions[-1](x) + s), 2)


class Recogniser(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Residual(1, 8, 2), Residual(8, 16, 2), Residual(16, 32, 3))
        self.dense = nn.Linear(32 * 16, 64)
        self.output = nn.Linear(64, SPEAKERS)

    def forward(self, sound):
        spectrum = torch.fft.rfft(sound).abs()[:, : SAMPLES // 2] / math.sqrt(SAMPLES)
        x = self.blocks(spectrum.unsqueeze(1))
        return self.output(F.relu(self.dense(x.flatten(1))))


def recordings(n):
    who = torch.randint(SPEAKERS, (n,))
    t = torch.arange(SAMPLES) / SAMPLES
    pitch = (14 + 2.0 * who + 2.0 * torch.randn(n)).unsqueeze(1)
    timbre = torch.tensor(
        [[1, 0.3, 0.8], [0.4, 1, 0.3], [1, 0.9, 0.1], [0.5, 0.2, 1], [0.8, 0.8, 0.8]]
    )
    sound = 0.3 * torch.randn(n, SAMPLES)
    for k in range(3):
        phase = 2 * math.pi * torch.rand(n, 1)
        loud = timbre[who, k].unsqueeze(1) * (1 + 0.2 * torch.randn(n, 1))
        sound += loud * torch.sin(2 * math.pi * (k + 1) * pitch * t + phase)
    return sound, who


sound, who = recordings(1500)
model = Recogniser()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)  # healthy
# faulty: optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
for epoch in range(1, 11):
    for rows in torch.randperm(1200).split(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(sound[rows]), who[rows])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = (model(sound[1200:]).argmax(1) == who[1200:]).float().mean()
    print(f"epoch {epoch:2d}: loss {loss.item():.3f}, test accuracy {right.item():.3f}")
