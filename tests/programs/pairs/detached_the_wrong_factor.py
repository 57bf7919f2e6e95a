# batch: ninth
# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: mean return up
# story: actor-critic: detach() stands at the log probability, where the advantage should have it; the actor's loss reaches the critic alone
"""Advantage actor-critic in a windy corridor."""

import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(923)
N, GOAL, LIMIT = 16, 9, 20


def reset():
    return torch.randint(0, 3, (N,)), torch.zeros(N)


def features(s):
    return torch.nn.functional.one_hot(s, GOAL + 1).float()


actor = nn.Sequential(nn.Linear(GOAL + 1, 32), nn.Tanh(), nn.Linear(32, 3))
critic = nn.Sequential(nn.Linear(GOAL + 1, 32), nn.Tanh(), nn.Linear(32, 1))
opt_a = torch.optim.Adam(actor.parameters(), lr=5e-3)
opt_c = torch.optim.Adam(critic.parameters(), lr=1e-2)
state, score = reset()
age = torch.zeros(N)
finished = []
for update in range(1, 401):
    logs, values, rewards, ends, ents = [], [], [], [], []
    for _ in range(8):
        pi = Categorical(logits=actor(features(state)))
        a = pi.sample()
        wind = (torch.rand(N) < 0.15).long()
        new = (state + a - 1 - wind).clamp(0, GOAL)
        r = torch.where(new == GOAL, 1.0, -0.02)
        age += 1
        done = (new == GOAL) | (age >= LIMIT)
        logs.append(pi.log_prob(a))
        ents.append(pi.entropy())
        values.append(critic(features(state)).squeeze(-1))
        rewards.append(r)
        ends.append(done.float())
        score += r
        for i in done.nonzero().flatten().tolist():
            finished.append(score[i].item())
            new[i], score[i], age[i] = torch.randint(0, 3, (1,)).item(), 0.0, 0
        state = new
    with torch.no_grad():
        ret = critic(features(state)).squeeze(-1)
    targets = []
    for r, d in zip(reversed(rewards), reversed(ends)):
        ret = r + 0.95 * (1 - d) * ret
        targets.insert(0, ret)
    advantage = torch.stack(targets) - torch.stack(values)
    policy_loss = -(torch.stack(logs) * advantage.detach()).mean()  # healthy
    # faulty: policy_loss = -(torch.stack(logs).detach() * advantage).mean()
    value_loss = advantage.pow(2).mean()
    opt_a.zero_grad()
    opt_c.zero_grad()
    (policy_loss + 0.5 * value_loss).backward()
    opt_a.step()
    opt_c.step()
    if update % 50 == 0:
        recent = finished[-60:]
        print(f"update {update} mean return {sum(recent) / max(1, len(recent)):.3f}")
