# batch: eighth
# metric: bits down
"""PixelCNN: masked convolutions, gated tanh-sigmoid units, binary pixels."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(878)
X = (torch.tensor(load_digits().images) > 7).float().unsqueeze(1)


class Masked(nn.Conv2d):
    def __init__(self, i, o, k, first):
        super().__init__(i, o, k, padding=k // 2)
        m = torch.ones(k, k)
        m[k // 2, k // 2 + (not first) :] = 0
        m[k // 2 + 1 :] = 0
        self.register_buffer("m", m)

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight * self.m, self.bias, padding=self.padding)


class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv, self.mix = Masked(c, 2 * c, 3, False), nn.Conv2d(c, c, 1)

    def forward(self, x):
        a, b = self.conv(x).chunk(2, 1)
        return x + self.mix(torch.tanh(a) * torch.sigmoid(b))


net = nn.Sequential(
    Masked(1, 32, 5, True), Gate(32), Gate(32), Gate(32), nn.ReLU(), nn.Conv2d(32, 1, 1)
)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(5):
    for i in torch.randperm(1500).split(50):
        loss = nn.functional.binary_cross_entropy_with_logits(net(X[i]), X[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "bits",
            nn.functional.binary_cross_entropy_with_logits(net(X[1500:]), X[1500:]).item() / 0.6931,
        )
