# batch: second
# rules: poor_initialization vanishing_gradient
# remedies: reinitialize insert_normalization
# metric: val accuracy up
# story: AlexNet's normal(0, 0.01) init in a net of ten layers: the signal is gone after four
"""VGG-like net, SGD with momentum, for digits."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class VGG(nn.Module):
    cfg = (16, 16, "M", 24, 24, "M", 32, 32)

    def __init__(self):
        super().__init__()
        layers, c = [], 1
        for v in self.cfg:
            if v == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(c, v, 3, padding=1), nn.ReLU(inplace=True)]
                c = v
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(32 * 4, 64), nn.ReLU(True), nn.Linear(64, 10)
        )
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(m):
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")  # healthy
            # faulty: nn.init.normal_(m.weight, 0, 0.01)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.classifier(self.features(x))


def run_epoch(net, x, y, opt):
    net.train()
    for idx in torch.randperm(len(x)).split(64):
        opt.zero_grad()
        F.cross_entropy(net(x[idx]), y[idx]).backward()
        opt.step()


torch.manual_seed(0)
d = load_digits()
xa, xb, ya, yb = train_test_split(
    d.images / 16.0, d.target, test_size=0.25, random_state=0, stratify=d.target
)
xa, xb = (torch.tensor(v, dtype=torch.float32)[:, None] for v in (xa, xb))
ya, yb = torch.tensor(ya), torch.tensor(yb)
net = VGG()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
for epoch in range(12):
    run_epoch(net, xa, ya, opt)
    net.eval()
    with torch.no_grad():
        acc = (net(xb).argmax(1) == yb).float().mean().item()
    print(f"[{epoch + 1:02d}] val accuracy {100 * acc:.2f}%")
