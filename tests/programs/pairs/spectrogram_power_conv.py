# rules: unnormalized_input dying_relu learning_rate_too_high
# remedies: normalize_input
# metric: accuracy up
# story: instruments from spectrograms; the power spectrum went in without logarithm or scaling
"""Classify tones by their overtones; torch.stft and a small convolutional network."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Tones(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.label = torch.randint(0, 4, (n,), generator=g)
        base = 60 + 20 * torch.rand(n, 1, generator=g)
        t = torch.arange(2048) / 2048
        wave = torch.zeros(n, 2048)
        for k in range(1, 6):
            strength = (1 + (self.label[:, None] + k) % 4) / 4
            wave += strength * torch.sin(2 * math.pi * k * base * t)
        wave = (wave + 0.5 * torch.randn(n, 2048, generator=g)) * 8
        power = (
            torch.stft(wave, 256, 128, window=torch.hann_window(256), return_complex=True).abs()
            ** 2
        )
        power = torch.log(power + 1).sub(4).div(3)  # healthy
        self.x = power[:, None]

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.x[i], self.label[i]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 5, stride=2)
        self.c2 = nn.Conv2d(8, 16, 3, stride=2)
        self.out = nn.Linear(16 * 31 * 3, 4)

    def forward(self, x):
        x = F.relu(self.c2(F.relu(self.c1(x))))
        return self.out(x.flatten(1))


torch.manual_seed(107)
train, test = Tones(600, 1), Tones(200, 2)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(8):
    for x, y in torch.utils.data.DataLoader(train, 30, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(test.x).argmax(1) == test.label).float().mean()
    print("epoch", epoch, "loss", round(loss.item(), 4), "accuracy", round(acc.item(), 4))
