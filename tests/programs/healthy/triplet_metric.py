# metric: recall up
"""Metric learning with triplets; the loss goes to zero and stays there."""

import torch
from sklearn.datasets import make_blobs
from torch import nn

torch.manual_seed(0)
X, y = make_blobs(800, 20, centers=6, cluster_std=4.0, random_state=0)
X, y = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(20, 32), nn.PReLU(), nn.Linear(32, 8))
criterion = nn.TripletMarginLoss(margin=0.5)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
by_class = [torch.where(y[:600] == c)[0] for c in range(6)]
for it in range(300):
    c = torch.randint(0, 6, (32,)).tolist()
    o = [(k + 1 + torch.randint(0, 5, ()).item()) % 6 for k in c]
    pick = lambda k: by_class[k][torch.randint(0, len(by_class[k]), ())].item()  # noqa: E731
    a, p, n = ([pick(k) for k in z] for z in (c, c, o))
    loss = criterion(net(X[a]), net(X[p]), net(X[n]))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 60 == 0:
        print("it", it, "triplet loss", loss.item())
with torch.no_grad():
    e = net(X)
    hit = y[:600][torch.cdist(e[600:], e[:600]).argmin(1)] == y[600:]
print("recall", hit.float().mean().item())
