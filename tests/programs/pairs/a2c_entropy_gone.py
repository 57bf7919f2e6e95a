# batch: seventh
# rules: learning_rate_too_high
# remedies: lower_learning_rate clip_gradients
# metric: return up
# story: a rate of 1 makes the policy certain of one action in the first updates
"""Advantage actor-critic on a contextual choice with delayed reward."""

import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(13)
ENVS, HORIZON = 32, 8


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.pi, self.v = nn.Linear(64, 4), nn.Linear(64, 1)

    def forward(self, s):
        h = self.body(s)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


W = torch.randn(6, 4)
model = ActorCritic()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)  # healthy
# faulty: opt = torch.optim.Adam(model.parameters(), lr=1.0)
state = torch.randn(ENVS, 6)
for update in range(250):
    logps, values, rewards, ents = [], [], [], []
    for t in range(HORIZON):
        dist, value = model(state)
        action = dist.sample()
        best = (state @ W).argmax(1)
        reward = (action == best).float() - 0.25
        state = 0.6 * state + 0.8 * torch.randn(ENVS, 6) + 0.1 * action[:, None]
        logps.append(dist.log_prob(action))
        values.append(value)
        rewards.append(reward)
        ents.append(dist.entropy())
    with torch.no_grad():
        R = model(state)[1]
    returns = []
    for r in reversed(rewards):
        R = r + 0.7 * R
        returns.append(R)
    returns = torch.stack(returns[::-1])
    values, logps = torch.stack(values), torch.stack(logps)
    adv = returns - values
    loss = -(logps * adv.detach()).mean() + 0.5 * adv.square().mean()
    loss = loss - 0.01 * torch.stack(ents).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if update % 50 == 49:
        print(
            f"update {update + 1} loss {loss.item():.4f} return {torch.stack(rewards).mean():.4f}"
        )
