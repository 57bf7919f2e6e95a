# batch: sixth
# rules: learning_rate_too_low
# remedies: raise_learning_rate
# metric: accuracy up
# story: Adadelta with the 0.001 that Keras took as its default from TensorFlow 2 on; its paper, and torch, have 1.0
"""Classify spoken-digit-like contours (synthetic) with a 1-D CNN."""

import torch
from torch import nn

torch.manual_seed(30)
SHAPES = torch.stack([torch.sin(torch.linspace(0, 3.14 * k, 40) + k) for k in range(1, 7)])


def contours(n):
    y = torch.randint(0, 6, (n,))
    x = SHAPES[y] * (0.7 + 0.6 * torch.rand(n, 1)) + 0.4 * torch.randn(n, 40)
    return x.unsqueeze(1), y


model = nn.Sequential(
    nn.Conv1d(1, 16, 5, padding=2),
    nn.ReLU(),
    nn.MaxPool1d(4),
    nn.Conv1d(16, 16, 5, padding=2),
    nn.ReLU(),
    nn.AdaptiveAvgPool1d(4),
    nn.Flatten(),
    nn.Linear(64, 6),
)
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)  # healthy
# faulty: optimizer = torch.optim.Adadelta(model.parameters(), lr=0.001)
for step in range(300):
    x, y = contours(64)
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 60 == 59:
        print("step", step + 1, "loss", loss.item())
with torch.inference_mode():
    x, y = contours(1500)
    print("accuracy", (model(x).argmax(1) == y).float().mean().item())
