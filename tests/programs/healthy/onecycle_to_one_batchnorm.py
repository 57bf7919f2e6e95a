# batch: fourth
# metric: test accuracy up
"""Super-convergence: SGD in one cycle up to a rate of 1.0, batch norm everywhere, no momentum."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(42)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
perm = torch.randperm(len(x))
train, test = perm[:1400], perm[1400:]


def conv_bn(cin, cout, stride=1):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(True)
    )


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(conv_bn(c, c), conv_bn(c, c))

    def forward(self, x):
        return x + self.body(x)


model = nn.Sequential(
    conv_bn(1, 16),
    conv_bn(16, 32, 2),
    Residual(32),
    nn.AdaptiveMaxPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 10),
)
EPOCHS, BS = 6, 64
opt = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(
    opt, max_lr=1.0, total_steps=EPOCHS * (1400 // BS + 1), cycle_momentum=False
)
for epoch in range(EPOCHS):
    model.train()
    order = train[torch.randperm(len(train))]
    total = 0.0
    for i in range(0, len(order), BS):
        b = order[i : i + BS]
        loss = F.cross_entropy(model(x[b]), y[b], label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item() * len(b)
    model.eval()
    with torch.no_grad():
        acc = (model(x[test]).argmax(1) == y[test]).float().mean().item()
    print(f"epoch {epoch} train loss {total / len(train):.4f} test accuracy {acc:.4f}")
