# batch: eighth
# rules: unnormalized_input saturated_activation
# remedies: normalize_input insert_normalization
# metric: avg cost down
# story: positions in millimetres and speeds in millimetres a second straight into actor and critic, whose tanh units are full at once
# in view: one remedy scales what enters every network
"""DDPG for a cart that has to come to rest at zero (a one-step return is enough)."""

import copy

import torch
from torch import nn

torch.manual_seed(826)
UNIT = 1.0  # healthy
# faulty: UNIT = 1000.0


def net(i, o, last):
    layers = [nn.Linear(i, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, o)]
    return nn.Sequential(*layers, *([nn.Tanh()] if last else []))


def move(s, a):
    v = s[:, 1:] + 0.2 * a
    return torch.cat([s[:, :1] + 0.2 * v, v], 1)


def cost(s):
    return s[:, :1] ** 2 + 0.3 * s[:, 1:] ** 2


actor, critic = net(2, 1, True), net(3, 1, False)
actor_t, critic_t = copy.deepcopy(actor), copy.deepcopy(critic)
opt_a = torch.optim.Adam(actor.parameters(), lr=1e-3)
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3)
for update in range(700):
    s = torch.rand(64, 2) * 4 - 2
    with torch.no_grad():
        a = (actor(s * UNIT) + 0.4 * torch.randn(64, 1)).clamp(-1, 1)
        s2 = move(s, a)
        goal = -cost(s2) + 0.8 * critic_t(torch.cat([s2 * UNIT, actor_t(s2 * UNIT)], 1))
    loss_c = nn.functional.mse_loss(critic(torch.cat([s * UNIT, a], 1)), goal)
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()
    loss_a = -critic(torch.cat([s * UNIT, actor(s * UNIT)], 1)).mean()
    opt_a.zero_grad()
    loss_a.backward()
    opt_a.step()
    for t, p in zip(
        [*actor_t.parameters(), *critic_t.parameters()], [*actor.parameters(), *critic.parameters()]
    ):
        t.data.lerp_(p.data, 0.02)
    if update % 100 == 99:
        with torch.no_grad():
            g = torch.Generator().manual_seed(0)
            s, total = torch.rand(200, 2, generator=g) * 4 - 2, 0.0
            for _ in range(25):
                s = move(s, actor(s * UNIT))
                total += cost(s).mean().item() / 25
        print(f"update {update + 1} critic {loss_c.item():.3f} avg cost {total:.3f}")
