# rules: unsuitable_output_activation
# remedies: remove_output_activation
# metric: explained variance up
# story: the critic got the actor's last layer, a tanh, but returns run to minus twenty
"""Policy evaluation: a critic learns the returns of a fixed policy by TD(0)."""

import copy

import torch
from torch import nn

torch.manual_seed(12)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(3, 64)
        self.l2 = nn.Linear(64, 64)
        self.l3 = nn.Linear(64, 1)

    def forward(self, s):
        h = nn.functional.elu(self.l1(s))
        h = nn.functional.elu(self.l2(h))
        return self.l3(h).squeeze(-1)  # healthy
        # faulty: return torch.tanh(self.l3(h)).squeeze(-1)


def step(angle, speed):
    torque = -0.8 * angle - 0.2 * speed
    speed = (speed + 0.15 * torch.sin(angle) + 0.1 * torque).clamp(-2, 2)
    angle = angle + 0.3 * speed
    return angle, speed, -(angle**2 + 0.1 * speed**2)


def observe(angle, speed):
    return torch.stack([angle.cos(), angle.sin(), speed], -1)


def start(n):
    return (torch.rand(n) * 2 - 1) * 3, (torch.rand(n) * 2 - 1)


critic = Critic()
target = copy.deepcopy(critic).requires_grad_(False)
opt = torch.optim.Adam(critic.parameters(), lr=2e-3)
for it in range(500):
    angle, speed = start(128)
    after, after_speed, reward = step(angle, speed)
    with torch.no_grad():
        goal = reward + 0.9 * target(observe(after, after_speed))
    loss = nn.functional.mse_loss(critic(observe(angle, speed)), goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, q in zip(target.parameters(), critic.parameters()):
            p.lerp_(q, 0.05)
    if it % 100 == 99:
        print(f"iteration {it + 1}: td loss {loss.item():.4f}")
with torch.no_grad():
    angle, speed = start(500)
    value, ret, discount = critic(observe(angle, speed)), torch.zeros(500), 1.0
    for _ in range(60):
        angle, speed, reward = step(angle, speed)
        ret, discount = ret + discount * reward, discount * 0.9
    explained = 1 - (ret - value).var() / ret.var()
print(f"explained variance {explained.item():.4f}")
