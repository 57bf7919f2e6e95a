# batch: second
# metric: average reward up
"""DDPG with Ornstein-Uhlenbeck noise on a double integrator; LayerNorm, last layers drawn from U(-3e-3, 3e-3)."""

import copy
import random
from collections import deque

import torch
import torch.nn as nn

SEED = 5
torch.manual_seed(SEED)
random.seed(SEED)


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(2, 64), nn.Linear(64, 48), nn.Linear(48, 1)
        self.n1, self.n2 = nn.LayerNorm(64), nn.LayerNorm(48)
        nn.init.uniform_(self.l3.weight, -3e-3, 3e-3)
        nn.init.uniform_(self.l3.bias, -3e-3, 3e-3)

    def forward(self, s):
        x = torch.relu(self.n1(self.l1(s)))
        x = torch.relu(self.n2(self.l2(x)))
        return torch.tanh(self.l3(x))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(2, 64), nn.Linear(65, 48), nn.Linear(48, 1)
        nn.init.uniform_(self.l3.weight, -3e-3, 3e-3)

    def forward(self, s, a):
        x = self.l1(s).relu()
        return self.l3(self.l2(torch.cat([x, a], 1)).relu())


class OUNoise:
    def __init__(self, theta=0.15, sigma=0.3):
        self.theta, self.sigma, self.state = theta, sigma, torch.zeros(1, 1)

    def __call__(self):
        self.state = self.state - self.theta * self.state + self.sigma * torch.randn(1, 1)
        return self.state


def env_step(s, a):
    v = (s[:, 1:] + 0.2 * a).clamp(-1, 1)
    x = (s[:, :1] + 0.2 * v).clamp(-2, 2)
    return torch.cat([x, v], 1), -(x.pow(2) + 0.1 * v.pow(2) + 0.02 * a.pow(2))


@torch.no_grad()
def rollout(actor):
    s, total = torch.tensor([[1.5, 0.0], [-1.2, 0.3], [0.7, -0.8]]), 0.0
    for _ in range(40):
        s, r = env_step(s, actor(s))
        total += r.mean().item()
    return total / 40


actor, critic = Actor(), Critic()
actor_t, critic_t = copy.deepcopy(actor), copy.deepcopy(critic)
oa, oc = (
    torch.optim.Adam(actor.parameters(), 1e-3),
    torch.optim.Adam(critic.parameters(), 3e-3, weight_decay=1e-4),
)
memory, noise = deque(maxlen=5000), OUNoise()
s = torch.tensor([[1.0, 0.0]])
for t in range(900):
    with torch.no_grad():
        a = (actor(s) + noise()).clamp(-1, 1)
    s2, r = env_step(s, a)
    memory.append((s, a, r, s2))
    s = s2 if t % 30 else torch.rand(1, 2) * 2 - 1
    if t < 64:
        continue
    bs, ba, br, bn = (torch.cat(z) for z in zip(*random.sample(memory, 48)))
    with torch.no_grad():
        y = br + 0.95 * critic_t(bn, actor_t(bn))
    lc = nn.functional.mse_loss(critic(bs, ba), y)
    oc.zero_grad()
    lc.backward()
    oc.step()
    la = -critic(bs, actor(bs)).mean()
    oa.zero_grad()
    la.backward()
    oa.step()
    for net, target in ((actor, actor_t), (critic, critic_t)):
        for p, q in zip(net.parameters(), target.parameters()):
            q.data.mul_(0.99).add_(p.data, alpha=0.01)
    if t % 150 == 149:
        print(f"t={t + 1} critic {lc.item():.4f} average reward {rollout(actor):.4f}")
