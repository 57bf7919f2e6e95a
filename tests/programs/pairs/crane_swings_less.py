# batch: fourteenth
# rules: non_finite
# remedies: stabilize_loss swap_activation
# metric: return up
# story: the spread of a policy came straight from a linear layer, fell below nought and made the logarithm of the density nan (github.com/sweetice/Deep-reinforcement-learning-with-pytorch/issues/35)
"""A crane's trolley learns to stop where it should: an actor and a critic, clipped ratios."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 64)
        self.fc2 = nn.Linear(64, 64)
        self.mu_head = nn.Linear(64, 1)
        self.sigma_head = nn.Linear(64, 1)
        nn.init.constant_(self.sigma_head.bias, 0.6)

    def forward(self, x):
        x = F.leaky_relu(self.fc1(x))
        x = F.leaky_relu(self.fc2(x))
        return self.mu_head(x), F.softplus(self.sigma_head(x)) + 0.05  # healthy
        # faulty: return self.mu_head(x), self.sigma_head(x)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 64), nn.LeakyReLU(), nn.Linear(64, 1))

    def forward(self, x):
        return self.net(x)


def log_density(a, mu, sigma):
    return -((a - mu) ** 2) / (2 * sigma**2) - torch.log(sigma) - 0.5 * math.log(2 * math.pi)


def rollout(actor, n=64, length=30):
    x, v = torch.rand(n, 1) * 2 - 1, torch.zeros(n, 1)
    states, actions, logps, rewards = [], [], [], []
    for t in range(length):
        s = torch.cat([x, v, torch.full_like(x, t / length)], 1)
        with torch.no_grad():
            mu, sigma = actor(s)
            a = mu + sigma * torch.randn_like(mu)
            logps.append(log_density(a, mu, sigma))
        v = 0.9 * v + 0.2 * a.clamp(-2, 2)
        x = x + 0.2 * v
        states.append(s)
        actions.append(a)
        rewards.append(-(x**2) - 0.05 * v**2)
    returns, acc = [], torch.zeros(n, 1)
    for r in reversed(rewards):
        acc = r + 0.95 * acc
        returns.insert(0, acc)
    cat = [torch.cat(part) for part in (states, actions, logps, returns)]
    return *cat, torch.stack(rewards).sum(0).mean().item()


torch.manual_seed(1407)
actor, critic = Actor(), Critic()
opt_a = torch.optim.Adam(actor.parameters(), 1e-3)
opt_c = torch.optim.Adam(critic.parameters(), 3e-3)
for iteration in range(1, 61):
    s, a, old, ret, total = rollout(actor)
    for _ in range(8):
        value = critic(s)
        adv = (ret - value).detach()
        adv = (adv - adv.mean()) / (adv.std() + 1e-6)
        mu, sigma = actor(s)
        ratio = torch.exp(log_density(a, mu, sigma) - old)
        loss_a = -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
        opt_a.zero_grad()
        loss_a.backward()
        opt_a.step()
        loss_c = F.smooth_l1_loss(value, ret)
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
    if iteration % 10 == 0:
        print(f"iter {iteration:3d}  critic {loss_c.item():.4f}  return {total:.3f}")
