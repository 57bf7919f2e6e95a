# rules: missing_activation
# remedies: add_activation
# metric: accuracy up
# story: convolutions follow each other directly; F.relu was lost in a merge
"""Tell vertical from horizontal bars of random sign."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
n = 1000
y = torch.randint(0, 2, (n,))
x = 0.3 * torch.randn(n, 1, 10, 10)
for i in range(n):
    k = int(torch.randint(0, 10, ()))
    s = 1.0 if torch.rand(()) < 0.5 else -1.0
    if y[i]:
        x[i, 0, k, :] += s
    else:
        x[i, 0, :, k] += s


class BarNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2)
        self.fc1 = nn.Linear(16 * 16, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)  # healthy
        x = self.conv2(x)
        x = F.relu(x)  # healthy
        x = self.fc1(x.flatten(1))
        x = F.relu(x)  # healthy
        return self.fc2(x)


net = BarNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    for b in torch.randperm(800).split(40):
        loss = F.cross_entropy(net(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(x[800:]).argmax(1) == y[800:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} accuracy {acc:.4f}")
