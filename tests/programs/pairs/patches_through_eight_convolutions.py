# batch: seventeenth
# rules: vanishing_gradient unsuitable_activation
# remedies: swap_activation insert_normalization reinitialize
# metric: val_accuracy up
# story: eight convolutions and a dense layer with sigmoids and no normalisation on colour images under Adam, the early layers got no gradient and the accuracy stayed at chance (github.com/shiningrain/AUTOTRAINER, GradientVanish/case16-cnn)
"""Five kinds of colour patches, eight small convolutions, a dense layer, Adam."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)
LABELS, SIZE = 5, 12


def patches(n):
    kind = torch.randint(LABELS, (n,))
    axis = torch.linspace(-1, 1, SIZE)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    dx, dy = 0.4 * torch.rand(2, n, 1, 1) - 0.2
    u, v = u - dx, v - dy
    shapes = torch.stack(
        [
            (u * u + v * v < 0.3).float(),
            (u.abs().maximum(v.abs()) < 0.5).float(),
            ((u.abs() < 0.2) | (v.abs() < 0.2)).float(),
            (v > u.abs() - 0.3).float() * (v < 0.5).float(),
            ((u * u + v * v - 0.4).abs() < 0.2).float(),
        ],
        1,
    )
    shape = shapes[torch.arange(n), kind].unsqueeze(1)
    ink, paper = torch.rand(2, n, 3, 1, 1)
    image = ink * shape + paper * (1 - shape) + 0.05 * torch.randn(n, 3, SIZE, SIZE)
    return image.clamp(0, 1), kind


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [3, 12, 12, 12, 12, 20, 20, 20, 20]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(channels, channels[1:])
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels[1:])  # healthy
        self.dense = nn.Linear(20 * 9, 64)
        self.out = nn.Linear(64, LABELS)
        for m in [*self.convs, self.dense, self.out]:
            nn.init.xavier_uniform_(m.weight)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = torch.relu(self.norms[i](conv(x)))  # healthy
            # faulty: x = torch.sigmoid(conv(x))
            if i in (3, 7):
                x = F.max_pool2d(x, 2)
        x = torch.relu(self.dense(x.flatten(1)))  # healthy
        # faulty: x = torch.sigmoid(self.dense(x.flatten(1)))
        return self.out(x)


x, y = patches(1900)
loader = DataLoader(TensorDataset(x[:1600], y[:1600]), batch_size=50, shuffle=True)
model = ConvNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(8):
    model.train()
    for xb, yb in loader:
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x[1600:]).argmax(1) == y[1600:]).float().mean().item()
    print(f"epoch {epoch + 1}: loss={loss.item():.4f} val_accuracy={accuracy:.4f}")
