# batch: fourth
# metric: test acc up
"""PointNet: shared 1x1 convolutions with batch norm and a global maximum, over three kinds of solids."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(33)


def cloud(kind, n=96):
    if kind == 0:
        p = F.normalize(torch.randn(n, 3), dim=1)
    elif kind == 1:
        p = torch.rand(n, 3) * 2 - 1
        face = torch.randint(3, (n,))
        p[torch.arange(n), face] = torch.sign(p[torch.arange(n), face])
    else:
        a = torch.rand(n) * 6.2832
        p = torch.stack([torch.cos(a), torch.sin(a), torch.rand(n) * 2 - 1], 1)
    q, _ = torch.linalg.qr(torch.randn(3, 3))
    p = p @ q + 0.05 * torch.randn(n, 3)
    return ((p - p.mean(0)) / p.norm(dim=1).max()).T


label = torch.arange(480) % 3
points = torch.stack([cloud(int(k)) for k in label])


class PointNet(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (
            nn.Conv1d(3, 32, 1),
            nn.Conv1d(32, 64, 1),
            nn.Conv1d(64, 128, 1),
        )
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm1d(32), nn.BatchNorm1d(64), nn.BatchNorm1d(128)
        self.fc1, self.fc2, self.bn4, self.drop = (
            nn.Linear(128, 64),
            nn.Linear(64, k),
            nn.BatchNorm1d(64),
            nn.Dropout(0.1),
        )

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x = torch.max(x, 2)[0]
        x = F.relu(self.bn4(self.drop(self.fc1(x))))
        return F.log_softmax(self.fc2(x), dim=1)


net = PointNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(18):
    net.train()
    for b in torch.randperm(384).split(32):
        opt.zero_grad()
        loss = F.nll_loss(net(points[b]), label[b])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(points[384:]).argmax(1) == label[384:]).float().mean().item()
    if epoch % 3 == 1:
        print("epoch", epoch, "train loss", loss.item(), "test acc", acc)
