# batch: seventeenth
# rules: learning_rate_too_high dying_relu
# remedies: lower_learning_rate recycle_units
# metric: val_acc up
# story: scikit-learn's three blobs, a stack of small ReLU layers and far too large a step: loss and accuracy jumped up and down (github.com/shiningrain/AUTOTRAINER, Oscillating_Loss_Case, blob)
"""Three overlapping blobs in the plane."""

import torch
import torch.nn.functional as F
from sklearn.datasets import make_blobs

torch.manual_seed(2)
X, y = make_blobs(n_samples=1000, centers=3, n_features=2, cluster_std=2, random_state=2)
X, y = torch.tensor(X).float(), torch.tensor(y)


class Net(torch.nn.Module):
    def __init__(self, hidden=(50, 50, 50)):
        super().__init__()
        sizes = [2, *hidden]
        self.hidden = torch.nn.ModuleList(map(torch.nn.Linear, sizes, sizes[1:]))
        self.last = torch.nn.Linear(sizes[-1], 3)

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.last(x)


net = Net()
lr = 0.01  # healthy
# faulty: lr = 1.0
opt = torch.optim.SGD(net.parameters(), lr=lr)
for epoch in range(1, 61):
    losses = []
    for i in torch.randperm(700).split(32):
        loss = F.cross_entropy(net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    with torch.no_grad():
        acc = (net(X[700:]).argmax(1) == y[700:]).float().mean().item()
    if epoch % 6 == 0:
        print("epoch", epoch, "loss %.4f" % (sum(losses) / len(losses)), "val_acc %.4f" % acc)
