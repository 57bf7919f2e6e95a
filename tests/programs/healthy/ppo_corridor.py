# metric: mean reward up
"""PPO with clipped objective, value head and entropy bonus: follow a moving target on a line."""

import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(0)
N, T = 16, 32


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(
            nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
        )
        self.actor = nn.Sequential(
            nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
        )
        nn.init.orthogonal_(self.actor[-1].weight, 0.01)
        nn.init.zeros_(self.actor[-1].bias)
        self.log_std = nn.Parameter(torch.zeros(1))

    def pi(self, s):
        return Normal(self.actor(s), self.log_std.exp())

    def value(self, s):
        return self.critic(s).squeeze(-1)


agent = Agent()
opt = torch.optim.Adam(agent.parameters(), lr=3e-3, eps=1e-5)
pos, goal = torch.zeros(N), torch.randn(N)
for update in range(25):
    S, A, LP, R, V = [], [], [], [], []
    for t in range(T):
        s = torch.stack([pos, goal], 1)
        with torch.no_grad():
            dist = agent.pi(s)
            a = dist.sample()
            S.append(s), A.append(a), LP.append(dist.log_prob(a).sum(1)), V.append(agent.value(s))
        pos = (pos + 0.5 * a.squeeze(1).clamp(-1, 1)).clamp(-3, 3)
        goal = (goal + 0.1 * torch.randn(N)).clamp(-2, 2)
        R.append(-(pos - goal).abs())
    ret, adv, g = [], [], agent.value(torch.stack([pos, goal], 1)).detach()
    for r in reversed(R):
        g = r + 0.9 * g
        ret.insert(0, g)
    s, a, lp, ret, v = torch.cat(S), torch.cat(A), torch.cat(LP), torch.cat(ret), torch.cat(V)
    adv = ret - v
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(3):
        for b in torch.randperm(N * T).split(128):
            dist = agent.pi(s[b])
            ratio = (dist.log_prob(a[b]).sum(1) - lp[b]).exp()
            policy = -torch.min(ratio * adv[b], ratio.clamp(0.8, 1.2) * adv[b]).mean()
            value = 0.5 * (agent.value(s[b]) - ret[b]).pow(2).mean()
            loss = policy + 0.5 * value - 0.001 * dist.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            opt.step()
    if update % 5 == 4:
        print(
            f"update {update + 1} loss {loss.item():.4f} mean reward {torch.stack(R).mean().item():.4f}"
        )
