# batch: seventh
# metric: hard accuracy up
"""A curriculum: the noise on the training signals rises in four stages."""

import torch
import torch.nn as nn

torch.manual_seed(50)
T = 40
shapes = torch.stack([torch.sin(torch.linspace(0, 6.28 * k, T)) for k in (1, 2, 3, 4, 5)])


def signals(n, noise):
    k = torch.randint(5, (n,))
    shift = torch.randint(T, (n,))
    idx = (torch.arange(T) + shift[:, None]) % T
    return shapes[k].gather(1, idx)[:, None] + noise * torch.randn(n, 1, T), k


model = nn.Sequential(
    nn.Conv1d(1, 16, 7, padding=3), nn.GroupNorm(4, 16), nn.Mish(), nn.MaxPool1d(2),
    nn.Conv1d(16, 32, 5, padding=2), nn.GroupNorm(4, 32), nn.Mish(), nn.AdaptiveAvgPool1d(1),
    nn.Flatten(), nn.Linear(32, 5),
)  # fmt: skip
opt = torch.optim.NAdam(model.parameters(), lr=3e-3)
for stage, noise in enumerate((0.1, 0.4, 0.8, 1.2)):
    for it in range(80):
        x, k = signals(64, noise)
        loss = nn.functional.cross_entropy(model(x), k)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        x, k = signals(600, 1.2)
        acc = (model(x).argmax(1) == k).float().mean().item()
    print(f"stage {stage} noise {noise} loss {loss.item():.4f} hard accuracy {acc:.4f}")
