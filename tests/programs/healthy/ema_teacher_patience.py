# batch: seventh
# metric: ema acc up
"""Averaged weights (AveragedModel), early stopping on them, and the best state restored."""

import copy

import torch
from sklearn.datasets import make_moons
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(5)
X, y = make_moons(1500, noise=0.2, random_state=5)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 2))
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.98))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
best, kept, bad = 0.0, None, 0
for epoch in range(40):
    for i in torch.randperm(1000).split(40):
        loss = nn.functional.cross_entropy(net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema.update_parameters(net)
    with torch.no_grad():
        acc = (ema(X[1000:1250]).argmax(1) == y[1000:1250]).float().mean().item()
    if acc > best:
        best, kept, bad = acc, copy.deepcopy(ema.module.state_dict()), 0
    else:
        bad += 1
    print(f"epoch {epoch} loss {loss.item():.4f} valid {acc:.4f}")
    if bad == 10:
        break
net.load_state_dict(kept)
with torch.no_grad():
    print(f"ema acc {(net(X[1250:]).argmax(1) == y[1250:]).float().mean().item():.4f}")
