# batch: third
# metric: new accuracy up
"""Train, save, load into a fresh model, swap the head, fine-tune with discriminative rates down to 1e-6."""

import io

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(101)
D = load_digits()
X, Y = torch.tensor(D.data / 16 - 0.3, dtype=torch.float32), torch.tensor(D.target)


def body():
    return nn.Sequential(
        nn.Linear(64, 96),
        nn.BatchNorm1d(96),
        nn.ReLU(),
        nn.Linear(96, 48),
        nn.BatchNorm1d(48),
        nn.ReLU(),
    )


def loop(model, opt, x, y, epochs):
    for _ in range(epochs):
        model.train()
        for i in torch.randperm(len(x)).split(40):
            loss = nn.functional.cross_entropy(model(x[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return loss.item()


old = Y < 7
first = nn.Sequential(body(), nn.Linear(48, 7))
loop(first, torch.optim.Adam(first.parameters(), lr=3e-3), X[old], Y[old], 6)
checkpoint = io.BytesIO()
torch.save(first[0].state_dict(), checkpoint)
checkpoint.seek(0)

trunk = body()
trunk.load_state_dict(torch.load(checkpoint))
second = nn.Sequential(trunk, nn.Linear(48, 3))
new, tn = X[~old], Y[~old] - 7
groups = [
    {"params": second[0][:3].parameters(), "lr": 1e-6},
    {"params": second[0][3:].parameters(), "lr": 1e-5},
    {"params": second[1].parameters(), "lr": 3e-3},
]
last = loop(second, torch.optim.Adam(groups), new[:400], tn[:400], 12)
second.eval()
with torch.no_grad():
    print(
        f"loss {last:.4f} new accuracy {(second(new[400:]).argmax(1) == tn[400:]).float().mean().item():.4f}"
    )
