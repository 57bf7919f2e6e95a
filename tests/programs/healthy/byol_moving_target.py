# metric: probe accuracy up
"""BYOL: a target network that moves as a mean, a predictor, no negatives."""

import copy

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(5)
x, y = load_digits(return_X_y=True)
x, y = torch.tensor(x / 16).float(), torch.tensor(y)


def mlp(i, h, o):
    return nn.Sequential(nn.Linear(i, h), nn.BatchNorm1d(h), nn.ReLU(), nn.Linear(h, o))


online = nn.Sequential(mlp(64, 128, 64), mlp(64, 64, 32))
predictor = mlp(32, 64, 32)
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad = False
opt = torch.optim.Adam([*online.parameters(), *predictor.parameters()], lr=1e-3)


def view(rows):
    return rows * (torch.rand_like(rows) > 0.2) + 0.1 * torch.randn_like(rows)


for step in range(200):
    rows = x[torch.randint(1400, (128,))]
    a, b = view(rows), view(rows)
    with torch.no_grad():
        ta, tb = target(a), target(b)
    loss = 4 - 2 * (
        F.cosine_similarity(predictor(online(a)), tb).mean()
        + F.cosine_similarity(predictor(online(b)), ta).mean()
    )
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, q in zip(target.parameters(), online.parameters()):
            p.mul_(0.98).add_(q, alpha=0.02)
online.eval()
with torch.no_grad():
    codes = F.normalize(online[0](x))
    near = (codes[1400:] @ codes[:1400].T).topk(5).indices
    accuracy = (y[:1400][near].mode().values == y[1400:]).float().mean()
print(f"loss {loss.item():.4f} probe accuracy {accuracy:.4f}")
