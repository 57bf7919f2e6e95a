# metric: final return up
"""TD3: a tanh actor, twin critics, targets, exploration noise."""

import copy

import torch
from torch import nn

torch.manual_seed(6)


def net(i, o, *last):
    return nn.Sequential(nn.Linear(i, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, o), *last)  # fmt: skip


actor, one, two = net(2, 1, nn.Tanh()), net(3, 1), net(3, 1)
frozen = [copy.deepcopy(m).requires_grad_(False) for m in (actor, one, two)]
opt_actor = torch.optim.Adam(actor.parameters(), lr=1e-3)
opt_critic = torch.optim.Adam([*one.parameters(), *two.parameters()], lr=1e-3)


def step(state, action):
    speed = (state[:, 1:] + 0.3 * action).clamp(-1, 1)
    place = (state[:, :1] + 0.3 * speed).clamp(-2, 2)
    return torch.cat([place, speed], 1), -(place**2 + 0.05 * action**2)


def evaluate():
    state, total = torch.tensor([[1.5, 0.0], [-1.0, 0.5], [0.5, -1.0]]), 0.0
    with torch.no_grad():
        for _ in range(25):
            state, reward = step(state, actor(state))
            total += reward.mean().item()
    return total


state = torch.rand(16, 2) * 2 - 1
memory = []
for it in range(400):
    with torch.no_grad():
        action = (actor(state) + 0.3 * torch.randn(16, 1)).clamp(-1, 1)
    after, reward = step(state, action)
    memory.append((state, action, reward, after))
    state = after if it % 20 else torch.rand(16, 2) * 2 - 1
    if len(memory) < 10:
        continue
    chosen = [memory[i] for i in torch.randint(len(memory), (6,))]
    s, a, r, t = (torch.cat(part) for part in zip(*chosen))
    with torch.no_grad():
        b = (frozen[0](t) + 0.1 * torch.randn_like(a).clamp(-0.3, 0.3)).clamp(-1, 1)
        tb = torch.cat([t, b], 1)
        goal = r + 0.95 * torch.min(frozen[1](tb), frozen[2](tb))
    sa = torch.cat([s, a], 1)
    critic_loss = nn.functional.mse_loss(one(sa), goal) + nn.functional.mse_loss(two(sa), goal)
    opt_critic.zero_grad()
    critic_loss.backward()
    opt_critic.step()
    if it % 2:
        actor_loss = -one(torch.cat([s, actor(s)], 1)).mean()
        opt_actor.zero_grad()
        actor_loss.backward()
        opt_actor.step()
        with torch.no_grad():
            for old, new in zip(frozen, (actor, one, two)):
                for p, q in zip(old.parameters(), new.parameters()):
                    p.lerp_(q, 0.02)
print(f"critic_loss {critic_loss.item():.4f} final return {evaluate():.3f}")
