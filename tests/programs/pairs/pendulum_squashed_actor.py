# batch: tenth
# rules: non_finite
# remedies: stabilize_loss
# metric: soft return up
# story: a soft actor's log-probability is corrected by log(1 - a^2) of the action after it was multiplied by its bound of two, not before (Actor-Critic-Methods-Paper-To-Code issue 7)
"""Entropy-regularised policy through known dynamics: hold a cart at a place."""

import torch
import torch.nn as nn
from torch.distributions import Normal

torch.manual_seed(1020)
MAX_ACTION, DT, HORIZON, ALPHA = 2.0, 0.1, 25, 0.02


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.mu, self.log_std = nn.Linear(64, 1), nn.Linear(64, 1)

    def sample(self, state):
        h = self.body(state)
        normal = Normal(self.mu(h), self.log_std(h).clamp(-5, 1).exp())
        raw = normal.rsample()
        squashed = torch.tanh(raw)
        action = squashed * MAX_ACTION
        log_prob = normal.log_prob(raw)
        log_prob = log_prob - torch.log(1 - squashed.pow(2) + 1e-6)  # healthy
        # faulty: log_prob = log_prob - torch.log(1 - action.pow(2) + 1e-6)
        return action, log_prob


def rollout(actor, n):
    place, speed, goal = torch.randn(n, 1), torch.zeros(n, 1), torch.randn(n, 1)
    total, entropy = 0.0, 0.0
    for _ in range(HORIZON):
        action, log_prob = actor.sample(torch.cat([place, speed, goal], 1))
        speed = 0.95 * speed + DT * 2 * action
        place = place + DT * speed
        total = total - (place - goal).pow(2) - 0.01 * action.pow(2)
        entropy = entropy - log_prob
    return total.mean(), entropy.mean()


actor = Actor()
optimizer = torch.optim.Adam(actor.parameters(), lr=2e-3)
for update in range(1, 201):
    reward, entropy = rollout(actor, 64)
    loss = -(reward + ALPHA * entropy)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(actor.parameters(), 10.0)
    optimizer.step()
    if update % 20 == 0:
        with torch.no_grad():
            reward, entropy = rollout(actor, 512)
        soft = (reward + ALPHA * entropy).item()
        print(f"update {update} loss {loss.item():.4f} soft return {soft:.4f}")
