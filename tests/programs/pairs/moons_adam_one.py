# rules: learning_rate_too_high dying_relu saturated_activation
# remedies: lower_learning_rate
# metric: accuracy up
# story: "Adam works with any rate", so lr=1
"""Two moons."""

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn

np.random.seed(0)
torch.manual_seed(0)
X, y = make_moons(600, noise=0.15, random_state=0)
X = torch.from_numpy(X).float()
y = torch.from_numpy(y).long()


class MoonNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, hidden), nn.Linear(hidden, hidden)])
        self.head = nn.Linear(hidden, 2)
        self.act = nn.ReLU()

    def forward(self, x):
        for layer in self.layers:
            x = self.act(layer(x))
        return self.head(x)


net = MoonNet()
opt = torch.optim.Adam(net.parameters(), lr=0.01)  # healthy
# faulty: opt = torch.optim.Adam(net.parameters(), lr=2.0)
loss_fn = nn.CrossEntropyLoss()
for it in range(200):
    batch = torch.randint(0, 450, (64,))
    loss = loss_fn(net(X[batch]), y[batch])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 50 == 49:
        print("iter", it + 1, "loss", round(loss.item(), 4))
acc = (net(X[450:]).argmax(-1) == y[450:]).float().mean()
print("accuracy: %.3f" % acc.item())
