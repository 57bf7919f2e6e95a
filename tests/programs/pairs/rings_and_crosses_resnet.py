# batch: fifteenth
# rules: learning_rate_too_high exploding_gradient
# remedies: lower_learning_rate clip_gradients
# metric: val_acc up
# story: the line that clears the gradients was lost when the loop was rewritten, and each step took all gradients so far (discuss.pytorch.org; asked again and again)
"""A small residual network tells noisy rings, crosses, bars and squares apart."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(77)


def pictures(n, size=14):
    axis = torch.linspace(-1, 1, size)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    label = torch.randint(4, (n,))
    cx, cy = (torch.rand(2, n, 1, 1) - 0.5) * 0.8
    r = 0.3 + 0.25 * torch.rand(n, 1, 1)
    u, v = u - cx, v - cy
    kinds = torch.stack(
        [
            ((u**2 + v**2).sqrt() - r).abs() < 0.12,
            ((u.abs() < 0.1) | (v.abs() < 0.1)) & (u.abs() < r) & (v.abs() < r),
            (u.abs() < 0.12) & (v.abs() < 1.5 * r),
            (torch.maximum(u.abs(), v.abs()) - r).abs() < 0.12,
        ],
        1,
    ).float()
    image = kinds[torch.arange(n), label].unsqueeze(1)
    return image + 0.3 * torch.randn_like(image), label


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if stride != 1 or cin != cout:
            self.shortcut = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 12, 3, 1, 1)
        self.layers = nn.Sequential(BasicBlock(12, 12), BasicBlock(12, 24, 2), BasicBlock(24, 24))
        self.fc = nn.Linear(24, 4)

    def forward(self, x):
        out = self.layers(F.relu(self.stem(x)))
        return self.fc(out.mean((2, 3)))


x, y = pictures(1280)
xv, yv = pictures(500)
net = ResNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for epoch in range(7):
    net.train()
    running = 0.0
    for rows in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()  # healthy
        loss = F.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        running += loss.item()
    net.eval()
    with torch.no_grad():
        val_acc = (net(xv).argmax(1) == yv).float().mean().item()
    print(f"Epoch {epoch + 1}: loss={running / 20:.4f} val_acc={val_acc:.4f}")
