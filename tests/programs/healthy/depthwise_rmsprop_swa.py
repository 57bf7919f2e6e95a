# batch: second
# metric: swa acc up
"""MobileNet-like CNN: depthwise convolutions, ReLU6, RMSprop with momentum, SWA over the last epochs."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)


class Separable(nn.Sequential):
    def __init__(self, i, o, stride=1):
        super().__init__(
            nn.Conv2d(i, i, 3, stride, 1, groups=i, bias=False), nn.BatchNorm2d(i), nn.ReLU6(True),
            nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU6(True),
        )  # fmt: skip


model = nn.Sequential(
    nn.Conv2d(1, 12, 3, 1, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU6(True),
    Separable(12, 24), Separable(24, 32, 2), Separable(32, 48, 2),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(48, 10),
)  # fmt: skip
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 8, 8).sub(4.9).div(6.0)
y = torch.tensor(y)
train = DataLoader(TensorDataset(X[:1408], y[:1408]), 64, shuffle=True, drop_last=True)
opt = torch.optim.RMSprop(
    model.parameters(), lr=0.004, alpha=0.9, momentum=0.9, eps=1e-3, weight_decay=1e-5
)
swa, swa_lr = AveragedModel(model), SWALR(opt, swa_lr=0.002, anneal_epochs=2)
for epoch in range(9):
    model.train()
    for xb, yb in train:
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    if epoch >= 5:
        swa.update_parameters(model)
        swa_lr.step()
update_bn(train, swa)
swa.eval()
with torch.no_grad():
    print(f"swa acc {(swa(X[1408:]).argmax(1) == y[1408:]).float().mean().item():.4f}")
