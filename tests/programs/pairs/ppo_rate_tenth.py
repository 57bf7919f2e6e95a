# batch: third
# rules: learning_rate_too_high saturated_activation dying_relu
# remedies: lower_learning_rate
# metric: mean reward up
# story: lr 3e-4 became 0.3 in a sweep file
"""PPO, continuous actions: push a point to the origin."""

import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(8)
LR = 3e-3  # healthy
# faulty: LR = 0.3


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor = nn.Sequential(
            nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2)
        )
        self.critic = nn.Sequential(
            nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
        )
        self.log_std = nn.Parameter(torch.zeros(2) - 0.5)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.orthogonal_(m.weight, 2**0.5)
                nn.init.zeros_(m.bias)
        nn.init.orthogonal_(self.actor[-1].weight, 0.01)

    def pi(self, s):
        return Normal(self.actor(s), self.log_std.exp())


def reset(n):
    return torch.cat([torch.rand(n, 2) * 2 - 1, torch.zeros(n, 2)], 1)


def env(s, a):
    v = 0.8 * s[:, 2:] + 0.2 * a.clamp(-1, 1)
    x = (s[:, :2] + 0.3 * v).clamp(-2, 2)
    return torch.cat([x, v], 1), -x.norm(dim=1)


agent = Agent()
opt = torch.optim.Adam(agent.parameters(), lr=LR, eps=1e-5)
for update in range(35):
    s = reset(32)
    S, A, R, LP, V = [], [], [], [], []
    with torch.no_grad():
        for _ in range(16):
            d = agent.pi(s)
            a = d.sample()
            S.append(s)
            A.append(a)
            LP.append(d.log_prob(a).sum(1))
            V.append(agent.critic(s).squeeze(1))
            s, r = env(s, a)
            R.append(r)
        nxt = agent.critic(s).squeeze(1)
        adv, gae = [], 0
        for t in reversed(range(16)):
            delta = R[t] + 0.95 * (V[t + 1] if t < 15 else nxt) - V[t]
            gae = delta + 0.95 * 0.9 * gae
            adv.insert(0, gae)
    S, A, LP, ADV, V = torch.cat(S), torch.cat(A), torch.cat(LP), torch.cat(adv), torch.cat(V)
    ret = ADV + V
    for _ in range(4):
        for idx in torch.randperm(len(S)).split(128):
            d = agent.pi(S[idx])
            ratio = (d.log_prob(A[idx]).sum(1) - LP[idx]).exp()
            ad = (ADV[idx] - ADV[idx].mean()) / (ADV[idx].std() + 1e-8)
            pg = -torch.min(ratio * ad, ratio.clamp(0.8, 1.2) * ad).mean()
            vf = (agent.critic(S[idx]).squeeze(1) - ret[idx]).pow(2).mean()
            loss = pg + 0.5 * vf - 0.001 * d.entropy().sum(1).mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            opt.step()
    if update % 7 == 6:
        with torch.no_grad():
            s, total = reset(200), 0.0
            for _ in range(16):
                s, r = env(s, agent.actor(s))
                total += r.mean().item() / 16
        print(f"update {update + 1} value loss {vf.item():.3f} mean reward {total:.3f}")
