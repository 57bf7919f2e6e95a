# batch: eighth
# metric: greedy gap down
"""Categorical DQN: a distribution of returns over 31 atoms, projected."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(850)
N, GAMMA, ATOMS = 10, 0.8, torch.linspace(-1, 4, 31)
DZ = (ATOMS[1] - ATOMS[0]).item()
nxt = torch.stack([(torch.arange(N) - 1) % N, (torch.arange(N) + 1) % N], 1)
net = nn.Sequential(nn.Linear(N, 64), nn.ReLU(), nn.Linear(64, 2 * 31))
old = copy.deepcopy(net)
opt = torch.optim.Adam(net.parameters(), lr=2e-3, eps=1.5e-4)
true = torch.zeros(N, 2)
for _ in range(100):
    true = (nxt == 0).float() + GAMMA * true.max(1).values[nxt]


def dist(model, s):
    return model(F.one_hot(s, N).float()).view(-1, 2, 31).log_softmax(-1)


for step in range(600):
    s, a = torch.randint(0, N, (64,)), torch.randint(0, 2, (64,))
    s2 = nxt[s, a]
    with torch.no_grad():
        p2 = dist(old, s2).exp()
        best = (p2 * ATOMS).sum(-1).argmax(1)
        p2 = p2[torch.arange(64), best]
        tz = ((s2 == 0).float()[:, None] + GAMMA * ATOMS).clamp(-1, 4)
        b = ((tz + 1) / DZ).clamp(0, 30)
        lo, hi = b.floor().long(), b.ceil().long()
        hi = torch.where(hi == lo, (lo + 1).clamp(max=30), hi)
        lo = torch.where(hi == lo, lo - 1, lo)
        m = torch.zeros(64, 31)
        m.scatter_add_(1, lo, p2 * (hi.float() - b)).scatter_add_(1, hi, p2 * (b - lo.float()))
    loss = -(m * dist(net, s)[torch.arange(64), a]).sum(1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        old.load_state_dict(net.state_dict())
    if step % 100 == 99:
        with torch.no_grad():
            q = (dist(net, torch.arange(N)).exp() * ATOMS).sum(-1)
        print("step", step + 1, "loss", loss.item(), "greedy gap", (q - true).abs().mean().item())
