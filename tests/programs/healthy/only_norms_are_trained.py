# batch: tenth
# metric: acc up
"""Random convolutions stay as drawn; the scales and shifts of batch norm and a head learn."""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=15)
parser.add_argument("--width", type=int, default=48)
opt = parser.parse_args()
torch.manual_seed(1038)


def stage(a, b, stride):
    return nn.Sequential(
        nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)
    )


w = opt.width
model = nn.Sequential(
    stage(1, w, 1),
    stage(w, w, 2),
    stage(w, w, 2),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(w, 10),
)
for module in model.modules():
    if isinstance(module, nn.Conv2d):
        module.requires_grad_(False)
print("trained:", sum(p.numel() for p in model.parameters() if p.requires_grad))

d = load_digits()
x = (torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) - 4.9) / 6.0
y = torch.tensor(d.target)
norms = [p for p in model[:3].parameters() if p.requires_grad]
optimizers = [
    torch.optim.Adam(norms, 1e-2),
    torch.optim.SGD(model[-1].parameters(), 0.1, momentum=0.9),
]
for epoch in range(opt.epochs):
    model.train()
    for rows in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        model.zero_grad()
        loss.backward()
        for o in optimizers:
            o.step()
    model.eval()
    with torch.no_grad():
        print(
            f"epoch {epoch}: acc {(model(x[1400:]).argmax(1) == y[1400:]).float().mean().item():.4f}"
        )
