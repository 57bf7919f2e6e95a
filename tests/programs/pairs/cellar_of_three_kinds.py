# batch: seventeenth
# rules: unsuitable_output_activation
# remedies: add_activation swap_activation
# metric: nll down
# story: the negative log likelihood was given plain scores, without the softmax that it counts on, and fell below nought without end (the missing softmax of UMLAUT, Schoop et al. 2021; often asked about NLLLoss)
"""Three kinds of wine, and how sure the net is of the right one."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale
from torch import nn


class Cellar(nn.Module):
    def __init__(self, inputs, kinds):
        super().__init__()
        self.one = nn.Linear(inputs, 32)
        self.two = nn.Linear(32, 32)
        self.last = nn.Linear(32, kinds)

    def forward(self, x):
        x = F.relu(self.two(F.relu(self.one(x))))
        return F.log_softmax(self.last(x), dim=-1)  # healthy
        # faulty: return self.last(x)


torch.manual_seed(2)
wine = load_wine()
x = torch.tensor(scale(wine.data), dtype=torch.float32)
y = torch.tensor(wine.target)
order = torch.randperm(len(x))
a, b = order[:120], order[120:]
net = Cellar(13, 3)
loss_fn = nn.NLLLoss()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(1, 61):
    for part in a[torch.randperm(len(a))].split(12):
        opt.zero_grad()
        loss = loss_fn(net(x[part]), y[part])
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        with torch.no_grad():
            nll = F.cross_entropy(net(x[b]), y[b]).item()
            hit = (net(x[b]).argmax(-1) == y[b]).float().mean().item()
        print(f"{epoch:3d} | loss {loss.item():.4f} | test nll {nll:.4f} | test hits {hit:.3f}")
