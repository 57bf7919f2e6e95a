# batch: eleventh
# rules: learning_rate_too_low vanishing_gradient
# remedies: raise_learning_rate
# metric: test_acc up
# story: gradients were clipped while the loss scaler's factor of 65536 was still in them, so that what came to the optimiser was a 65536th of the bound (docs.pytorch.org/docs/stable/notes/amp_examples.html, gradient clipping)
"""ResNet on digits in bfloat16 with a gradient scaler and clipping."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.short = nn.Identity()
        if stride != 1 or cin != cout:
            self.short = nn.Sequential(nn.Conv2d(cin, cout, 1, stride), nn.BatchNorm2d(cout))

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + self.short(x))


def resnet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 1, 1),
        nn.BatchNorm2d(16),
        nn.ReLU(inplace=True),
        BasicBlock(16, 16),
        BasicBlock(16, 32, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def main(epochs=6, lr=0.1, clip=1.0):
    torch.manual_seed(1112)
    d = load_digits()
    x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
    x, y = (x - 0.305) / 0.376, torch.tensor(d.target)
    loader = DataLoader(TensorDataset(x[:1437], y[:1437]), batch_size=64, shuffle=True)
    model = resnet()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=1e-4)
    scaler = torch.amp.GradScaler("cpu")
    for epoch in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(xb), yb)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)  # healthy
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()
        model.eval()
        with torch.no_grad():
            acc = (model(x[1437:]).argmax(1) == y[1437:]).float().mean().item()
        print(f"epoch={epoch} train_loss={loss.item():.4f} test_acc={acc:.4f}")


main()
