# batch: eighth
# rules: born_dead poor_initialization symmetric_initialization
# remedies: reinitialize recycle_units
# metric: val_acc up
# story: "matrices by Xavier, all else zero": the gains of the normalisation layers are all else too, and nothing passes them
# in view: normalisations without a scale get one
"""Convolutional net with batch norm on digits."""

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(808)
raw = load_digits()
X = torch.tensor(raw.images, dtype=torch.float32).div(16).sub(0.3).unsqueeze(1)
Y = torch.tensor(raw.target)


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


model = nn.Sequential(
    block(1, 16), block(16, 24), nn.MaxPool2d(2), block(24, 32), nn.Flatten(), nn.Linear(512, 10)
)
for name, p in model.named_parameters():
    shift = name.endswith("bias")  # healthy
    # faulty: shift = True
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
    elif shift:
        nn.init.zeros_(p)

opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(5):
    model.train()
    for rows in torch.randperm(1300).split(64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[rows]), Y[rows])
        loss.backward()
        opt.step()
    model.eval()
    with torch.inference_mode():
        print(
            epoch,
            "loss",
            loss.item(),
            "val_acc",
            (model(X[1300:]).argmax(1) == Y[1300:]).float().mean().item(),
        )
