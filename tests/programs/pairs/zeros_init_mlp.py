# rules: symmetric_initialization poor_initialization born_dead
# remedies: reinitialize
# metric: accuracy up
# story: all weights set to zero "so that the start is neutral"
"""Classify iris."""

import torch
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from torch import nn

torch.manual_seed(0)
iris = load_iris()
x = torch.tensor(StandardScaler().fit_transform(iris.data), dtype=torch.float32)
y = torch.tensor(iris.target)
perm = torch.randperm(150)
train, test = perm[:110], perm[110:]


class IrisNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 16)
        self.l2 = nn.Linear(16, 16)
        self.l3 = nn.Linear(16, 3)
        self.reset()

    def reset(self):
        for layer in (self.l1, self.l2, self.l3):
            nn.init.xavier_uniform_(layer.weight)  # healthy
            # faulty: nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = self.l1(x).relu()
        x = self.l2(x).relu()
        return self.l3(x)


net = IrisNet()
opt = torch.optim.RMSprop(net.parameters(), lr=0.01)
for epoch in range(120):
    loss = nn.functional.cross_entropy(net(x[train]), y[train])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 20 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f}")
print(f"accuracy {(net(x[test]).argmax(1) == y[test]).float().mean().item():.3f}")
