# batch: second
# metric: mean task acc up
"""Five binary tasks one after the other, a shared trunk, a head each, replay and a little decay."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(18)
data = load_digits()
X = torch.tensor(data.data / 16, dtype=torch.float32)
Y = torch.tensor(data.target)
tasks = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
trunk = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU())
heads = nn.ModuleList([nn.Linear(48, 2) for _ in tasks])
memory = []


def subset(pair):
    keep = (Y == pair[0]) | (Y == pair[1])
    return X[keep], (Y[keep] == pair[1]).long()


def accuracy(t):
    x, y = subset(tasks[t])
    with torch.no_grad():
        return (heads[t](trunk(x[250:])).argmax(1) == y[250:]).float().mean().item()


for t, pair in enumerate(tasks):
    x, y = subset(pair)
    x, y = x[:250], y[:250]
    opt = torch.optim.SGD(
        [
            *trunk.parameters(),
            *heads[t].parameters(),
            *[p for k in range(t) for p in heads[k].parameters()],
        ],
        lr=0.1,
        momentum=0.9,
        weight_decay=1e-4,
    )
    for epoch in range(15):
        for pick in torch.randperm(len(x)).split(25):
            loss = nn.functional.cross_entropy(heads[t](trunk(x[pick])), y[pick])
            for k, mx, my in memory:
                j = torch.randint(len(mx), (10,))
                loss = loss + nn.functional.cross_entropy(heads[k](trunk(mx[j])), my[j]) / len(
                    memory
                )
            opt.zero_grad()
            loss.backward()
            opt.step()
    memory.append((t, x[:60], y[:60]))
    print(f"after task {t}: mean task acc {sum(accuracy(k) for k in range(t + 1)) / (t + 1):.4f}")
