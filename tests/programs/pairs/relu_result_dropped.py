# batch: sixth
# rules: missing_activation
# remedies: add_activation
# metric: test accuracy up
# story: F.relu(x) is called and its result dropped: it is not in place, so the net is linear
"""Two spirals... no: two rings, far simpler, and still 50 %?"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class RingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 48)
        self.fc2 = nn.Linear(48, 48)
        self.fc3 = nn.Linear(48, 2)

    def forward(self, x):
        x = self.fc1(x)
        x = F.relu(x)  # healthy
        # faulty: F.relu(x)
        x = self.fc2(x)
        x = F.relu(x)  # healthy
        # faulty: F.relu(x)
        return self.fc3(x)


def rings(n):
    label = torch.arange(n) % 2
    direction = F.normalize(torch.randn(n, 6), dim=1)
    radius = 1.0 + label.unsqueeze(1) + 0.2 * torch.randn(n, 1)
    return direction * radius, label


torch.manual_seed(45)
net = RingNet()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(500):
    x, y = rings(64)
    loss = F.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if (step + 1) % 100 == 0:
        print("step", step + 1, "loss", f"{loss.item():.4f}")
x, y = rings(2000)
print("test accuracy:", (net(x).argmax(1) == y).float().mean().item())
