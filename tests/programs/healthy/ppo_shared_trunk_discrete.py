# batch: seventh
# metric: mean return up
"""PPO with a shared trunk, GAE, value clipping and annealed rate: balance a pole on a cart."""

import math

import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(2)
E, T = 16, 64


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.actor, self.critic = nn.Linear(64, 2), nn.Linear(64, 1)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.orthogonal_(m.weight, math.sqrt(2))
                nn.init.zeros_(m.bias)
        nn.init.orthogonal_(self.actor.weight, 0.01)
        nn.init.orthogonal_(self.critic.weight, 1.0)

    def forward(self, s):
        h = self.trunk(s)
        return Categorical(logits=self.actor(h)), self.critic(h).squeeze(-1)


def physics(s, a):
    x, v, th, w = s.unbind(1)
    force = a.float() * 20 - 10
    tmp = (force + 0.05 * w**2 * th.sin()) / 1.1
    acc = (9.8 * th.sin() - th.cos() * tmp) / (0.5 * (4 / 3 - 0.1 * th.cos() ** 2 / 1.1))
    xa = tmp - 0.05 * acc * th.cos() / 1.1
    s = torch.stack([x + 0.02 * v, v + 0.02 * xa, th + 0.02 * w, w + 0.02 * acc], 1)
    return s, (s[:, 0].abs() > 2.4) | (s[:, 2].abs() > 0.21)


agent = Agent()
opt = torch.optim.Adam(agent.parameters(), lr=2.5e-3, eps=1e-5)
state, length, finished = 0.05 * torch.randn(E, 4), torch.zeros(E), []
UPDATES = 18
for update in range(UPDATES):
    opt.param_groups[0]["lr"] = 2.5e-3 * (1 - update / UPDATES)
    S, A, L, V, R, Dn = [], [], [], [], [], []
    for t in range(T):
        with torch.no_grad():
            dist, v = agent(state)
            a = dist.sample()
        S.append(state), A.append(a), L.append(dist.log_prob(a)), V.append(v)
        state, done = physics(state, a)
        length += 1
        finished += length[done].tolist()
        length[done] = 0
        state[done] = 0.05 * torch.randn(int(done.sum()), 4)
        R.append(torch.ones(E)), Dn.append(done.float())
    with torch.no_grad():
        nxt = agent(state)[1]
    adv, last = [], torch.zeros(E)
    for t in reversed(range(T)):
        delta = R[t] + 0.98 * nxt * (1 - Dn[t]) - V[t]
        last = delta + 0.98 * 0.95 * (1 - Dn[t]) * last
        adv.append(last)
        nxt = V[t]
    adv = torch.cat(adv[::-1])
    S, A, L, V = torch.cat(S), torch.cat(A), torch.cat(L), torch.cat(V)
    ret = adv + V
    for _ in range(4):
        for mb in torch.randperm(E * T).split(256):
            dist, v = agent(S[mb])
            ratio = (dist.log_prob(A[mb]) - L[mb]).exp()
            ad = (adv[mb] - adv[mb].mean()) / (adv[mb].std() + 1e-8)
            pg = torch.max(-ad * ratio, -ad * ratio.clamp(0.8, 1.2)).mean()
            clipped = V[mb] + (v - V[mb]).clamp(-0.2, 0.2)
            vf = 0.5 * torch.max((v - ret[mb]) ** 2, (clipped - ret[mb]) ** 2).mean()
            loss = pg + 0.5 * vf - 0.01 * dist.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            opt.step()
    if update % 6 == 5:
        print(f"update {update + 1} loss {loss.item():.4f} "
              f"mean return {sum(finished[-50:]) / max(1, len(finished[-50:])):.2f}")  # fmt: skip
