# batch: sixth
# metric: episode accuracy up
"""Prototypical network: classify by the nearest class mean, new classes in each episode."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(68)
warp = torch.randn(16, 24) / 4
net = nn.Sequential(
    nn.Linear(24, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 16),
)


def episode(way=5, shot=3, query=6):
    centre = torch.randn(way, 1, 16)
    z = centre + 0.6 * torch.randn(way, shot + query, 16)
    x = torch.tanh(z @ warp) + 0.05 * torch.randn(way, shot + query, 24)
    return x[:, :shot], x[:, shot:]


def run(support, query):
    way, shot, _ = support.shape
    out = net(torch.cat([support.flatten(0, 1), query.flatten(0, 1)]))
    proto = out[: way * shot].view(way, shot, -1).mean(1)
    logits = -(torch.cdist(out[way * shot :], proto) ** 2)
    y = torch.arange(way).repeat_interleave(query.shape[1])
    return F.cross_entropy(logits, y), (logits.argmax(1) == y).float().mean()


opt = torch.optim.Adam(net.parameters(), lr=1e-3)
history = []
for ep in range(400):
    loss, acc = run(*episode())
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append(acc.item())
    if ep % 100 == 99:
        print("episode", ep + 1, "loss", round(loss.item(), 4))
print("episode accuracy", sum(history[-100:]) / 100)
