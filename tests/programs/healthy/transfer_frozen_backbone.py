# metric: val acc up
"""Train a backbone, freeze it on purpose, put it in eval mode, train a new head only."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
X = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(digits.target)
backbone = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1),
    nn.BatchNorm2d(12),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1),
    nn.BatchNorm2d(24),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
)
head = nn.Linear(96, 2)
opt = torch.optim.Adam([*backbone.parameters(), *head.parameters()], lr=3e-3)
for b in torch.randperm(1200).repeat(2).split(40):
    loss = nn.functional.cross_entropy(head(backbone(X[b])), (y[b] % 2))
    opt.zero_grad()
    loss.backward()
    opt.step()
print("odd/even loss", loss.item())
for p in backbone.parameters():
    p.requires_grad = False
backbone.eval()
new_head = nn.Linear(96, 10)
model = nn.Sequential(backbone, new_head)
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-2)
for epoch in range(6):
    for b in torch.randperm(1200).split(40):
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (model(X[1200:]).argmax(1) == y[1200:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} val acc {acc:.4f}")
