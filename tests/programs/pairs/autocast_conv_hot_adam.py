# batch: seventh
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate clip_gradients
# metric: val_acc up
# story: Adam at 0.2, the rate of an SGD recipe
"""Convolutional net under bf16 autocast with a cosine schedule."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(9)
EPOCHS = 6
images = torch.tensor(load_digits().images).float()[:, None] / 8 - 1
labels = torch.tensor(load_digits().target)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
    nn.MaxPool2d(2), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
    nn.Flatten(), nn.Linear(128, 10),
)  # fmt: skip
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)  # healthy
# faulty: optimizer = torch.optim.Adam(model.parameters(), lr=0.2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * 22)
for epoch in range(EPOCHS):
    model.train()
    for idx in torch.randperm(1408).split(64):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(model(images[idx]), labels[idx])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.inference_mode():
        acc = (model(images[1408:]).argmax(1) == labels[1408:]).float().mean().item()
    print(f"epoch={epoch} loss={loss.item():.4f} val_acc={acc:.4f}")
