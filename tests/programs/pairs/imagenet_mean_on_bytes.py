# batch: eighth
# rules: unnormalized_input
# remedies: normalize_input insert_normalization
# metric: acc up
# story: (x - 0.485) / 0.229 applied to bytes of 0..255 instead of values of 0..1: inputs reach a thousand
"""Tell four textures apart."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(825)


class Textures(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.kind = torch.randint(0, 4, (n,), generator=g)
        t = torch.arange(16.0)
        phase = torch.rand(n, 1, 1, generator=g) * 6.3
        rows, cols = t[None, :, None], t[None, None, :]
        waves = torch.stack(
            [
                torch.sin(rows + phase) + 0 * cols,
                torch.sin(cols + phase) + 0 * rows,
                torch.sin(0.7 * (rows + cols) + phase),
                torch.sin(0.7 * (rows - cols) + phase),
            ],
            1,
        )
        clean = waves[torch.arange(n), self.kind]
        self.bytes = (
            (128 + 50 * clean + 50 * torch.randn(n, 16, 16, generator=g))
            .clamp(0, 255)
            .to(torch.uint8)
        )

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        image = self.bytes[i].float()
        image = image / 255  # healthy
        return ((image - 0.485) / 0.229).unsqueeze(0), self.kind[i]


net = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1),
    nn.Tanh(),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(24 * 16, 48),
    nn.Tanh(),
    nn.Linear(48, 4),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
train, test = DataLoader(Textures(1200, 1), 40, shuffle=True), DataLoader(Textures(400, 2), 400)
for epoch in range(5):
    for x, y in train:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for x, y in test:
            print(
                "epoch",
                epoch,
                "loss",
                loss.item(),
                "acc",
                (net(x).argmax(1) == y).float().mean().item(),
            )
