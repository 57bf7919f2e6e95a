# batch: fifteenth
# rules: symmetric_initialization
# remedies: reinitialize
# metric: val top1 up
# story: a function for apply filled all weights with one small constant, and all filters of a layer stayed alike (cs231n.github.io/neural-networks-2)
"""Five kinds of texture, a small convolutional network in scripted form."""

import torch
from torch import nn

torch.manual_seed(70)


def init_weights(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(m.weight)  # healthy
        # faulty: nn.init.constant_(m.weight, 0.01)
        nn.init.zeros_(m.bias)


def textures(n, size=16):
    kind = torch.randint(5, (n,))
    v, u = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")
    shift = torch.rand(n, 1, 1) * 6.28
    waves = torch.stack([
        torch.sin(1.2 * u + shift), torch.sin(1.2 * v + shift),
        torch.sin(0.85 * (u + v) + shift), torch.sin(0.85 * (u - v) + shift),
        torch.sin(1.2 * u + shift) * torch.sin(1.2 * v + shift) * 1.4,
    ], 1)  # fmt: skip
    image = waves[torch.arange(n), kind] + 0.8 * torch.randn(n, size, size)
    return image.unsqueeze(1), kind


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Linear(32 * 16, 64), nn.ReLU(), nn.Linear(64, 5))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


net = Net()
net.apply(init_weights)
net = torch.jit.script(net)
x, y = textures(1500)
xv, yv = textures(500)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(8):
    for rows in torch.randperm(len(x)).split(50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        top1 = (net(xv).argmax(1) == yv).float().mean()
    print(f"{epoch + 1}/8 - train loss {loss.item():.3f} - val top1 {100 * top1:.2f}%")
