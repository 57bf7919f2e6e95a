# batch: sixth
# metric: auroc up
"""Deep one-class classification: no biases, distance to a fixed centre, small weight decay."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

torch.manual_seed(80)
d = load_digits()
X = torch.tensor(d.images).float().unsqueeze(1) / 16
normal = torch.tensor(d.target == 0)
train = X[normal][:130]
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, bias=False),
    nn.LeakyReLU(0.1),
    nn.Conv2d(8, 16, 3, bias=False),
    nn.LeakyReLU(0.1),
    nn.Flatten(),
    nn.Linear(256, 16, bias=False),
)
with torch.no_grad():
    c = net(train).mean(0)
    c[c.abs() < 0.05] = 0.05
opt = torch.optim.Adam(net.parameters(), lr=3e-4, weight_decay=1e-5)
for epoch in range(40):
    for rows in torch.randperm(130).split(26):
        loss = ((net(train[rows]) - c) ** 2).sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "distance", loss.item())
with torch.no_grad():
    rest = torch.cat([X[normal][130:], X[~normal]])
    score = ((net(rest) - c) ** 2).sum(1)
truth = [0] * len(X[normal][130:]) + [1] * int((~normal).sum())
print("auroc", roc_auc_score(truth, score.numpy()))
