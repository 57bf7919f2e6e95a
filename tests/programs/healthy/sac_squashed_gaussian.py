# batch: third
# metric: eval return up
"""Soft actor-critic: tanh-squashed Gaussian, twin critics, learnt temperature, log_std clamped."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(4)


def mlp(i, o):
    return nn.Sequential(
        nn.Linear(i, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, o)
    )


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp(2, 2)

    def forward(self, s):
        mu, log_std = self.net(s).chunk(2, 1)
        std = log_std.clamp(-5, 2).exp()
        u = mu + std * torch.randn_like(mu)
        logp = (-0.5 * ((u - mu) / std) ** 2 - std.log() - 0.919).sum(1, keepdim=True)
        logp = logp - (2 * (0.6931 - u - F.softplus(-2 * u))).sum(1, keepdim=True)
        return torch.tanh(u), logp, torch.tanh(mu)


def env(s, a):
    v = (0.9 * s[:, 1:] + 0.3 * a).clamp(-1, 1)
    x = (s[:, :1] + 0.3 * v).clamp(-2, 2)
    return torch.cat([x, v], 1), -(x**2) - 0.05 * a**2


actor, q1, q2 = Actor(), mlp(3, 1), mlp(3, 1)
t1, t2 = copy.deepcopy(q1).requires_grad_(False), copy.deepcopy(q2).requires_grad_(False)
log_alpha = torch.zeros(1, requires_grad=True)
oa, oq = (
    torch.optim.Adam(actor.parameters(), lr=2e-3),
    torch.optim.Adam([*q1.parameters(), *q2.parameters()], lr=2e-3),
)
ol = torch.optim.Adam([log_alpha], lr=5e-3)
S, A, R, N = [], [], [], []
s = torch.rand(32, 2) * 2 - 1
for it in range(300):
    with torch.no_grad():
        a = actor(s)[0] if it > 15 else torch.rand(32, 1) * 2 - 1
    n, r = env(s, a)
    S.append(s), A.append(a), R.append(r), N.append(n)
    s = n if it % 25 else torch.rand(32, 2) * 2 - 1
    if it < 10:
        continue
    pick = torch.randint(len(S), (4,)).tolist()
    bs, ba, br, bn = (torch.cat([buf[i] for i in pick]) for buf in (S, A, R, N))
    with torch.no_grad():
        na, nlp, _ = actor(bn)
        sa = torch.cat([bn, na], 1)
        goal = br + 0.95 * (torch.min(t1(sa), t2(sa)) - log_alpha.exp() * nlp)
    sa = torch.cat([bs, ba], 1)
    lq = F.mse_loss(q1(sa), goal) + F.mse_loss(q2(sa), goal)
    oq.zero_grad()
    lq.backward()
    oq.step()
    pa, lp, _ = actor(bs)
    sa = torch.cat([bs, pa], 1)
    la = (log_alpha.exp().detach() * lp - torch.min(q1(sa), q2(sa))).mean()
    oa.zero_grad()
    la.backward()
    oa.step()
    lt = -(log_alpha.exp() * (lp.detach() - 1.0)).mean()
    ol.zero_grad()
    lt.backward()
    ol.step()
    for q, t in ((q1, t1), (q2, t2)):
        for p, w in zip(q.parameters(), t.parameters()):
            w.data.lerp_(p.data, 0.02)
with torch.no_grad():
    s, total = torch.tensor([[1.5, 0.0], [-1.0, 0.5], [0.6, -0.9]]), 0.0
    for _ in range(30):
        s, r = env(s, actor(s)[2])
        total += r.mean().item()
print(f"critic {lq.item():.4f} alpha {log_alpha.exp().item():.3f} eval return {total:.3f}")
